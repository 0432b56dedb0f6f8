import assert from "node:assert/strict";
import { test } from "node:test";
import { freezeTime, JobSocket, Network, settled } from "../lib/fake.js";

/** Loses the connection, and opens the next. */
async function comeBack(network, pass, acks = true) {
  network.last.end(1006);
  await pass(1000);
  network.last.accept();
  network.last.sent.length = 0; // who the client is
  network.last.hello({ acks });
}

/** What the final close event of a socket said was not delivered; undefined before. */
function undelivered(socket) {
  const seen = {};
  socket.addEventListener("close", (event) => {
    if (event.willReconnect) assert.deepEqual(event.undelivered, []);
    else seen.data = event.undelivered;
  });
  return seen;
}

test("messages are numbered, and kept until they are acknowledged", async () => {
  const network = new Network();
  const { socket } = await network.openStreams();
  const bytes = Uint8Array.of(9, 1, 9);
  assert.deepEqual([socket.send("one"), socket.send(bytes.subarray(1, 2)), socket.send("a:b")], ["sent", "sent", "sent"]);
  assert.deepEqual(network.last.sent, ["n1:one", Uint8Array.from(Buffer.from("n2:\x01")), "n3:a:b"]);
  assert.equal(socket.bufferedAmount, 10);
  network.last.receive("a2");
  assert.equal(socket.bufferedAmount, 4);
  network.last.receive("a1"); // said already
  network.last.receive("a3");
  assert.equal(socket.bufferedAmount, 0);
  socket.close();
});

test("what is not acknowledged is sent again: in order, with its number, before what is new", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.openStreams();
  for (const data of ["one", "two", "three"]) socket.send(data);
  network.last.receive("a1");
  socket.onclose = () => assert.equal(socket.send("four"), "queued");
  socket.onopen = () => socket.send("five");
  await comeBack(network, pass);
  assert.deepEqual(network.last.sent, ["n2:two", "n3:three", "n4:four", "n5:five"]);
  socket.onclose = socket.onopen = null;
  network.last.receive("a3");
  await comeBack(network, pass);
  assert.deepEqual(network.last.sent, ["n4:four", "n5:five"]);
  network.last.receive("a5");
  await comeBack(network, pass);
  assert.deepEqual(network.last.sent, []);
  socket.send("six");
  assert.deepEqual(network.last.sent, ["n6:six"]);
  assert.deepEqual(events.filter((event) => event !== "open"), Array(3).fill("close 1006 again"));
  socket.close();
});

test("a copy is sent again, whatever becomes of the page's buffer", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams();
  const bytes = Uint8Array.of(1, 2);
  socket.send(bytes);
  socket.send(new Blob(["blob"]));
  bytes.fill(0);
  await comeBack(network, pass);
  assert.deepEqual(network.last.sent[0], Uint8Array.from(Buffer.from("n1:\x01\x02")));
  assert.equal(await network.last.sent[1].text(), "n2:blob");
  socket.close();
});

test("messages and requests that wait for a connection leave in order; a request is never sent again", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = network.socket({}, JobSocket);
  socket.send("one");
  const first = assert.rejects(socket.request("ask"), { name: "NetworkError" });
  socket.send("two");
  await settled();
  network.last.accept();
  network.last.sent.length = 0;
  network.last.hello({ acks: true });
  const second = assert.rejects(socket.request("again"), { name: "NetworkError" });
  assert.deepEqual(network.last.sent, ["n1:one", "r1:ask", "n2:two", "r2:again"]);
  await comeBack(network, pass);
  await Promise.all([first, second]);
  assert.deepEqual(network.last.sent, ["n1:one", "n2:two"]);
  const third = socket.request("third");
  network.last.receive("r3:answer");
  assert.equal(await third, "answer");
  socket.close();
});

test("a service that does not acknowledge gets plain messages, also those that another one has not acknowledged", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams();
  socket.send("one");
  socket.send("two");
  network.last.receive("a1");
  await comeBack(network, pass, false);
  assert.equal(socket.send("three"), "sent");
  assert.deepEqual(network.last.sent, ["mtwo", "mthree"]);
  assert.equal(socket.bufferedAmount, 0);
  await comeBack(network, pass);
  socket.send("four");
  assert.deepEqual(network.last.sent, ["n3:four"]);
  socket.close();
});

