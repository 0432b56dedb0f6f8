// A program against client/index.d.ts of golden/session_redis, which has users. It is only type-checked.
import { MembersSocket, UpdatesSocket, auth } from "../session_redis/client/index.js";

const how: "session" = auth;
const members = new MembersSocket();
members.onclose = (e) => console.log(how, e.code === 4401);
new UpdatesSocket({ job: "7" });

// @ts-expect-error: the users of this service are known by sessions
const other: "jwt" = auth;
