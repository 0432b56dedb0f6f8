// Programs against the declarations of the goldens' clients; type-checked by test/types.test.js and never run. What they
// must not accept carries @ts-expect-error.
import { EchoSocket, Socket, sockets } from "../../golden/minimal/client/index.js";
import { ChatSocket, UserIDSocket } from "../../golden/mixed/client/index.js";

// A drop-in: a socket goes where a WebSocket is asked for.
const asWebSocket: WebSocket = new EchoSocket();
const asTarget: EventTarget = asWebSocket;
function handWritten(s: WebSocket) {
  s.onopen = () => s.send("hello");
  s.onmessage = (e) => console.log(e.data);
  s.onclose = (e) => console.log(e.code, e.reason, e.wasClean);
  s.addEventListener("close", (e) => console.log(e.code));
}
handWritten(new EchoSocket());

const echo = new EchoSocket({}, { url: async () => "https://example.com", token: () => "t", protocols: ["v2"] });
echo.onclose = (e) => {
  const stays: boolean = e.willReconnect;
  console.log(stays, e.code, e.undelivered.length);
};
echo.addEventListener("error", (e) => console.log(e.message.length, e.error));
echo.addEventListener("message", (e: MessageEvent<string>) => console.log(e.data), { once: true });
const fate: "sent" | "queued" | "dropped" = echo.send(new Uint8Array(1));
if (echo.readyState === EchoSocket.OPEN) console.log(fate, echo.id, echo.bufferedAmount);

// Another WebSocket, by constructor or by function.
declare class Other {
  readonly readyState: 0 | 1 | 2 | 3;
  readonly bufferedAmount: number;
  readonly extensions: string;
  binaryType: "nodebuffer" | "arraybuffer";
  constructor(url: string | URL, protocols?: string | string[]);
  send(data: string | Uint8Array, done?: (error?: Error) => void): void;
  close(code?: number, reason?: string | Uint8Array): void;
  addEventListener(type: "open", listener: (event: { type: string }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number }) => void): void;
}
new EchoSocket({}, { WebSocket: Other });
new EchoSocket({}, { WebSocket: (url, protocols) => new Other(url, protocols) });
new EchoSocket({}, { WebSocket });

const chat = new ChatSocket({ room: "lobby", user_id: 7n });
const reply: Promise<{ answer: number }> = chat.request<{ answer: number }>({ question: 1 }, { timeout: 5000 });
const text: Promise<string | ArrayBuffer | Blob> = chat.request("question");
console.log(reply, text, asTarget);

for (const Class of sockets) {
  for (const { path, params } of Class.routes) console.log(Class.consumer, Class.mode, path, Object.keys(params));
}

// @ts-expect-error: echo has no params
new EchoSocket({ room: "lobby" });
// @ts-expect-error: a typing error in the name
new ChatSocket({ rom: "lobby" }, { route: "/ws/chat/{room:slug}" });
// @ts-expect-error: two routes have these params
new ChatSocket({ room: "lobby" });
// @ts-expect-error: there is no such route
new ChatSocket({ room: "lobby" }, { route: "/ws/rooms/{room:slug}" });
// @ts-expect-error: an int is no boolean
new UserIDSocket({ user_id: true });
// @ts-expect-error: a sync consumer does not reply
echo.request("question");
// @ts-expect-error: sockets are made through the class of a consumer
new Socket();
// @ts-expect-error: the state is not for the page to set
echo.readyState = 1;
// @ts-expect-error: no option of that name
new EchoSocket({}, { reconnect: false });
// @ts-expect-error: the service has no streams
echo.onreset = null;
// @ts-expect-error: and sends what has no stream
echo.onmessage = (e) => e.stream;
