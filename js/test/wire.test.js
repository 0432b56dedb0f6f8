import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { catchWarnings, Network, settled } from "../lib/fake.js";

// The examples that the service's tests read too.
const examples = JSON.parse(readFileSync(new URL("../../docs/protocol-examples.json", import.meta.url)));
const wire = examples.filter(({ form }) => form === "wsgen.1");
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const frameOf = ({ text, hex }) => text ?? bytes(hex).buffer;
const payloadOf = ({ payload, payload_hex }) => payload ?? bytes(payload_hex);
const readable = (data) => (typeof data === "string" ? data : new Uint8Array(data));

/** What the client does with a frame of each kind from the service. */
const receives = {
  message({ socket, connection, frame, fields }) {
    const received = [];
    socket.onmessage = ({ data }) => received.push(readable(data));
    connection.receive(frame);
    assert.deepEqual(received, [payloadOf(fields)]);
  },
  async reply({ socket, connection, frame, fields }) {
    const reply = socket.request("first");
    assert.equal(fields.id, "1", "the client's first request has the id 1");
    connection.receive(frame);
    assert.deepEqual(readable(await reply), payloadOf(fields));
  },
  ping({ connection, frame }) {
    connection.receive(frame);
    assert.deepEqual(connection.sent, ["q"]);
  },
  stream({ socket, connection, frame, fields }) {
    const received = [];
    socket.onmessage = ({ data, lastEventId, stream }) => received.push([readable(data), lastEventId, stream]);
    connection.joined("job:42", fields.stream);
    connection.receive(frame);
    assert.deepEqual(received, [[payloadOf(fields), `${fields.offset}`, "job:42"]]);
  },
  ack({ socket, connection, frame, fields }) {
    for (let number = 1; number <= fields.number; number++) socket.send("x");
    assert.notEqual(socket.bufferedAmount, 0);
    connection.receive(frame);
    assert.equal(socket.bufferedAmount, 0);
  },
  control: (one) => (controls[one.fields.type] ?? controls.ignored)(one),
};

const controls = {
  failed({ socket, connection, frame }) {
    const request = assert.rejects(socket.request("first"), /the handler failed/);
    connection.receive(frame);
    return request;
  },
  close({ socket, connection, frame, fields }) {
    const closes = [];
    socket.onclose = ({ code, reason }) => closes.push([code, reason]);
    connection.receive(frame);
    connection.end(1006);
    assert.deepEqual(closes, [[fields.code, fields.reason]]);
  },
  missed({ socket, events, connection, frame, fields }) {
    const groups = [];
    socket.onmissed = (event) => groups.push(`${event.type} ${event.group} ${event.target === socket}`);
    socket.addEventListener("missed", ({ group }) => groups.push(group));
    connection.receive(frame);
    assert.deepEqual(groups, [`missed ${fields.group} true`, fields.group]);
    assert.deepEqual([socket.readyState, events], [1, []]);
  },
  joined({ connection, frame, fields }) {
    connection.receive(frame);
    assert.deepEqual(connection.sent, [`c${JSON.stringify({ type: "resume", stream: fields.stream })}`]);
  },
  recovered({ events, connection, frame, fields }) {
    connection.joined("job:42", fields.stream, 99);
    connection.receive(frame);
    if (fields.snapshot) connection.receive(`s${fields.stream}:${fields.offset}:now`);
    assert.deepEqual(events, fields.recovered ? [] : [`reset job:42 ${fields.reason} ${fields.snapshot ? "now" : null}`]);
    connection.control({ type: "left", stream: fields.stream });
    connection.control({ type: "joined", stream: 9, name: "job:42", epoch: fields.epoch, top: fields.offset });
    const { epoch, offset } = fields;
    assert.equal(connection.sent.at(-1), `c${JSON.stringify({ type: "resume", stream: 9, epoch, offset })}`);
  },
  ended({ events, connection, frame, fields }) {
    connection.joined("job:42", fields.stream);
    connection.receive(frame);
    connection.receive(`s${fields.stream}:${fields.offset}:result`);
    assert.deepEqual(events, [`end job:42 ${fields.state} ${fields.state === "done" ? "result" : null} ${fields.reason}`.trim()]);
  },
  left({ events, connection, frame, fields }) {
    connection.joined("job:42", fields.stream);
    connection.receive(frame);
    connection.receive(`s${fields.stream}:1:late`);
    assert.deepEqual(events, []);
  },
  /** hello, of which a second one means nothing, or a type of a later version. */
  ignored({ socket, events, connection, frame }) {
    connection.receive(frame);
    assert.deepEqual([socket.readyState, events], [1, []]);
  },
};

