import assert from "node:assert/strict";
import { test } from "node:test";
import { freezeTime, Network, settled } from "../lib/fake.js";

test("send says whether it sent, queued or dropped", async () => {
  const network = new Network();
  const { socket } = network.socket();
  assert.equal(socket.send("early"), "queued");
  await settled();
  network.last.accept();
  assert.equal(socket.send("before hello"), "queued");
  network.last.hello();
  assert.equal(socket.send("now"), "sent");
  socket.close();
  assert.equal(socket.send("closing"), "dropped");
  network.last.end(1005);
  assert.equal(socket.send("closed"), "dropped");
  assert.deepEqual(network.last.sent.slice(1), ["mearly", "mbefore hello", "mnow"]);
});

test("the queue leaves in order, before onopen", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.open();
  socket.onopen = () => socket.send("three");
  network.last.end(1006);
  socket.send("one");
  socket.send(Uint8Array.of(2));
  await pass(1000);
  network.last.accept();
  network.last.hello();
  assert.deepEqual(network.last.sent.slice(1), ["mone", Uint8Array.of(0x6d, 2), "mthree"]);
  socket.close();
});

test("a copy waits, whatever becomes of the page's buffer", async () => {
  const network = new Network();
  const { socket } = network.socket();
  const bytes = Uint8Array.of(1, 2, 3);
  socket.send(bytes.subarray(1));
  bytes.fill(0);
  await settled();
  network.last.accept();
  network.last.hello();
  assert.deepEqual(network.last.sent[1], Uint8Array.of(0x6d, 2, 3));
  socket.close();
});

test("what is sent while the peer closes is kept for the next connection", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.open();
  network.last.readyState = 2;
  assert.equal(socket.send("late"), "queued");
  network.last.end(1012);
  await pass(1000);
  network.last.accept();
  network.last.hello();
  assert.deepEqual(network.last.sent.slice(1), ["mlate"]);
  socket.close();
});

test("the queue is bounded in bytes, and a full one throws", async () => {
  const network = new Network();
  const { socket } = network.socket({ queueBytes: 10 });
  assert.equal(socket.send("é234"), "queued"); // 6 bytes on the wire
  assert.equal(socket.bufferedAmount, 6);
  assert.throws(() => socket.send("1234"), { name: "QuotaExceededError", message: /queueBytes/ });
  assert.equal(socket.send(Uint8Array.of(1, 2)), "queued");
  assert.equal(socket.send(new Blob([])), "queued");
  assert.throws(() => socket.send(""), { name: "QuotaExceededError" });
  assert.equal(socket.bufferedAmount, 10);
  await settled();
  network.last.accept();
  network.last.hello();
  assert.equal(socket.bufferedAmount, 0);
  assert.equal(network.last.sent.length, 4);
  socket.close();
});

test("by default a mebibyte is kept", () => {
  const { socket } = new Network().socket();
  assert.equal(socket.send("x".repeat(2 ** 20 - 1)), "queued");
  assert.throws(() => socket.send(""), { name: "QuotaExceededError" });
  socket.close();
});

test("bufferedAmount counts the connection's too, and what a closed socket was given", async () => {
  const network = new Network();
  const { socket } = await network.open();
  network.last.bufferedAmount = 5;
  assert.equal(socket.bufferedAmount, 5);
  network.last.farewell(1000);
  socket.send("123");
  assert.equal(socket.bufferedAmount, 4);
});
