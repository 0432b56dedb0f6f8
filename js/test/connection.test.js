import assert from "node:assert/strict";
import { test } from "node:test";
import { catchWarnings, freezeTime, Network, settled } from "../lib/fake.js";

test("onopen waits for hello, and the client introduces itself before", async () => {
  const network = new Network();
  const { socket, events } = network.socket();
  await settled();
  network.last.accept();
  assert.deepEqual([socket.readyState, events], [0, []]);
  assert.match(network.last.sent[0], /^c\{"type":"client","id":"[0-9a-f]{32}"\}$/);
  network.last.hello({ id: "s9", protocol: "chat.v2" });
  assert.deepEqual([socket.readyState, events, socket.id, socket.protocol], [1, ["open"], "s9", "chat.v2"]);
  socket.close();
});

test("the client's id stays over connections, and differs between sockets", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const ids = [];
  const { socket } = network.socket();
  const { socket: other } = network.socket();
  await settled();
  for (const connection of network.connections.slice(0, 2)) connection.accept();
  network.connections[0].end(1006);
  await pass(1000);
  network.last.accept();
  for (const { sent } of network.connections) ids.push(JSON.parse(sent[0].slice(1)).id);
  assert.equal(network.connections.length, 3);
  assert.equal(ids[2], ids[0]);
  assert.notEqual(ids[1], ids[0]);
  socket.close();
  other.close();
});

test("the offers: wsgen.1, the token, the application's own", async () => {
  const network = new Network();
  const { socket } = network.socket({ token: "abc.def", protocols: ["v2", "v1"] });
  const { socket: plain } = network.socket({ protocols: "v2" });
  await settled();
  assert.deepEqual(network.connections.map(({ protocols }) => protocols), [
    ["wsgen.1", "wsgen.bearer.abc.def", "v2", "v1"],
    ["wsgen.1", "v2"],
  ]);
  socket.close();
  plain.close();
});

const again = [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 3000, 4000, 4008, 4402, 4499];
const final = [1002, 1003, 1007, 1008, 1009, 1010, 4500, 4503, 4509, 4999];

test("which codes end it and which do not, said by the service or not", async (t) => {
  const pass = freezeTime(t);
  for (const said of [false, true]) {
    for (const code of [...again, ...final]) {
      const network = new Network();
      const { socket, events } = await network.open();
      if (said) network.last.control({ type: "close", code, reason: "" });
      network.last.end(code);
      // 1000 is the end only where the service said so: a bare one may be a browser's that goes offline.
      const ends = final.includes(code) || (code === 1000 && said);
      assert.deepEqual(events, [`close ${code} ${ends ? "final" : "again"}`], `said: ${said}`);
      assert.equal(socket.readyState, ends ? 3 : 0);
      await pass(1000);
      assert.equal(network.connections.length, ends ? 1 : 2, `${code}, said: ${said}`);
      socket.close();
      await settled();
    }
  }
});

test("what the service said counts where its close frame did not arrive", async () => {
  const network = new Network();
  const { events } = await network.open();
  network.last.control({ type: "close", code: 4503, reason: "members only" });
  network.last.end(1006);
  assert.deepEqual(events, ["close 4503 final"]);
});

test("what the service said of one connection is forgotten for the next", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  network.last.farewell(1012);
  await pass(1000);
  network.last.open();
  network.last.end(1000);
  assert.deepEqual(events, ["close 1012 again", "open", "close 1000 again"]);
  socket.close();
});

test("a denial before hello ends a new socket", async () => {
  const network = new Network();
  const { events } = network.socket();
  await settled();
  network.last.accept();
  network.last.farewell(4503, "members only");
  assert.deepEqual(events, ["close 4503 final"]);
});

test("close by the page: no reconnect, and the code of the handshake", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  socket.close(3001, "bye");
  assert.deepEqual([socket.readyState, events], [2, []]);
  network.last.end(3001, "bye");
  assert.deepEqual([socket.readyState, events], [3, ["close 3001 final"]]);
  await pass(60_000);
  assert.equal(network.connections.length, 1);
});

test("close while a reconnect is waited for calls it off and says so", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  network.last.end(1006);
  socket.close();
  assert.deepEqual(events, ["close 1006 again"]);
  await pass(60_000);
  assert.deepEqual(events, ["close 1006 again", "close 1005 final"]);
  assert.equal(network.connections.length, 1);
});

test("close inside onclose stops reconnecting", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  socket.onclose = () => socket.close();
  network.last.end(1006);
  await pass(60_000);
  assert.equal(socket.readyState, 3);
  assert.equal(network.connections.length, 1);
  assert.equal(events.at(-1), "close 1005 final");
});

