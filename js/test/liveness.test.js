import assert from "node:assert/strict";
import { test } from "node:test";
import { freezeTime, Network, settled } from "../lib/fake.js";

test("a ping is answered", async () => {
  const network = new Network();
  const { socket, events } = await network.open();
  network.last.receive("p");
  assert.deepEqual([network.last.sent, events], [["q"], []]);
  socket.close();
});

test("silence for longer than a ping and its answer take is the end of the connection", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  await pass(32_999);
  assert.deepEqual(events, []);
  await pass(1);
  assert.deepEqual(events, ["close 1006 again"]);
  assert.deepEqual(network.last.closedWith, [4000, "no sign of life"]);
  network.last.end(4000); // too late to be of interest
  await pass(1000);
  network.last.open();
  assert.deepEqual(events, ["close 1006 again", "open"]);
  socket.close();
});

test("every frame is a sign of life", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  for (const frame of ["p", "mx", "r9:x", 'c{"type":"later"}', "p"]) {
    await pass(32_000);
    network.last.receive(frame);
  }
  await pass(32_000);
  assert.deepEqual(events, ["message x"]);
  await pass(1000);
  assert.deepEqual(events, ["message x", "close 1006 again"]);
  socket.close();
});

test("the times are the service's; without pings nothing is judged", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const quick = network.socket();
  await settled();
  network.last.open({ ping_ms: 100, pong_ms: 50 });
  const deaf = network.socket();
  await settled();
  network.last.open({ ping_ms: 0 });
  await pass(150);
  assert.equal(quick.events.at(-1), "close 1006 again");
  quick.socket.close();
  await pass(86_400_000);
  assert.deepEqual(deaf.events, ["open"]);
  deaf.socket.close();
});

test("a service that is reached but never says hello is given up", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = network.socket({ openTimeout: 5000 });
  await pass(4000);
  network.last.accept();
  network.last.receive("p"); // alive, and still thinking about it
  await pass(4999);
  assert.deepEqual(events, []);
  await pass(1);
  assert.deepEqual(events, ["close 1006 again"]);
  socket.close();
});

test("a handshake that hangs is given up after 20 s", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = network.socket();
  await pass(19_999);
  assert.deepEqual(events, []);
  await pass(1);
  assert.deepEqual([events, network.last.closedWith], [["close 1006 again"], [4000, "no sign of life"]]);
  socket.close();
});

test("a peer that does not answer the close handshake does not hold it up for ever", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  network.last.answersClose = false;
  socket.close();
  await pass(33_000);
  assert.deepEqual([events, socket.readyState], [["close 1006 final"], 3]);
});

test("timers that slept: what came meanwhile is heard first, and only then the silence judged", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  pass.asleep(3_600_000);
  await pass(33_000); // the timer fires, an hour late
  network.last.receive("p");
  await pass(32_999);
  assert.deepEqual([events, network.last.sent], [[], ["q"]]);
  // The same with a connection that is dead.
  pass.asleep(3_600_000);
  await pass(1);
  assert.deepEqual(events, []);
  await pass(1000);
  assert.deepEqual(events, ["close 1006 again"]);
  socket.close();
});

test("a clock that is put back does not stretch the patience", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  pass.asleep(-3_600_000);
  await pass(66_000);
  assert.deepEqual(events, ["close 1006 again"]);
  socket.close();
});