test("a service that has restarted and knows nothing of the numbers acknowledges from where they are", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams();
  for (let number = 1; number <= 56; number++) socket.send("x");
  network.last.receive("a56");
  socket.send("lost with the service");
  await comeBack(network, pass);
  assert.deepEqual(network.last.sent, ["n57:lost with the service"]);
  network.last.receive("a57");
  assert.equal(socket.bufferedAmount, 0);
  socket.close();
});

test("while the peer closes a message waits for the next connection", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams();
  network.last.readyState = 2;
  assert.equal(socket.send("late"), "queued");
  assert.equal(network.last.sent.length, 0);
  await comeBack(network, pass);
  assert.deepEqual(network.last.sent, ["n1:late"]);
  socket.close();
});

test("queueBytes bounds all that is kept; a refused message leaves no gap in the numbers", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams({ queueBytes: 10 });
  const full = { name: "QuotaExceededError", message: /queueBytes/ };
  socket.send("12345");
  assert.throws(() => socket.send("12345"), full);
  socket.send("123");
  assert.throws(() => socket.send(""), full);
  network.last.receive("a1");
  socket.send("67890");
  assert.deepEqual(network.last.sent, ["n1:12345", "n2:123", "n3:67890"]);
  network.last.end(1006); // what is not acknowledged counts there as well
  assert.throws(() => socket.send(""), full);
  await pass(1000);
  network.last.open({ acks: true });
  assert.throws(() => socket.send(""), full);
  network.last.receive("a3");
  socket.send("one of any size where nothing else is kept");
  assert.throws(() => socket.send(""), full);
  assert.equal(network.last.sent.at(-1), "n4:one of any size where nothing else is kept");
  await comeBack(network, pass);
  assert.deepEqual(network.last.sent, ["n4:one of any size where nothing else is kept"]);
  socket.close();
});

test("a request is not bounded by what waits for an acknowledgement", async () => {
  const network = new Network();
  const { socket } = await network.openStreams({ queueBytes: 10 });
  socket.send("123456789");
  const reply = socket.request("a question that is longer");
  network.last.receive("r1:fine");
  assert.equal(await reply, "fine");
  socket.close();
});

test("the final close event tells what was not acknowledged, and what never left", async () => {
  const network = new Network();
  const { socket } = await network.openStreams();
  const seen = undelivered(socket);
  const lost = assert.rejects(socket.request("no message"), { name: "NetworkError" });
  for (const data of ["one", Uint8Array.of(2), "three"]) socket.send(data);
  network.last.receive("a1");
  socket.close();
  assert.equal(socket.send("four"), "dropped");
  network.last.receive("a2"); // while it closes
  network.last.end(1000);
  assert.deepEqual(seen.data, ["three"]);
  await lost;
});

test("what is kept over losses is told at the end, once", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams();
  const seen = undelivered(socket);
  socket.send("one");
  socket.send(Uint8Array.of(2));
  network.last.end(1006);
  const lost = assert.rejects(socket.request("never asked"), { name: "NetworkError" });
  socket.send("three");
  await pass(1000);
  network.last.fail();
  assert.equal(seen.data, undefined);
  await pass(1000);
  network.last.farewell(4503);
  assert.deepEqual(seen.data, ["one", Uint8Array.of(2), "three"]);
  await lost;
});

test("without streams the final close event tells what never left", async () => {
  const network = new Network();
  const { socket } = network.socket();
  const seen = undelivered(socket);
  socket.send("one");
  const lost = assert.rejects(socket.request("two"), { name: "NetworkError" });
  socket.close();
  await lost;
  assert.deepEqual(seen.data, ["one"]);
});

test("a second hello means nothing, nor do acknowledgements of what was never sent", async () => {
  const network = new Network();
  const { socket } = await network.openStreams();
  socket.send("one");
  network.last.hello({ acks: false });
  socket.send("two");
  for (const frame of ["a0", "a", "a-1", "aNaN"]) network.last.receive(frame);
  assert.deepEqual([network.last.sent, socket.bufferedAmount], [["n1:one", "n2:two"], 8]);
  network.last.receive("a99");
  assert.equal(socket.bufferedAmount, 0);
  socket.send("three");
  assert.equal(network.last.sent.at(-1), "n3:three");
  socket.close();
});

test("ten thousand messages that are not acknowledged come again, once each", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams();
  const frames = Array.from({ length: 10_000 }, (_, i) => `n${i + 1}:${i}`);
  frames.forEach((_, i) => socket.send(`${i}`));
  await comeBack(network, pass);
  assert.deepEqual(network.last.sent, frames);
  network.last.receive("a9999");
  assert.equal(socket.bufferedAmount, 5);
  socket.close();
});
