// The client over real connections, which a service with a stream cuts again and again.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { Service } from "../lib/service.js";
import { JobSocket } from "../lib/fake.js";

/** Numbers from 0 to below n that are the same in each run. */
function dice(seed) {
  return (n) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % n;
  };
}

const COUNT = 500;
const text = (i) => `message ${i}: ü`;

/** The record with this offset: every third one is binary. */
function send(ws, offset) {
  const data = Buffer.from(`s1:${offset}:${text(offset)}`);
  ws.send(data, { binary: offset % 3 === 0 });
}

/**
 * Serves one connection: replays the stream from where the client says that it is, a few messages too many, and takes commands,
 * until it cuts the connection after some frames.
 */
function serve(connection, roll, state) {
  const { ws } = connection;
  let budget = 5 + roll(60);
  const spend = () => budget-- > 0 || (connection.cut(), false);
  connection.control({ type: "joined", stream: 1, name: "job:42", epoch: "e1", top: COUNT });
  connection.on("frame", (frame) => {
    if (frame.startsWith('c{"type":"resume"')) {
      const { offset = 0 } = JSON.parse(frame.slice(1));
      state.resumed.push(offset);
      connection.control({ type: "recovered", stream: 1, recovered: true, reason: "", epoch: "e1", offset, snapshot: false });
      for (let next = Math.max(1, offset - roll(3)); next <= COUNT && spend(); next++) send(ws, next);
    } else if (frame[0] === "n" && spend()) {
      const [, number, data] = /^n(\d+):(.*)$/.exec(frame);
      assert.ok(connection.last === undefined || Number(number) === connection.last + 1, `${number} after ${connection.last}`);
      connection.last = Number(number);
      if (connection.last > state.taken.length) state.taken.push(data);
      if (roll(4) === 0) ws.send(`a${number}`);
      if (connection.last === COUNT) ws.send(`a${number}`);
    }
  });
}

test("over many cuts each message comes once and in order, both ways", async (t) => {
  const roll = dice(42);
  const state = { resumed: [], taken: [] };
  const service = await Service.start({ echo: false, hello: { ping_ms: 25_000, pong_ms: 8_000, acks: true } });
  t.after(() => service.stop());
  service.on("connection", (connection) => serve(connection, roll, state));

  const socket = new JobSocket({}, { url: service.url, WebSocket, backoff: () => 0 });
  socket.binaryType = "arraybuffer";
  const received = [];
  socket.onmessage = ({ data, lastEventId }) => {
    assert.equal(typeof data === "string", lastEventId % 3 !== 0);
    received.push(typeof data === "string" ? data : Buffer.from(data).toString());
  };
  for (let i = 1; i <= COUNT; i++) socket.send(`command ${i}`);
  // An acknowledgement is no event.
  while (received.length < COUNT || socket.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 5));

  assert.deepEqual(received, Array.from({ length: COUNT }, (_, i) => text(i + 1)));
  assert.deepEqual(state.taken, Array.from({ length: COUNT }, (_, i) => `command ${i + 1}`));
  assert.ok(state.resumed.length > 10, `only ${state.resumed.length} connections`);
  const close = once(socket, "close");
  socket.close();
  assert.deepEqual((await close)[0].undelivered, []);
  t.diagnostic(`${service.connections.length} connections`);
});
