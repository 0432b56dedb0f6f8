// A program against client/index.d.ts of golden/minimal. It is only type-checked.
import { EchoSocket, service, sockets } from "../minimal/client/index.js";

const echo = new EchoSocket();
echo.onopen = () => echo.send("hello");
echo.onmessage = (e) => console.log(e.data);
echo.onclose = (e) => console.log(e.code, e.willReconnect);
echo.onerror = (e) => console.error(e.message);
echo.addEventListener("message", (e) => e.data, { once: true });
echo.binaryType = "arraybuffer";
echo.send(new Uint8Array(2));
echo.close(1000, "done");

// Where a WebSocket's members are asked for, a socket will do.
const some: Pick<WebSocket, "send" | "close" | "readyState" | "url" | "protocol" | "bufferedAmount" | "binaryType"> = echo;
console.log(some.readyState, service, sockets.length);

new EchoSocket({}, { url: "https://example.com", token: async () => "secret", protocols: ["chat.v1"], backoff: (n) => n * 100 });

// @ts-expect-error: the route has no parameters
new EchoSocket({ room: "lobby" });
// @ts-expect-error: a sync consumer does not reply
echo.request("question");
// @ts-expect-error: there is no such option
new EchoSocket({}, { urls: "https://example.com" });
