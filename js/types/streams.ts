// The same for a service that has streams.
import { ChatSocket, NewsSocket } from "../../golden/mixed/client/index.js";
import type { EndEvent, ResetEvent, SocketCloseEvent, StreamMessageEvent } from "../../golden/mixed/client/index.js";

const news = new NewsSocket();
const asWebSocket: WebSocket = news;

news.onmessage = (e) => {
  const stream: string | undefined = e.stream;
  console.log(stream, e.lastEventId.length, e.data);
};
news.onreset = (e: ResetEvent) => console.log(e.stream, e.reason === "trimmed", e.data);
news.onend = function (e) {
  const state: "done" | "failed" | "cancelled" | "interrupted" | (string & {}) = e.state;
  console.log(state, e.reason, e.data, this.readyState);
};
news.onclose = (e: SocketCloseEvent) => e.undelivered.forEach((data: string | Uint8Array | Blob) => news.send(data as string));
news.onreset = null;

news.addEventListener("message", (e) => console.log(e.stream));
news.addEventListener("message", (e: MessageEvent<string>) => console.log(e.data));
news.addEventListener("message", (e: StreamMessageEvent<string>) => console.log(e.data.length));
const onEnd = (e: EndEvent) => console.log(e.state);
news.addEventListener("end", onEnd, { once: true });
news.removeEventListener("end", onEnd);
news.addEventListener("reset", (e) => console.log(e.reason));
console.log(asWebSocket.url, new ChatSocket({ room: "lobby", user_id: 1 }).onend);

// @ts-expect-error: an end has no such member
news.onend = (e) => e.result;
// @ts-expect-error: nor has a reset
news.addEventListener("reset", (e) => e.state);
// @ts-expect-error: an event is for reading
news.onreset = (e) => (e.data = null);
// @ts-expect-error: so is what was not delivered
news.onclose = (e) => e.undelivered.pop();
// @ts-expect-error: a handler of another event
news.onreset = onEnd;
