// The client over real connections. With BASE_URL the first part talks to that service instead, which has to echo on ROUTE
// (/ws/echo by default), and to be in the mode MODE (sync by default).
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, afterEach, before, test } from "node:test";
import { WebSocket } from "ws";
import { Service } from "../lib/service.js";
import { record } from "../lib/fake.js";
import { Socket } from "../../templates/project/client/socket.js";

const { BASE_URL, ROUTE = "/ws/echo", MODE = BASE_URL ? "sync" : "async" } = process.env;

class EchoSocket extends Socket {
  static consumer = "echo";
  static mode = MODE;
  static routes = [{ path: ROUTE, params: {} }, { path: "/ws/no-such-path", params: { none: "str" } }];
}

/** The next event of that type. */
const next = async (socket, type) => (await once(socket, type))[0];

let url;
let service;
before(async () => {
  service = BASE_URL ? null : await Service.start();
  url = BASE_URL ?? service.url;
});
after(() => service?.stop());

/** Of one test; a failed one has not closed them. @type {Socket[]} */
const sockets = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A socket whose WebSocket sends an Origin, as a page does. */
function connect(options = {}, params = {}, to = url) {
  const socket = new EchoSocket(params, {
    url: to,
    WebSocket: (address, offers) => new WebSocket(address, offers, { origin: new URL(to).origin }),
    backoff: () => 0,
    ...options,
  });
  socket.binaryType = "arraybuffer";
  sockets.push(socket);
  return socket;
}

async function closed(socket, code) {
  const event = next(socket, "close");
  socket.close(code);
  return event;
}

test("text and binary come back as they went, in order", async () => {
  const socket = connect();
  await next(socket, "open");
  const messages = ["", "hello", "ünï\u0000cödé 🎈", "c{}", "x".repeat(60_000), new Uint8Array(0), Uint8Array.from({ length: 256 }, (_, i) => i)];
  for (const message of messages) {
    const back = next(socket, "message");
    assert.equal(socket.send(message), "sent");
    const { data } = await back;
    assert.deepEqual(typeof data === "string" ? data : new Uint8Array(data), message);
  }
  assert.equal((await closed(socket, 1000)).code, 1000);
});

test("a Blob goes as bytes", async () => {
  const socket = connect();
  await next(socket, "open");
  const back = next(socket, "message");
  socket.send(new Blob(["blob"]));
  assert.deepEqual(Buffer.from((await back).data).toString(), "blob");
  await closed(socket);
});

test("what is sent before the connection is open arrives, in order", async () => {
  const socket = connect();
  const received = [];
  const all = new Promise((resolve) => {
    socket.onmessage = ({ data }) => received.push(data) === 20 && resolve();
  });
  const sent = Array.from({ length: 20 }, (_, i) => `${i}`);
  for (const message of sent) socket.send(message);
  await all;
  assert.deepEqual(MODE === "sync" ? received : received.sort((a, b) => a - b), sent);
  await closed(socket);
});

test("requests", async () => {
  const socket = connect();
  await next(socket, "open");
  if (MODE === "sync") {
    await assert.rejects(socket.request({}), TypeError);
  } else {
    assert.deepEqual(await Promise.all([socket.request({ q: [1] }), socket.request("text")]), [{ q: [1] }, "text"]);
  }
  await closed(socket);
});

test("closing: the codes a page may use, and none", async () => {
  for (const [code, want] of [[undefined, 1005], [1000, 1000], [3000, 3000], [4999, 4999]]) {
    const socket = connect();
    await next(socket, "open");
    const event = await closed(socket, code);
    assert.deepEqual([event.code, event.wasClean, event.willReconnect, socket.readyState], [want, true, false, 3]);
  }
});

test("a path that does not exist is told as an error, and tried again", async (t) => {
  t.mock.method(console, "warn", () => {});
  const stop = BASE_URL ? null : await Service.start();
  stop?.wss.close();
  stop?.server.on("upgrade", (_, socket) => socket.end("HTTP/1.1 404 Not Found\r\n\r\n"));
  const socket = connect({}, { none: "x" }, stop?.url);
  const error = await next(socket, "error");
  assert.match(error.message, /404/);
  const { code, willReconnect } = await next(socket, "close");
  assert.deepEqual([code, willReconnect], [1006, true]);
  await closed(socket);
  await stop?.stop();
});

