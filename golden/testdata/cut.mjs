// A page that follows streams with the emitted client, in Node, and tells what it is handed: each line that it prints is one
// event as package wireclient of the tests has it. It sends commands meanwhile. Run by the tests of cuts with CLIENT
// (client/index.js), WS (the npm package ws), BASE_URL, CONSUMER, TOPICS, NAME and COMMANDS (how many) in the environment.
// When its standard input ends, it waits until its commands are acknowledged, closes and ends.
import { once } from "node:events";
import { pathToFileURL } from "node:url";

const { CLIENT, WS, BASE_URL, CONSUMER, TOPICS, NAME, COMMANDS } = process.env;
const { sockets } = await import(pathToFileURL(CLIENT).href);
const { WebSocket } = await import(pathToFileURL(WS).href);

const Class = sockets.find(({ consumer }) => consumer === CONSUMER);
const socket = new Class({ topics: TOPICS }, {
  url: BASE_URL,
  WebSocket: (url, offers) => new WebSocket(url, offers, { origin: BASE_URL, handshakeTimeout: 2000 }),
  backoff: () => Math.random() * 20,
  openTimeout: 2000,
  queueBytes: 2 ** 26,
});
socket.binaryType = "arraybuffer";

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const base64 = (data) => (data == null ? undefined : Buffer.from(data).toString("base64"));

socket.onmessage = ({ stream, lastEventId, data }) =>
  tell({ kind: "message", stream, offset: Number(lastEventId), binary: typeof data !== "string", data: base64(data) });
socket.onreset = ({ stream, reason, data }) => tell({ kind: "reset", stream, reason, data: base64(data) });
socket.onend = ({ stream, state, reason, data }) => tell({ kind: "end", stream, state, reason, data: base64(data) });
socket.onmissed = ({ group }) => tell({ kind: "missed", group });
socket.onclose = ({ code, reason, undelivered }) => {
  tell({ kind: "closed", code, reason });
  // A loss has none, since they are sent again, and this page does not end before all are acknowledged.
  if (undelivered.length > 0) tell({ kind: "breach", reason: `${undelivered.length} commands are undelivered` });
};

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const topics = TOPICS.split(",");
const sending = (async () => {
  for (let k = 1; k <= Number(COMMANDS); k++) {
    const text = k % 20 ? `do ${NAME} ${k}` : `again ${NAME} ${k} ${topics[k % topics.length]}`;
    socket.send(k % 7 ? text : Buffer.from(text));
    await rest(Math.random() * 10);
  }
})();

process.stdin.resume();
await once(process.stdin, "end");
await sending;
while (socket.bufferedAmount > 0) await rest(5);
const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
socket.close(1000);
await closed;
// The library waits for silent connections half a minute.
process.stdout.write("", () => process.exit(0));