for (const example of wire.filter(({ direction }) => direction === "to-client")) {
  test(`receives: ${example.name}`, async (t) => {
    if (example.fields.type === "left") catchWarnings(t);
    const network = new Network();
    const { socket, events } = await network.openStreams();
    socket.binaryType = "arraybuffer";
    await receives[example.kind]({ socket, events, connection: network.last, frame: frameOf(example), fields: example.fields });
    socket.close();
  });
}

const ofStreams = ({ kind, fields }) => kind === "stream" || kind === "ack" || /^(joined|left|recovered|ended)$/.test(fields.type);

for (const example of wire.filter(({ direction }) => direction === "to-client")) {
  test(`without streams.js: ${example.name}`, async (t) => {
    const warnings = catchWarnings(t);
    const network = new Network();
    const { socket, events } = await network.open();
    socket.binaryType = "arraybuffer";
    const one = { socket, events, connection: network.last, frame: frameOf(example), fields: example.fields };
    await (ofStreams(example) ? controls.ignored : receives[example.kind])(one);
    assert.equal(warnings.length, example.kind === "stream" || example.kind === "ack" ? 1 : 0);
    socket.close();
  });
}

test("hello opens the socket with the example's values", async () => {
  const example = wire.find(({ direction, fields }) => direction === "to-client" && fields.type === "hello");
  const network = new Network();
  const { socket } = network.socket();
  await settled();
  network.last.accept();
  network.last.receive(frameOf(example));
  assert.deepEqual([socket.readyState, socket.id, socket.protocol], [1, example.fields.id, example.fields.protocol]);
  socket.close();
});

/** What makes the client send a frame of each kind. */
const sends = {
  message: ({ socket, fields }) => socket.send(payloadOf(fields)),
  request({ socket, fields }) {
    for (let id = 1; id <= Number(fields.id); id++) socket.request(payloadOf(fields)).catch(() => {});
  },
  command({ socket, fields }) {
    for (let number = 1; number <= fields.number; number++) socket.send(payloadOf(fields));
  },
  pong: ({ connection }) => connection.receive("p"),
  control({ connection, fields }) {
    if (fields.epoch) connection.joined("job:42", 9, fields.offset, fields.epoch);
    connection.joined("job:42", fields.stream);
  },
};

/** Another client may choose ids, begin with another number, or say what is not known yet; this one counts. */
const ofThisClient = ({ kind, fields }) => {
  if (kind === "request") return /^\d$/.test(fields.id);
  if (kind === "command") return fields.number < 10;
  return kind !== "control" || fields.type === "resume";
};

for (const example of wire.filter(({ direction, kind }) => direction === "to-server" && sends[kind]).filter(ofThisClient)) {
  test(`sends: ${example.name}`, async () => {
    const network = new Network();
    const { socket } = await (example.kind === "message" ? network.open() : network.openStreams());
    sends[example.kind]({ socket, connection: network.last, fields: example.fields });
    assert.deepEqual(readable(network.last.sent.at(-1)), readable(frameOf(example)));
    socket.close();
  });
}

test("the first frame has the form of the example", async () => {
  const example = wire.find(({ direction, fields }) => direction === "to-server" && fields.type === "client");
  const network = new Network();
  const { socket } = network.socket();
  await settled();
  network.last.accept();
  const anyId = (frame) => frame.replace(/"id":"[0-9a-f]{32}"/, '"id":"…"');
  assert.notEqual(anyId(example.text), example.text);
  assert.equal(anyId(network.last.sent[0]), anyId(example.text));
  socket.close();
});

test("every example is of a kind that is tested here", () => {
  for (const { name, direction, kind, fields } of wire) {
    const tested = direction === "to-client" ? receives[kind] : sends[kind] || kind === "error";
    assert.ok(tested, `${name}: ${kind} ${JSON.stringify(fields)}`);
  }
});
