// Programs against the declarations of a service whose processes share a layer; see consumer.ts.
import { EchoSocket } from "../../golden/minimal/client/index.js";
import { MembersSocket, type MissedEvent } from "../../golden/session_redis/client/index.js";

const members = new MembersSocket();
members.onmissed = (e) => console.log(e.group.length);
members.addEventListener("missed", (e: MissedEvent) => console.log(e.group.length));

// Where there is one process nothing can be missed between several.
// @ts-expect-error
new EchoSocket().onmissed = null;
