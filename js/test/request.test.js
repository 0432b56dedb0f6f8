import assert from "node:assert/strict";
import { test } from "node:test";
import { freezeTime, Network, NewsSocket, settled } from "../lib/fake.js";

test("a string goes as it is, and so does its reply", async () => {
  const network = new Network();
  const { socket, events } = await network.open();
  const reply = socket.request("what: is it?");
  assert.deepEqual(network.last.sent, ["r1:what: is it?"]);
  network.last.receive("r1:this: one");
  assert.equal(await reply, "this: one");
  assert.deepEqual(events, []);
  socket.close();
});

test("anything else goes as JSON, and its reply is parsed", async () => {
  const network = new Network();
  const { socket } = await network.open();
  for (const [i, value] of [{ q: 1 }, [1, 2], 7, true, null].entries()) {
    const reply = socket.request(value);
    assert.equal(network.last.sent[i], `r${i + 1}:${JSON.stringify(value)}`);
    network.last.receive(`r${i + 1}:{"was":${JSON.stringify(value)}}`);
    assert.deepEqual(await reply, { was: value });
  }
  const broken = socket.request({});
  network.last.receive("r6:not JSON");
  await assert.rejects(broken, { name: "SyntaxError" });
  socket.close();
});

test("binary both ways", async () => {
  const network = new Network();
  const { socket } = await network.open();
  socket.binaryType = "arraybuffer";
  const reply = socket.request(Uint8Array.of(58, 0));
  assert.deepEqual(network.last.sent[0], Uint8Array.of(0x72, 0x31, 0x3a, 58, 0));
  network.last.receive(Uint8Array.of(0x72, 0x31, 0x3a, 58, 255).buffer);
  assert.deepEqual(new Uint8Array(await reply), Uint8Array.of(58, 255));
  socket.close();
});

test("replies may come in any order; one that nobody waits for is ignored", async () => {
  const network = new Network();
  const { socket, events } = await network.open();
  const replies = [socket.request("a"), socket.request("b")];
  for (const frame of ["r2:B", "r9:?", "r:?", "r", "rx:?", "r1:A", "r1:once more"]) network.last.receive(frame);
  assert.deepEqual([await Promise.all(replies), events], [["A", "B"], []]);
  socket.close();
});

test("a handler that fails rejects its request alone", async () => {
  const network = new Network();
  const { socket } = await network.open();
  const [bad, good] = [socket.request("bad"), socket.request("good")];
  network.last.control({ type: "failed", id: "1" });
  await assert.rejects(bad, /the handler failed/);
  network.last.receive("r2:fine");
  assert.equal(await good, "fine");
  socket.close();
});

test("the time is up: 30 s by default, and a late reply is ignored", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.open();
  const outcomes = [];
  const follow = (name, promise) => promise.then(
    () => outcomes.push(`${name} replied`),
    (error) => outcomes.push(`${name} ${error.name}`),
  );
  follow("default", socket.request("x"));
  follow("short", socket.request("x", { timeout: 50 }));
  follow("forever", socket.request("x", { timeout: Infinity }));
  await pass(49);
  assert.deepEqual(outcomes, []);
  await pass(1);
  assert.deepEqual(outcomes, ["short TimeoutError"]);
  network.last.receive("r2:late");
  await pass(29_949);
  network.last.receive("p");
  await pass(1);
  assert.deepEqual(outcomes, ["short TimeoutError", "default TimeoutError"]);
  network.last.receive("r3:at last");
  await settled();
  assert.deepEqual(outcomes, ["short TimeoutError", "default TimeoutError", "forever replied"]);
  socket.close();
});

test("a request that was sent is lost with its connection, and never sent again", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.open();
  const lost = socket.request("x");
  network.last.end(1006);
  await assert.rejects(lost, { name: "NetworkError" });
  await pass(1000);
  network.last.accept();
  network.last.hello();
  assert.equal(network.last.sent.length, 1); // the introduction
  socket.close();
});

test("a request made without a connection waits for one, within its time", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.open();
  network.last.end(1006);
  const patient = socket.request("patient");
  const hasty = assert.rejects(socket.request("hasty", { timeout: 999 }), { name: "TimeoutError" });
  assert.equal(socket.bufferedAmount, "r1:patient".length + "r2:hasty".length);
  await pass(999);
  await hasty;
  assert.equal(socket.bufferedAmount, "r1:patient".length);
  await pass(1);
  network.last.fail(); // the attempt fails, the request stays
  await pass(1000);
  network.last.accept();
  network.last.hello();
  assert.deepEqual(network.last.sent.slice(1), ["r1:patient"]);
  network.last.receive("r1:thanks");
  assert.equal(await patient, "thanks");
  socket.close();
});

test("the end of the socket rejects what waits, and every further request", async () => {
  const network = new Network();
  const { socket } = network.socket();
  const waiting = assert.rejects(socket.request("x"), { name: "NetworkError" });
  await settled();
  network.last.accept();
  network.last.farewell(4503);
  await waiting;
  await assert.rejects(socket.request("y"), { name: "InvalidStateError" });
});

test("a full queue rejects, and nothing is left behind", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = network.socket({ queueBytes: 3 });
  await assert.rejects(socket.request("x"), { name: "QuotaExceededError" });
  await pass(60_000);
  assert.equal(socket.bufferedAmount, 0);
  socket.close();
});

test("a sync consumer is not asked", async () => {
  const network = new Network();
  const { socket } = await network.open({}, NewsSocket);
  await assert.rejects(socket.request("x"), { name: "TypeError", message: /^news is sync/ });
  assert.deepEqual(network.last.sent, []);
  socket.close();
});
