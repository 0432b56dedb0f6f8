// A program against client/index.d.ts of golden/jwt_nats, which has users. It is only type-checked.
import { DeskSocket, UpdatesSocket, auth } from "../jwt_nats/client/index.js";

const how: "jwt" = auth;
new DeskSocket({ desk: "one" }, { token: async () => "a token, asked for at each attempt" });
new DeskSocket({ desk: "one" }, { token: () => how });
new UpdatesSocket({ job: "7" });

// @ts-expect-error: a token is a text
new DeskSocket({ desk: "one" }, { token: () => 7 });
