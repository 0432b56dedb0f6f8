// A server on ws, the library most used in Node.js, set up as its documentation says: it sends to all in a loop, and pings all by one timer.
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

const millis = (text) => Number.parseFloat(text) * (text.endsWith("ms") ? 1 : 1000);
const [host, port] = process.env.ADDR.split(":");
const group = new WebSocketServer({ noServer: true, maxPayload: 64 << 10 });
const echo = new WebSocketServer({ noServer: true, maxPayload: 64 << 10 });

for (const hub of [group, echo]) {
  hub.on("connection", (socket) => {
    socket.isAlive = true;
    socket.on("pong", () => {
      socket.isAlive = true;
    });
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      for (const to of hub === group ? hub.clients : [socket]) to.send(data, { binary: isBinary });
    });
  });
  setInterval(() => {
    for (const socket of hub.clients) {
      if (!socket.isAlive) {
        socket.terminate();
        continue;
      }
      socket.isAlive = false;
      socket.ping();
    }
  }, millis(process.env.PING_INTERVAL));
}

const server = createServer((request, response) => {
  response.writeHead(request.url === "/healthz" ? 200 : 404).end();
});
server.on("upgrade", (request, socket, head) => {
  const hub = request.url === "/group" ? group : echo;
  hub.handleUpgrade(request, socket, head, (ws) => hub.emit("connection", ws, request));
});
server.listen({ host, port: Number(port), backlog: 4096 });
