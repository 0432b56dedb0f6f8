// Talks to a route of a running service with the npm package ws: raw frames, protocol pings, close codes. Run by TestNode
// with WS, BASE_URL and ROUTE in the environment. It ends with 1 at the first thing that fails.
import assert from "node:assert/strict";
import { once } from "node:events";
import { pathToFileURL } from "node:url";

const { WS, BASE_URL, ROUTE } = process.env;
const { WebSocket } = await import(pathToFileURL(WS).href);
const url = BASE_URL.replace("http", "ws") + ROUTE;

const socket = new WebSocket(url, { origin: BASE_URL });
await once(socket, "open");
assert.equal(socket.protocol, "");

socket.send("hello, wörld");
let [data, isBinary] = await once(socket, "message");
assert.equal(data.toString(), "hello, wörld");
assert.equal(isBinary, false);

socket.send(Buffer.from([0, 255, 1]));
[data, isBinary] = await once(socket, "message");
assert.deepEqual([...data], [0, 255, 1]);
assert.equal(isBinary, true);

socket.ping("are you there");
assert.equal((await once(socket, "pong"))[0].toString(), "are you there");

// A message in three fragments is one message.
socket.send("one ", { fin: false });
socket.send("and ", { fin: false });
socket.send("two", { fin: true });
assert.equal((await once(socket, "message"))[0].toString(), "one and two");

socket.close(4321, "bye");
assert.equal((await once(socket, "close"))[0], 4321);

// wsgen.raw may be asked for by name, and is then echoed; a subprotocol nobody chose is not.
const raw = new WebSocket(url, ["wsgen.raw"], { origin: BASE_URL });
await once(raw, "open");
assert.equal(raw.protocol, "wsgen.raw");
raw.close();
await once(raw, "close");

// A foreign origin is told 403 before there is a socket.
const foreign = new WebSocket(url, { origin: "https://evil.example" });
foreign.on("error", () => {}); // closing a handshake that is refused is one
const [, response] = await once(foreign, "unexpected-response");
assert.equal(response.statusCode, 403);
foreign.terminate();
console.log(`ok ${ROUTE}`);
