// A program against client/index.d.ts of golden/mixed. It is only type-checked.
import { ChatSocket, FileSocket, UserIDSocket, X2Socket } from "../mixed/client/index.js";

// Two paths of chat have the parameter room: the path must be named.
const chat = new ChatSocket({ room: "lobby" }, { route: "/ws/chat/{room:slug}" });
new ChatSocket({ room: "lobby" }, { route: "/ws/room/{room:slug}" });
new ChatSocket({ room: "lobby", user_id: 7n });
new ChatSocket({ room: "lobby", user_id: "9223372036854775807" });
new ChatSocket({ room: "lobby", user_id: 7 }, { route: "/ws/chat/{room:slug}/as/{user_id:int}" });
new ChatSocket();
new FileSocket({ path: "a/b" });
new UserIDSocket({ user_id: 1 });
new X2Socket({ a: "1", b: "2" });

const parsed: Promise<{ answer: number }> = chat.request<{ answer: number }>({ question: 1 }, { timeout: 5000 });
const plain: Promise<string | ArrayBuffer | Blob> = chat.request("question");
console.log(parsed, plain);

// @ts-expect-error: which of the two paths?
new ChatSocket({ room: "lobby" });
// @ts-expect-error: no path has these parameters
new ChatSocket({ room: "lobby", user: 7 });
// @ts-expect-error: that path has other parameters
new ChatSocket({ room: "lobby" }, { route: "/ws/chat/lobby" });
// @ts-expect-error: a parameter is missing
new X2Socket({ a: "1" });
// @ts-expect-error: user_id is a number
new UserIDSocket({ user_id: true });
// @ts-expect-error: params are needed
new FileSocket();
