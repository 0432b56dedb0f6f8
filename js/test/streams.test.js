import assert from "node:assert/strict";
import { test } from "node:test";
import { catchWarnings, freezeTime, Network } from "../lib/fake.js";

/** The control frames that the client sent, without the one that says who it is. */
const said = ({ sent }) => sent.filter((frame) => frame[0] === "c").map((frame) => JSON.parse(frame.slice(1))).filter(({ type }) => type !== "client");
const resume = (stream, position) => ({ type: "resume", stream, ...position });

/** Loses the connection, and opens the next. */
async function comeBack(network, pass) {
  network.last.end(1006);
  await pass(1000);
  network.last.open({ acks: true });
}

/** A socket with events, and the stream job:42 followed from its beginning. */
async function follow(options) {
  const network = new Network();
  const made = await network.openStreams(options);
  network.last.joined();
  network.last.sent.length = 0;
  return { network, ...made };
}

test("a fresh page resumes without a position, and gets what is kept", async () => {
  const network = new Network();
  const { socket, events } = await network.openStreams();
  network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 2 });
  assert.deepEqual(said(network.last), [resume(1)]);
  network.last.recovered();
  network.last.receive("s1:1:one");
  network.last.receive("s1:2:two");
  assert.deepEqual(events, ["message one", "message two"]);
  socket.close();
});

test("after a loss it resumes from the last offset, and what comes again is not delivered again", async (t) => {
  const pass = freezeTime(t);
  const { network, socket, events } = await follow();
  network.last.receive("s1:1:one");
  network.last.receive("s1:4:four"); // a jump means nothing
  await comeBack(network, pass);
  network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 6 });
  assert.deepEqual(said(network.last), [resume(1, { epoch: "e1", offset: 4 })]);
  network.last.recovered({ offset: 4 });
  for (const frame of ["s1:3:three", "s1:4:four", "s1:5:five", "s1:5:five", "s1:2:two", "s1:6:six"]) network.last.receive(frame);
  assert.deepEqual(events, ["message one", "message four", "close 1006 again", "open", "message five", "message six"]);
  socket.close();
});

test("each stream has its position, whatever its number is on this connection", async (t) => {
  const pass = freezeTime(t);
  const { network, socket, events } = await follow();
  network.last.joined("job:43", 2, 10, "f1");
  network.last.receive("s2:11:a");
  network.last.receive("s1:1:b");
  await comeBack(network, pass);
  network.last.receive("s1:2:of no stream yet");
  network.last.control({ type: "joined", stream: 1, name: "job:43", epoch: "f1", top: 12 });
  network.last.control({ type: "joined", stream: 2, name: "job:42", epoch: "e1", top: 2 });
  assert.deepEqual(said(network.last), [resume(1, { epoch: "f1", offset: 11 }), resume(2, { epoch: "e1", offset: 1 })]);
  network.last.recovered({ stream: 1, epoch: "f1", offset: 11 });
  network.last.recovered({ stream: 2, epoch: "e1", offset: 1 });
  network.last.receive("s1:12:c");
  network.last.receive("s2:2:d");
  assert.deepEqual(events, ["message a", "message b", "close 1006 again", "open", "message c", "message d"]);
  socket.close();
});

test("a position outlives left and joined", async (t) => {
  const warnings = catchWarnings(t);
  const { network, socket, events } = await follow();
  network.last.receive("s1:7:seven");
  network.last.control({ type: "left", stream: 1 });
  network.last.receive("s1:8:of a stream that was left");
  network.last.control({ type: "joined", stream: 2, name: "job:42", epoch: "e1", top: 9 });
  assert.deepEqual(said(network.last), [resume(2, { epoch: "e1", offset: 7 })]);
  network.last.recovered({ stream: 2, offset: 7 });
  network.last.receive("s2:8:eight");
  assert.deepEqual([events, warnings.length], [["message seven", "message eight"], 1]);
  socket.close();
});

test("a fresh page that got nothing yet comes back with what the service told it", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams();
  network.last.joined("job:42", 1, 17); // all that was there is gone; the position is behind it
  await comeBack(network, pass);
  network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 30 });
  assert.deepEqual(said(network.last), [resume(1, { epoch: "e1", offset: 17 })]);
  socket.close();
});

test("a stream that was joined, but not told about, is as new on the next connection", async (t) => {
  const pass = freezeTime(t);
  const network = new Network();
  const { socket } = await network.openStreams();
  network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 5 });
  await comeBack(network, pass);
  network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 5 });
  assert.deepEqual(said(network.last), [resume(1)]);
  socket.close();
});

