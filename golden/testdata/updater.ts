// A program against client/index.d.ts of golden/updater, whose spec has streams. It is only type-checked.
import { VerUpdateSocket } from "../updater/client/index.js";

const updates = new VerUpdateSocket({ job: "1.4.2" });
updates.onmessage = (e) => console.log(e.stream, e.lastEventId, e.data);
updates.onreset = (e) => console.log(e.stream, e.reason, e.data);
updates.onend = (e) => console.log(e.stream, e.state, e.reason, e.data);
updates.onclose = (e) => console.log(e.code, e.undelivered.length);
updates.addEventListener("reset", (e) => e.reason.length, { once: true });
updates.addEventListener("end", (e) => e.state);
const told: "sent" | "queued" | "dropped" = updates.send("start");
console.log(told);

// Where a WebSocket's members are asked for, a socket will do.
const some: Pick<WebSocket, "send" | "close" | "readyState" | "url" | "protocol" | "bufferedAmount" | "binaryType"> = updates;
console.log(some.readyState);

// @ts-expect-error: the job is missing
new VerUpdateSocket();
// @ts-expect-error: an end has no such property
updates.onend = (e) => e.result;
