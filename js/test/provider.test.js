import assert from "node:assert/strict";
import { test } from "node:test";
import { freezeTime, Network, settled } from "../lib/fake.js";

test("url and token are asked at each attempt", async (t) => {
  const pass = freezeTime(t);
  let asked = 0;
  const network = new Network();
  const { socket } = network.socket({
    url: async () => `https://service-${++asked}.test`,
    token: () => `t${asked}`,
  });
  assert.equal(socket.url, "");
  await settled();
  network.last.open();
  network.last.end(1006);
  await pass(1000);
  assert.deepEqual(network.connections.map(({ url, protocols }) => [url, protocols[1]]), [
    ["wss://service-1.test/ws/chat", "wsgen.bearer.t1"],
    ["wss://service-2.test/ws/chat", "wsgen.bearer.t2"],
  ]);
  assert.equal(socket.url, "wss://service-2.test/ws/chat");
  socket.close();
});

test("a provider that fails is a failed attempt", async (t) => {
  const pass = freezeTime(t);
  let broken = true;
  const network = new Network();
  const { socket, events } = network.socket({
    token: async () => {
      if (broken) throw new Error("offline");
      return "t";
    },
  });
  const errors = [];
  socket.onerror = ({ error }) => errors.push(error.message);
  await settled();
  assert.deepEqual([events, errors, network.connections.length], [["error offline", "close 1006 again"], ["offline"], 0]);
  broken = false;
  await pass(1000);
  network.last.open();
  assert.equal(events.at(-1), "open");
  socket.close();
});

test("a provider that never answers is given up, and its late answer ignored", async (t) => {
  const pass = freezeTime(t);
  const answers = [];
  const network = new Network();
  const { socket, events } = network.socket({ url: () => new Promise((resolve) => answers.push(resolve)) });
  await pass(20_000);
  assert.deepEqual(events, ["close 1006 again"]);
  answers[0]("https://late.test");
  await settled();
  assert.equal(network.connections.length, 0);
  await pass(1000);
  answers[1]("https://service.test");
  await settled();
  assert.equal(network.last.url, "wss://service.test/ws/chat");
  socket.close();
});

test("close while a provider is asked: no connection is begun", async () => {
  let answer;
  const network = new Network();
  const { socket, events } = network.socket({ url: () => new Promise((resolve) => (answer = resolve)) });
  await settled();
  socket.close();
  answer("https://service.test");
  await settled();
  assert.deepEqual([network.connections.length, events], [0, ["close 1005 final"]]);
});

test("close while a provider is asked that then fails: nothing more is heard of it", async () => {
  let refuse;
  const network = new Network();
  const { socket, events } = network.socket({ token: () => new Promise((_, reject) => (refuse = reject)) });
  await settled();
  socket.close();
  refuse(new Error("too late"));
  await settled();
  assert.deepEqual(events, ["close 1005 final"]);
});

test("what the WebSocket constructor refuses ends the socket", async () => {
  const refuse = () => {
    throw new DOMException("not a token", "SyntaxError");
  };
  const { socket, events } = new Network().socket({ WebSocket: refuse, protocols: "a b" });
  await settled();
  assert.deepEqual([events, socket.readyState], [["error not a token", "close 1006 final"], 3]);
});

test("4401: the socket comes back only with another token", async (t) => {
  const pass = freezeTime(t);
  const cases = [
    { tokens: ["old", "new", "newer"], ends: false },
    { tokens: ["old", "old"], ends: true },
    { tokens: "old", ends: true },
    { tokens: undefined, ends: true },
    { tokens: ["old", "", "", "newer"], ends: true }, // signed out: the page is not to become nobody without a word
    { tokens: ["old", undefined], ends: true },
    { tokens: ["old", new Error("no network"), "new", "newer"], ends: false }, // which may be back a moment later
  ];
  for (const { tokens, ends } of cases) {
    const left = Array.isArray(tokens) && [...tokens];
    const token = left
      ? async () => {
          const next = left.shift();
          if (next instanceof Error) throw next;
          return next;
        }
      : tokens;
    const network = new Network();
    const { socket, events } = await network.open({ token });
    network.last.farewell(4401);
    await settled();
    assert.equal(events.at(-1), `close 4401 ${ends ? "final" : "again"}`, JSON.stringify(tokens));
    await pass(1000);
    assert.equal(network.connections.length, ends ? 1 : 2);
    if (!ends) {
      // It was asked once for the new token, not once more for the attempt; but for the next attempt it is.
      assert.deepEqual([network.last.protocols[1], left], ["wsgen.bearer.new", ["newer"]]);
      network.last.end(1006);
      await pass(1000);
      assert.equal(network.last.protocols[1], "wsgen.bearer.newer");
    }
    socket.close();
    await settled();
  }
});

test("close while another token is asked for after 4401", async (t) => {
  const pass = freezeTime(t);
  let give;
  const network = new Network();
  const { socket, events } = await network.open({ token: () => (network.last ? new Promise((resolve) => (give = resolve)) : "old") });
  network.last.farewell(4401);
  socket.close();
  give("new");
  await pass(60_000);
  assert.deepEqual([events, network.connections.length], [["close 1005 final"], 1]);
});