// From here on the service misbehaves, or says what only a test can make it say.

/** A test that only the service of the tests can pass. */
const faulty = BASE_URL ? () => {} : test;

async function withService(behaviour, run) {
  const service = await Service.start(behaviour);
  try {
    await run(service);
  } finally {
    await service.stop();
  }
}

faulty("a connection that is cut comes back, and what was sent meanwhile arrives", () =>
  withService({}, async (service) => {
    const socket = connect({}, {}, service.url);
    const events = record(socket);
    await next(socket, "open");
    socket.send("before");
    await next(socket, "message");
    const lost = next(socket, "close");
    service.connections[0].cut();
    assert.equal((await lost).willReconnect, true);
    assert.equal(socket.send("meanwhile"), "queued");
    await next(socket, "message");
    assert.deepEqual(events, ["open", "message before", "close 1006 again", "open", "message meanwhile"]);
    const [first, second] = service.connections.map(({ frames }) => frames[0]);
    assert.equal(first, second); // the same client
    await closed(socket);
  }));

faulty("a hundred cuts in a row: each time the socket comes back", () =>
  withService({}, async (service) => {
    const socket = connect({}, {}, service.url);
    for (let i = 0; i < 100; i++) {
      await next(socket, "open");
      service.connections[i].cut();
    }
    await next(socket, "open");
    assert.equal(service.connections.length, 101);
    await closed(socket);
  }));

faulty("a service that answers nothing any more is noticed, and left", () =>
  withService({ hello: { ping_ms: 30, pong_ms: 20, acks: false } }, async (service) => {
    // It sends no ping, so the first connection dies of silence.
    const socket = connect({}, {}, service.url);
    await next(socket, "open");
    service.behaviour.hello = { ping_ms: 25_000, pong_ms: 8_000, acks: false };
    const { code, reason } = await next(socket, "close");
    assert.deepEqual([code, reason], [1006, "no sign of life"]);
    await next(socket, "open");
    await closed(socket);
  }));

faulty("hello may come late", () =>
  withService({ hello: null }, async (service) => {
    const socket = connect({}, {}, service.url);
    const events = record(socket);
    const connection = await service.next();
    await once(connection, "frame"); // the client's first
    connection.control({ type: "hello", id: "late", protocol: "", ping_ms: 25_000, pong_ms: 8_000, acks: false });
    await next(socket, "open");
    assert.deepEqual([events, socket.id], [["open"], "late"]);
    await closed(socket);
  }));

faulty("a service that drains is come back to; one that forbids is not", () =>
  withService({}, async (service) => {
    const socket = connect({}, {}, service.url);
    const events = record(socket);
    await next(socket, "open");
    service.connections[0].close(1012, "restart");
    await next(socket, "open");
    const end = next(socket, "close");
    service.connections[1].close(4503, "members only");
    const { reason } = await end;
    assert.deepEqual([events, reason], [["open", "close 1012 again", "open", "close 4503 final"], "members only"]);
  }));

faulty("the application's subprotocol and the token", () =>
  withService({ protocols: ["chat.v2"] }, async (service) => {
    const socket = connect({ protocols: ["chat.v3", "chat.v2"], token: async () => "abc" }, {}, service.url);
    await next(socket, "open");
    assert.equal(socket.protocol, "chat.v2");
    assert.deepEqual(service.connections[0].offers, ["wsgen.1", "wsgen.bearer.abc", "chat.v3", "chat.v2"]);
    await closed(socket);
  }));

faulty("the service's ping is answered", () =>
  withService({ echo: false }, async (service) => {
    const socket = connect({}, {}, service.url);
    await next(socket, "open");
    const [connection] = service.connections;
    connection.ws.send("p");
    while (!connection.frames.includes("q")) await once(connection, "frame");
    assert.deepEqual(connection.frames.slice(1), ["q"]);
    await closed(socket);
  }));
