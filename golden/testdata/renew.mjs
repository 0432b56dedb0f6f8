// A page whose token expires, in Node, with the emitted client and a provider that gives two tokens of a second or two and then the
// second one again. Run by TestClientRenewsItsToken with CLIENT (client/index.js), WS (the npm package ws), BASE_URL, and the
// SECRET and the AUDIENCE of the tokens in the environment. It prints what happens.
import { createHmac } from "node:crypto";
import { pathToFileURL } from "node:url";

const { CLIENT, WS, BASE_URL, SECRET, AUDIENCE } = process.env;
const { DeskSocket } = await import(pathToFileURL(CLIENT).href);
const { WebSocket } = await import(pathToFileURL(WS).href);

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token that holds until the full second after next. */
function sign() {
  const claims = { sub: "alice", aud: AUDIENCE, exp: Math.floor(Date.now() / 1000) + 2 };
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
}

setTimeout(() => process.exit(1), 60_000).unref(); // a client that hangs

let asked = 0;
let opened = 0;
let last;
const socket = new DeskSocket({ desk: "7" }, {
  url: BASE_URL,
  backoff: () => 0,
  token: async () => (++asked <= 2 ? (last = sign()) : last),
  WebSocket: (url, offers) => new WebSocket(url, offers, { origin: BASE_URL }),
});
socket.onopen = () => {
  console.log(`open ${++opened}`);
  if (opened === 2) socket.send("hello");
};
socket.onmessage = ({ data }) => console.log(`answer ${data}`);
socket.onerror = ({ message }) => console.log(`error ${message}`);
socket.onclose = ({ code, reason, willReconnect }) => console.log(`close ${code} ${reason}, ${willReconnect ? "again" : "final"}`);
