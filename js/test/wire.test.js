import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Network, settled } from "../lib/fake.js";

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
  async control({ socket, connection, frame, fields }) {
    if (fields.type === "failed") {
      const request = assert.rejects(socket.request("first"), /the handler failed/);
      connection.receive(frame);
      return request;
    }
    if (fields.type === "close") {
      const closes = [];
      socket.onclose = ({ code, reason }) => closes.push([code, reason]);
      connection.receive(frame);
      connection.end(1006);
      return assert.deepEqual(closes, [[fields.code, fields.reason]]);
    }
    connection.receive(frame); // hello, of which a second one means nothing, or a type of a later version
    assert.equal(socket.readyState, 1);
  },
};

for (const example of wire.filter(({ direction }) => direction === "to-client")) {
  test(`receives: ${example.name}`, async () => {
    const network = new Network();
    const { socket } = await network.open();
    socket.binaryType = "arraybuffer";
    await receives[example.kind]({ socket, connection: network.last, frame: frameOf(example), fields: example.fields });
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
  pong: ({ connection }) => connection.receive("p"),
};

/** This client counts its requests; other ids are for others. */
const counted = ({ kind, fields }) => kind !== "request" || /^\d$/.test(fields.id);

for (const example of wire.filter(({ direction, kind }) => direction === "to-server" && sends[kind]).filter(counted)) {
  test(`sends: ${example.name}`, async () => {
    const network = new Network();
    const { socket } = await network.open();
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
    const tested = direction === "to-client" ? receives[kind] : sends[kind] || kind === "error" || kind === "control";
    assert.ok(tested, `${name}: ${kind} ${JSON.stringify(fields)}`);
  }
});