test("a wall clock that jumps by an hour, either way, changes nothing", async (t) => {
  const pass = freezeTime(t);
  const { network, socket, events } = await follow();
  let offset = 0;
  for (const hours of [1, -2, 1]) {
    pass.asleep(hours * 3_600_000);
    network.last.receive("p");
    network.last.receive(`s1:${++offset}:on`);
  }
  await pass(20_000);
  assert.deepEqual(events, ["message on", "message on", "message on"]);
  pass.asleep(-3_600_000);
  await comeBack(network, pass);
  network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 4 });
  assert.deepEqual(said(network.last), [resume(1, { epoch: "e1", offset: 3 })]);
  socket.close();
});

test("a reset without a snapshot is told at once, before what follows", async () => {
  const { network, socket, events } = await follow();
  network.last.receive("s1:50:old");
  network.last.recovered({ recovered: false, reason: "restarted", epoch: "e2", offset: 3 });
  assert.deepEqual(events, ["message old", "reset job:42 restarted null"]);
  network.last.receive("s1:3:not above");
  network.last.receive("s1:4:new");
  assert.deepEqual(events.slice(2), ["message new"]);
  socket.close();
});

for (const binaryType of ["blob", "arraybuffer"]) {
  test(`a snapshot comes with its reset, not as a message (${binaryType})`, async () => {
    const { network, socket, events } = await follow();
    socket.binaryType = binaryType;
    const resets = [];
    socket.onreset = (event) => resets.push(event);
    network.last.recovered({ recovered: false, reason: "trimmed", offset: 40, snapshot: true });
    assert.deepEqual(events, []);
    network.last.receive('s1:40:{"done":40}');
    network.last.recovered({ recovered: false, reason: "ahead", offset: 30, snapshot: true });
    network.last.receive(Uint8Array.from(Buffer.from("s1:30:\x00\xff:", "latin1")).buffer);
    network.last.receive("s1:31:next");
    const [{ stream, reason, data }, binary] = resets;
    assert.deepEqual({ stream, reason, data }, { stream: "job:42", reason: "trimmed", data: '{"done":40}' });
    assert.deepEqual([binary.reason, binary.data.constructor.name], ["ahead", binaryType === "blob" ? "Blob" : "ArrayBuffer"]);
    assert.deepEqual(new Uint8Array(await new Response(binary.data).arrayBuffer()), Uint8Array.of(0, 0xff, 0x3a));
    assert.equal(events.at(-1), "message next");
    assert.equal(events.length, 3);
    socket.close();
  });
}

test("a snapshot of offset 0 is one, too", async () => {
  const { network, socket, events } = await follow();
  network.last.recovered({ recovered: false, reason: "restarted", epoch: "e2", offset: 0, snapshot: true });
  network.last.receive("s1:0:begin");
  network.last.receive("s1:1:one");
  assert.deepEqual(events, ["reset job:42 restarted begin", "message one"]);
  socket.close();
});

test("a connection that breaks before the snapshot: the position is the old one, and the page is told on the next", async (t) => {
  const pass = freezeTime(t);
  const { network, socket, events } = await follow();
  network.last.receive("s1:5:five");
  network.last.recovered({ recovered: false, reason: "trimmed", offset: 40, snapshot: true });
  await comeBack(network, pass);
  network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 41 });
  assert.deepEqual(said(network.last), [resume(1, { epoch: "e1", offset: 5 })]);
  network.last.recovered({ recovered: false, reason: "trimmed", offset: 41 });
  assert.deepEqual(events.slice(-2), ["open", "reset job:42 trimmed null"]);
  socket.close();
});

test("the end of a job is an end event, with its result where it is done", async () => {
  const { network, socket, events } = await follow();
  const ends = [];
  socket.onend = (event) => ends.push(event);
  network.last.receive("s1:1:half");
  network.last.control({ type: "ended", stream: 1, offset: 2, state: "done", reason: "" });
  network.last.receive("s1:2:all");
  network.last.receive("s1:3:started again");
  network.last.control({ type: "ended", stream: 1, offset: 4, state: "failed", reason: "disk full" });
  network.last.receive('s1:4:{"job":"42","state":"failed","reason":"disk full"}');
  assert.deepEqual(events, ["message half", "end job:42 done all", "message started again", "end job:42 failed null disk full"]);
  const { stream, state, reason, data } = ends[0];
  assert.deepEqual({ stream, state, reason, data }, { stream: "job:42", state: "done", reason: "", data: "all" });
  socket.close();
});

