import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatSocket, Network, settled } from "../lib/fake.js";
import { Socket } from "../../templates/project/client/socket.js";

test("the constants of WebSocket, on the class and on its sockets", () => {
  const { socket } = new Network().socket();
  for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })) {
    assert.equal(ChatSocket[name], value);
    assert.equal(socket[name], value);
  }
  socket.close();
});

test("a new socket looks like a new WebSocket", () => {
  const { socket } = new Network().socket();
  assert.ok(socket instanceof EventTarget && socket instanceof Socket);
  const { readyState, url, protocol, extensions, bufferedAmount, binaryType, onopen, onmessage, onclose, onerror } = socket;
  assert.deepEqual(
    { readyState, url, protocol, extensions, bufferedAmount, binaryType, onopen, onmessage, onclose, onerror },
    {
      readyState: 0,
      url: "wss://service.test/ws/chat",
      protocol: "",
      extensions: "",
      bufferedAmount: 0,
      binaryType: "blob",
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
    },
  );
  socket.close();
});

test("handlers are called with the event, on the socket; one that is no function is ignored", async () => {
  const network = new Network();
  const { socket } = network.socket();
  const calls = [];
  for (const type of ["open", "message", "error"]) {
    socket[`on${type}`] = function (event) {
      calls.push([event.type, this === socket, event.target === socket]);
    };
  }
  socket.onclose = "not a function";
  await settled();
  network.last.open();
  network.last.receive("mhi");
  network.last.dispatchEvent(new Event("error"));
  network.last.farewell(1000);
  assert.deepEqual(calls, ["open", "message", "error"].map((type) => [type, true, true]));
});

test("a message event has the data and the origin", async () => {
  const network = new Network();
  const { socket } = await network.open();
  const received = [];
  socket.onmessage = (event) => received.push(event);
  network.last.receive("mhello");
  assert.ok(received[0] instanceof MessageEvent);
  assert.equal(received[0].data, "hello");
  assert.equal(received[0].origin, "wss://service.test");
  socket.close();
});

test("binary messages are Blobs by default, and ArrayBuffers where asked for", async () => {
  const network = new Network();
  const { socket } = await network.open();
  assert.equal(network.last.binaryType, "arraybuffer");
  const received = [];
  socket.onmessage = ({ data }) => received.push(data);
  network.last.receive(Uint8Array.of(0x6d, 1, 2, 3).buffer);
  socket.binaryType = "arraybuffer";
  network.last.receive(Uint8Array.of(0x6d, 4, 5).buffer);
  network.last.receive(Uint8Array.of(0x6d).buffer);
  assert.ok(received[0] instanceof Blob);
  assert.deepEqual(new Uint8Array(await received[0].arrayBuffer()), Uint8Array.of(1, 2, 3));
  assert.deepEqual(new Uint8Array(received[1]), Uint8Array.of(4, 5));
  assert.equal(received[2].byteLength, 0);
  socket.close();
});

test("what comes after close() is not delivered", async () => {
  const network = new Network();
  const { socket, events } = await network.open();
  network.last.receive("mbefore");
  socket.close();
  network.last.receive("mafter");
  assert.deepEqual(events, ["message before"]);
});

test("the close event has what CloseEvent has, and willReconnect", async () => {
  const network = new Network();
  const { socket } = await network.open();
  const seen = [];
  socket.onclose = (event) => seen.push(event);
  network.last.farewell(4503, "members only");
  const [{ code, reason, wasClean, willReconnect }] = seen;
  assert.deepEqual({ code, reason, wasClean, willReconnect }, { code: 4503, reason: "members only", wasClean: true, willReconnect: false });
  if (globalThis.CloseEvent) assert.ok(seen[0] instanceof CloseEvent);
});

test("close checks its arguments in every state, as a WebSocket does", async () => {
  const network = new Network();
  const { socket } = await network.open();
  const check = () => {
    for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000, NaN, "x", null]) {
      assert.throws(() => socket.close(code), { name: "InvalidAccessError" }, `close(${code})`);
    }
    assert.throws(() => socket.close(1000, "é".repeat(62)), { name: "SyntaxError" });
  };
  check();
  assert.equal(socket.readyState, Socket.OPEN);
  socket.close(3000, "é".repeat(61));
  assert.deepEqual(network.last.closedWith, [3000, "é".repeat(61)]);
  assert.equal(socket.readyState, Socket.CLOSING);
  check();
  network.last.end(3000);
  assert.equal(socket.readyState, Socket.CLOSED);
  check();
  socket.close(); // nothing to close any more
});

test("send takes what a WebSocket takes, and copies it", async () => {
  const network = new Network();
  const { socket } = await network.open();
  const bytes = Uint8Array.of(9, 1, 2, 9);
  socket.send("text");
  socket.send("");
  socket.send(42);
  socket.send(bytes.subarray(1, 3));
  socket.send(new DataView(bytes.buffer, 1, 2));
  socket.send(bytes.buffer);
  socket.send(new Blob(["blob"]));
  bytes.fill(0);
  const [text, empty, number, view, data, buffer, blob] = network.last.sent;
  assert.deepEqual([text, empty, number], ["mtext", "m", "m42"]);
  assert.deepEqual(view, Uint8Array.of(0x6d, 1, 2));
  assert.deepEqual(data, Uint8Array.of(0x6d, 1, 2));
  assert.deepEqual(buffer, Uint8Array.of(0x6d, 9, 1, 2, 9));
  assert.equal(await blob.text(), "mblob");
  assert.throws(() => socket.send(Symbol("s")), TypeError);
  socket.close();
});

test("an ArrayBuffer of another window is binary all the same", async () => {
  const { runInNewContext } = await import("node:vm");
  const network = new Network();
  const { socket } = await network.open();
  const foreign = runInNewContext("Uint8Array.of(1, 2).buffer");
  assert.ok(!(foreign instanceof ArrayBuffer));
  socket.send(foreign);
  assert.deepEqual(network.last.sent[0], Uint8Array.of(0x6d, 1, 2));
  socket.close();
});

test("without a WebSocket the constructor says what to pass", (t) => {
  const { WebSocket } = globalThis;
  delete globalThis.WebSocket;
  t.after(() => WebSocket && (globalThis.WebSocket = WebSocket));
  assert.throws(() => new ChatSocket({}, { url: "https://service.test" }), /options\.WebSocket/);
});

test("options.WebSocket may be a constructor too", async () => {
  const made = [];
  class Double extends EventTarget {
    readyState = 0;
    constructor(...args) {
      super();
      made.push(args);
    }
    close() {}
  }
  const socket = new ChatSocket({}, { url: "https://service.test", WebSocket: Double });
  await settled();
  assert.deepEqual(made, [["wss://service.test/ws/chat", ["wsgen.1"]]]);
  socket.close();
});

test("a bad address or bad params throw at once", () => {
  const { WebSocket } = new Network();
  assert.throws(() => new ChatSocket({}, { WebSocket, url: "::" }), { name: "SyntaxError" });
  assert.throws(() => new ChatSocket({ room: ".." }, { WebSocket, url: "https://service.test" }), { name: "TypeError" });
});
