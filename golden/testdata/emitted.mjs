// Talks to every route of a running service with its emitted client, in Node: a message of text, one of bytes, a request
// where the consumer is async, and the close. Run by TestNode with CLIENT (client/index.js), WS (the npm package ws) and
// BASE_URL in the environment, and COOKIE or TOKEN where somebody has logged in. It prints a line for each route and ends with 1 at the first that fails.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const { CLIENT, WS, BASE_URL, COOKIE, TOKEN } = process.env;
const { sockets } = await import(pathToFileURL(CLIENT).href);
const { WebSocket } = await import(pathToFileURL(WS).href);

const examples = {
  str: "a b€",
  int: 9007199254740993n,
  slug: "lobby-1",
  uuid: "075194d3-6885-417e-a8a8-6c931e272f00",
  word: "fünf_5",
  path: "a/b c/d.txt",
};

for (const Class of sockets) {
  for (const route of Class.routes) {
    const params = Object.fromEntries(Object.entries(route.params).map(([name, converter]) => [name, examples[converter]]));
    await talk(new Class(params, {
      route: route.path,
      url: BASE_URL,
      token: TOKEN ? () => TOKEN : undefined,
      WebSocket: (url, offers) => new WebSocket(url, offers, { origin: BASE_URL, headers: COOKIE ? { cookie: COOKIE } : {} }),
    }), Class.mode);
    console.log(`ok ${Class.name} ${route.path}`);
  }
}

async function talk(socket, mode) {
  socket.binaryType = "arraybuffer";
  await next(socket, "open");
  assert.equal(socket.readyState, 1);
  assert.ok(socket.id, "the service told no socket id");

  assert.equal(socket.send("hello, wörld"), "sent");
  assert.equal((await next(socket, "message")).data, "hello, wörld");

  socket.send(new Uint8Array([0, 255, 1]));
  assert.deepEqual(new Uint8Array((await next(socket, "message")).data), new Uint8Array([0, 255, 1]));

  if (mode === "async") {
    assert.deepEqual(await socket.request({ question: 1 }, { timeout: Infinity }), { question: 1 });
    assert.equal(await socket.request("plain", { timeout: Infinity }), "plain");
  } else {
    await assert.rejects(socket.request("plain"), TypeError);
  }

  const closed = next(socket, "close");
  socket.close(1000, "done");
  const { code, willReconnect } = await closed;
  assert.equal(code, 1000);
  assert.equal(willReconnect, false);
}

/** The next event of a type; a close instead of it is a failure. */
function next(socket, type) {
  return new Promise((resolve, reject) => {
    const settle = (event) => {
      socket.removeEventListener(type, settle);
      socket.removeEventListener("close", settle);
      if (event.type === type) resolve(event);
      else reject(new Error(`closed with ${event.code} ${event.reason} while waiting for ${type}`));
    };
    socket.addEventListener(type, settle);
    socket.addEventListener("close", settle);
  });
}