test("an end that comes again is not told again, and one whose connection broke in between is", async (t) => {
  const pass = freezeTime(t);
  const { network, socket, events } = await follow();
  const ended = { type: "ended", stream: 1, offset: 2, state: "done", reason: "" };
  network.last.control(ended); // and its record is lost
  for (const offset of [0, 2]) {
    await comeBack(network, pass);
    network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 2 });
    assert.deepEqual(said(network.last), [resume(1, { epoch: "e1", offset })]);
    network.last.recovered({ offset });
    network.last.control(ended);
    network.last.receive("s1:2:all");
  }
  assert.equal(events.filter((event) => event === "end job:42 done all").length, 1);
  network.last.receive("s1:3:on");
  assert.equal(events.at(-1), "message on");
  socket.close();
});

test("only the record that an end was announced for is one", async () => {
  const { network, socket, events } = await follow();
  network.last.control({ type: "ended", stream: 1, offset: 2, state: "done", reason: "" });
  network.last.receive("s1:1:one");
  network.last.recovered({ recovered: false, reason: "restarted", epoch: "e2", offset: 0 });
  network.last.receive("s1:2:two of another epoch");
  assert.deepEqual(events, ["message one", "reset job:42 restarted null", "message two of another epoch"]);
  socket.close();
});

test("a binary result is delivered as binaryType says", async () => {
  const { network, socket } = await follow();
  const ends = [];
  socket.onend = ({ data }) => ends.push(data);
  network.last.control({ type: "ended", stream: 1, offset: 2, state: "done", reason: "" });
  network.last.receive(Uint8Array.from(Buffer.from("s1:2:\x01", "latin1")).buffer);
  assert.ok(ends[0] instanceof Blob);
  socket.close();
});

test("a stream message has stream and lastEventId, a plain one has not", async () => {
  const { network, socket } = await follow();
  const seen = [];
  socket.onmessage = ({ data, origin, stream, lastEventId }) => seen.push({ data, origin, stream, lastEventId });
  network.last.receive("s1:9007199254740991:a:b");
  network.last.receive("mplain");
  const origin = "wss://service.test";
  assert.deepEqual(seen, [
    { data: "a:b", origin, stream: "job:42", lastEventId: "9007199254740991" },
    { data: "plain", origin, stream: undefined, lastEventId: "" },
  ]);
  socket.close();
});

test("the position moves before the page is told, so that a handler may do what it likes", async (t) => {
  const pass = freezeTime(t);
  const { network, socket } = await follow();
  socket.onmessage = () => network.last.end(1006); // the connection breaks while the handler runs
  network.last.receive("s1:1:one");
  socket.onmessage = null;
  await pass(1000);
  network.last.open({ acks: true });
  network.last.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: 1 });
  assert.deepEqual(said(network.last), [resume(1, { epoch: "e1", offset: 1 })]);
  socket.close();
});

test("after close() nothing of a stream is delivered", async () => {
  const { network, socket, events } = await follow();
  socket.onreset = () => socket.close();
  network.last.recovered({ recovered: false, reason: "trimmed", offset: 1 });
  network.last.receive("s1:2:two");
  network.last.recovered({ recovered: false, reason: "trimmed", offset: 9 });
  network.last.control({ type: "ended", stream: 1, offset: 10, state: "done", reason: "" });
  network.last.receive("s1:10:all");
  network.last.control({ type: "joined", stream: 2, name: "job:43", epoch: "e1", top: 0 });
  assert.deepEqual([events, said(network.last)], [["reset job:42 trimmed null"], []]);
});

test("frames that make no sense are ignored, with one warning, and harm nothing", async (t) => {
  const warnings = catchWarnings(t);
  const { network, socket, events } = await follow();
  for (const frame of ["s", "s1", "s1:", "s1:x:y", "s:1:y", "s7:1:y", "sx:1:y", "s1:-1:y", "s-1:1:y", "s1::y"]) network.last.receive(frame);
  network.last.receive(new ArrayBuffer(0));
  network.last.receive(Uint8Array.from(Buffer.from("s1:2")).buffer);
  for (const frame of ["cnull", "c", "c[]", 'c{"type":"recovered","stream":8}', 'c{"type":"ended","stream":8}', 'c{"type":"left"}', "z", "a", "ax"]) {
    network.last.receive(frame);
  }
  network.last.receive("s1:1:fine");
  assert.deepEqual(events, ["message fine"]);
  assert.deepEqual(warnings.map((text) => /starts with (.*)/.exec(text)?.[1]), ['"s"', "undefined", '"c"', '"z"']);
  socket.close();
});
