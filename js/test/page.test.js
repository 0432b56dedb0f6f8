import assert from "node:assert/strict";
import { test } from "node:test";
import { freezeTime, Network, settled } from "../lib/fake.js";

/** Makes this process a page, as far as the client can see. Returns a function that fires an event on its window. */
function page(t) {
  const window = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  globalThis.document = { hidden: false };
  t.after(() => {
    delete globalThis.addEventListener;
    delete globalThis.document;
  });
  return (type, properties) => window.dispatchEvent(Object.assign(new Event(type), properties));
}

for (const type of ["online", "pageshow", "visibilitychange"]) {
  test(`${type}: a pending attempt is made at once, and the waits start anew`, async (t) => {
    const fire = page(t);
    const pass = freezeTime(t);
    const attempts = [];
    const network = new Network();
    const { socket } = await network.open({ backoff: (attempt) => (attempts.push(attempt), 30_000) });
    network.last.end(1006);
    await pass(30_000);
    network.last.fail();
    fire(type);
    await settled();
    assert.equal(network.connections.length, 3);
    await pass(30_000); // the timer that was called off does not fire as well
    network.last.fail();
    assert.deepEqual([network.connections.length, attempts], [3, [0, 1, 0]]);
    socket.close();
  });
}

test("a page that is hidden wakes nothing", async (t) => {
  const fire = page(t);
  freezeTime(t);
  const network = new Network();
  const { socket } = await network.open();
  network.last.end(1006);
  document.hidden = true;
  fire("visibilitychange");
  await settled();
  assert.equal(network.connections.length, 1);
  socket.close();
});

test("on waking the clock is looked at", async (t) => {
  const fire = page(t);
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  pass.asleep(60_000);
  fire("visibilitychange");
  await pass(1000);
  assert.deepEqual(events, ["close 1006 again"]);
  socket.close();
});

test("waking changes nothing about a connection that is fine, or being made", async (t) => {
  const fire = page(t);
  const network = new Network();
  const { socket, events } = network.socket();
  await settled();
  fire("online");
  network.last.open();
  fire("online");
  fire("pageshow", { persisted: false });
  await settled();
  assert.deepEqual([network.connections.length, events], [1, ["open"]]);
  socket.close();
});

test("into the back/forward cache and out of it", async (t) => {
  const fire = page(t);
  const pass = freezeTime(t);
  const network = new Network();
  const { socket, events } = await network.open();
  fire("pagehide", { persisted: true });
  assert.deepEqual([network.last.closedWith, events], [[4000, "page hidden"], ["close 1001 again"]]);
  await pass(60_000);
  assert.equal(network.connections.length, 1);
  fire("pageshow", { persisted: true });
  await settled();
  network.last.open();
  assert.deepEqual(events, ["close 1001 again", "open"]);
  socket.close();
});

test("a page that goes for good is left to the browser", async (t) => {
  const fire = page(t);
  const network = new Network();
  const { socket, events } = await network.open();
  fire("pagehide", { persisted: false });
  assert.deepEqual([network.last.closedWith, events], [undefined, []]);
  socket.close();
});

test("a socket that is closed listens to the page no more", async (t) => {
  const fire = page(t);
  const network = new Network();
  const { events } = await network.open();
  network.last.farewell(1000);
  fire("pagehide", { persisted: true });
  fire("pageshow", { persisted: true });
  fire("online");
  await settled();
  assert.deepEqual([network.connections.length, events], [1, ["close 1000 final"]]);
});
