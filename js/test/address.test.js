import assert from "node:assert/strict";
import { test } from "node:test";
import { address, pathOf } from "../../templates/project/client/address.js";

const chat = {
  consumer: "chat",
  routes: [
    { path: "/ws/chat", params: {} },
    { path: "/ws/chat/{room:slug}", params: { room: "slug" } },
    { path: "/ws/rooms/{room:slug}", params: { room: "slug" } },
    { path: "/ws/chat/{room:slug}/{user:int}", params: { room: "slug", user: "int" } },
  ],
};

test("the route is the one whose parameter names are those given", () => {
  assert.equal(pathOf(chat, {}), "/ws/chat");
  assert.equal(pathOf(chat, { user: 7, room: "lobby" }), "/ws/chat/lobby/7");
});

test("two routes with the same names need options.route", () => {
  assert.equal(pathOf(chat, { room: "lobby" }, "/ws/rooms/{room:slug}"), "/ws/rooms/lobby");
  assert.throws(() => pathOf(chat, { room: "lobby" }), {
    name: "TypeError",
    message:
      "chat: options.route must name one of: " +
      "/ws/chat, /ws/chat/{room:slug}, /ws/rooms/{room:slug}, /ws/chat/{room:slug}/{user:int}",
  });
});

test("names that no route has are told with the routes there are", () => {
  for (const [params, route] of [[{ rom: "x" }], [{ room: "x", user: 1, more: 1 }], [{}, "/ws/chat/{room:slug}"], [{}, "/ws/none"]]) {
    assert.throws(() => pathOf(chat, params, route), /^TypeError: chat: no route has just the params \{.*\}: \/ws\/chat, /);
  }
});

const values = [
  // converter, value, what stands in the path (undefined: refused)
  ["str", "lobby", "lobby"],
  ["str", "ä b?#%", "%C3%A4%20b%3F%23%25"],
  ["str", "...", "..."],
  ["str", "%2e", "%252e"],
  ["str", 7, "7"],
  ["str", "", undefined],
  ["str", "a/b", undefined],
  ["str", ".", undefined],
  ["str", "..", undefined],
  ["str", undefined, undefined],
  ["str", null, undefined],
  ["int", 0, "0"],
  ["int", "007", "007"],
  ["int", 9223372036854775807n, "9223372036854775807"],
  ["int", "9223372036854775808", undefined],
  ["int", 2 ** 53, undefined],
  ["int", -1, undefined],
  ["int", 1.5, undefined],
  ["int", NaN, undefined],
  ["int", 1e21, undefined],
  ["int", " 1", undefined],
  ["int", "1\n", undefined],
  ["int", "٣", undefined],
  ["slug", "A-z_9", "A-z_9"],
  ["slug", "a b", undefined],
  ["slug", "é", undefined],
  ["uuid", "0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e"],
  ["uuid", "0F8FAD5B-D9CB-469F-A165-70867728950E", undefined],
  ["uuid", "0f8fad5bd9cb469fa16570867728950e", undefined],
  ["word", "naïve_٣", "na%C3%AFve_%D9%A3"],
  ["word", "a-b", undefined],
  ["path", "a/b c/", "a/b%20c/"],
  ["path", "/", "/"],
  ["path", "", undefined],
  ["path", "a/../b", undefined],
  ["path", "./a", undefined],
];

for (const [converter, value, want] of values) {
  test(`${converter} ${want === undefined ? "refuses" : "takes"} ${typeof value} ${JSON.stringify(String(value))}`, () => {
    const socket = { consumer: "c", routes: [{ path: `/ws/{x:${converter}}`, params: { x: converter } }] };
    if (want === undefined) {
      assert.throws(() => pathOf(socket, { x: value }), { name: "TypeError", message: new RegExp(`does not fit {x:${converter}}$`) });
    } else {
      assert.equal(pathOf(socket, { x: value }), `/ws/${want}`);
    }
  });
}

test("a param named like a property of every object is no param", () => {
  assert.throws(() => pathOf(chat, { constructor: "x" }), /no route has just the params \{constructor\}/);
});

const addresses = [
  ["https://example.com", "wss://example.com/ws/echo"],
  ["http://example.com:8080/", "ws://example.com:8080/ws/echo"],
  ["wss://example.com/behind/proxy/", "wss://example.com/behind/proxy/ws/echo"],
  ["wss://example.com/behind?tenant=3#top", "wss://example.com/behind/ws/echo?tenant=3"],
];

for (const [service, want] of addresses) {
  test(`the service at ${service}`, () => assert.equal(address(service, "/ws/echo"), want));
}

test("without options.url the service is where the page came from", (t) => {
  assert.throws(() => address(undefined, "/ws/echo"), { name: "SyntaxError", message: /is no address such as "https:\/\/example\.com"/ });
  globalThis.location = new URL("https://example.com/deep/page?x=1");
  t.after(() => delete globalThis.location);
  assert.equal(address(undefined, "/ws/echo"), "wss://example.com/ws/echo");
  assert.equal(address("?tenant=3", "/ws/echo"), "wss://example.com/ws/echo?tenant=3");
});

test("characters of a literal that mean something in a URL are escaped", () => {
  assert.equal(address("https://example.com", "/ws/a?b#c/ü"), "wss://example.com/ws/a%3Fb%23c/%C3%BC");
});
