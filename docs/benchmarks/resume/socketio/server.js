// A server on socket.io with connection state recovery: what is posted to /publish goes to the room "job:bench".

import { createServer } from "node:http";
import { Server } from "socket.io";

const { ADDR, HISTORY_MS, PING_INTERVAL_MS, PONG_TIMEOUT_MS } = process.env;
const room = "job:bench";

const http = createServer(async (request, response) => {
  if (request.method === "POST" && request.url === "/publish") {
    let body = "";
    for await (const part of request) body += part;
    io.to(room).emit("message", JSON.parse(body));
  }
  response.end();
});

const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  pingInterval: Number(PING_INTERVAL_MS),
  pingTimeout: Number(PONG_TIMEOUT_MS),
  connectionStateRecovery: { maxDisconnectionDuration: Number(HISTORY_MS), skipMiddlewares: true },
});

// A socket that was recovered is in its rooms already.
io.on("connection", (socket) => {
  if (!socket.recovered) socket.join(room);
});

const [host, port] = ADDR.split(":");
http.listen(Number(port), host);