test("close before the handshake is over", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = network.socket();
  await settled();
  socket.close(1000, "changed my mind");
  assert.deepEqual([network.last.closedWith, events], [[], []]);
  network.last.fail(); // what a WebSocket does then; nobody is interested any more
  await pass(60_000);
  assert.deepEqual(events, ["close 1000 final"]);
  assert.equal(network.connections.length, 1);
});

test("close in the same breath as the constructor: no connection is begun", async () => {
  const network = new Network();
  const { socket, events } = network.socket();
  socket.close();
  await settled();
  assert.deepEqual([network.connections.length, events], [0, ["close 1005 final"]]);
});

test("close between the handshake and hello", async () => {
  const network = new Network();
  const { socket, events } = network.socket();
  await settled();
  network.last.accept();
  socket.close(3001);
  network.last.hello();
  network.last.end(3001);
  assert.deepEqual([network.last.closedWith[0], events], [3001, ["close 3001 final"]]);
});

test("full jitter: any time up to a bound that doubles up to 30 s", async (t) => {
  const pass = freezeTime(t);
  const warnings = catchWarnings(t);
  t.mock.method(Math, "random", () => 0.999999);
  const network = new Network();
  const { socket } = network.socket({ backoff: undefined });
  await settled();
  for (const bound of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const attempts = network.connections.length;
    network.last.fail();
    await pass(bound - 1);
    assert.equal(network.connections.length, attempts, `before ${bound} ms`);
    await pass(1);
    assert.equal(network.connections.length, attempts + 1, `at ${bound} ms`);
  }
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /^wss:\/\/service\.test\/ws\/chat: .*403.*404/);
  socket.close();
});

test("a connection that lasted starts the waits anew; one that did not goes on", async (t) => {
  const pass = freezeTime(t);
  const attempts = [];
  const network = new Network();
  const { socket } = network.socket({ backoff: (attempt) => (attempts.push(attempt), 100) });
  await settled();
  for (const lasted of [0, 10_000, 10_001, 0]) {
    network.last.open();
    await pass(lasted);
    network.last.end(1011);
    await pass(100);
  }
  assert.deepEqual(attempts, [0, 1, 0, 1]);
  socket.close();
});

test("a service that restarts or is full is given more time", async (t) => {
  const pass = freezeTime(t);
  for (const code of [1012, 1013]) {
    const attempts = [];
    const network = new Network();
    const { socket } = network.socket({ backoff: (attempt) => (attempts.push(attempt), 100) });
    await settled();
    network.last.open();
    network.last.farewell(code);
    await pass(100);
    network.last.fail();
    assert.deepEqual(attempts, [3, 4]);
    socket.close();
    await settled();
  }
});

test("frames of unknown kinds are ignored, each kind with one warning", async (t) => {
  const warnings = catchWarnings(t);
  const network = new Network();
  const { socket, events } = await network.open();
  for (const frame of ["sjob:1:x", "sjob:2:y", "a7", "", Uint8Array.of(0xff, 1).buffer]) network.last.receive(frame);
  assert.deepEqual(events, []);
  network.last.receive('c{"type":');
  network.last.receive('c{"type":"he');
  assert.equal(warnings.length, 5, warnings.join("\n"));
  assert.match(warnings[0], /starts with "s"/);
  network.last.receive("mstill here");
  assert.deepEqual(events, ["message still here"]);
  socket.close();
});

test("control frames that make no sense do no harm; unknown types are of a later version", async (t) => {
  const warnings = catchWarnings(t);
  const network = new Network();
  const { socket, events } = await network.open();
  for (const payload of ["", "{", "null", "7", "[]", '"x"', "{}"]) network.last.receive(`c${payload}`);
  network.last.receive(new TextEncoder().encode('c{"type":"hello"}').buffer);
  network.last.control({ type: "joined", stream: 1 });
  network.last.hello({ id: "again" });
  assert.deepEqual([events, socket.id, socket.readyState], [[], "s1", 1]);
  assert.ok(warnings.every((text) => text.includes('starts with "c"')), warnings.join("\n"));
  socket.close();
});

test("a handler that throws does not stop the socket", async (t) => {
  const thrown = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => thrown.push(error.message));
  t.after(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener);
  });
  const network = new Network();
  const { socket, events } = await network.open();
  socket.onmessage = ({ data }) => {
    throw new Error(data);
  };
  network.last.receive("mone");
  network.last.receive("mtwo");
  await settled();
  assert.deepEqual([thrown, events], [["one", "two"], ["message one", "message two"]]);
  socket.close();
});
