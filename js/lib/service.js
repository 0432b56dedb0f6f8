// A small service that speaks the wire of docs/protocol.md, on npm's ws. It misbehaves when a test asks it to, which the real
// service does not.
import http from "node:http";
import { once, EventEmitter } from "node:events";
import { WebSocketServer } from "ws";

/** How a new connection is treated, unless a test says otherwise. */
const defaults = {
  hello: { ping_ms: 25_000, pong_ms: 8_000, acks: false },
  echo: true,
  protocols: [], // of the application
};

export class Service extends EventEmitter {
  /** Every connection so far, in order. @type {Connection[]} */
  connections = [];
  behaviour;

  /** @param {Partial<typeof defaults>} [behaviour] @param {http.RequestListener} [pages] */
  static async start(behaviour = {}, pages = (_, response) => response.writeHead(404).end()) {
    const service = new Service();
    service.behaviour = { ...defaults, ...behaviour };
    service.server = http.createServer(pages);
    service.wss = new WebSocketServer({ server: service.server, handleProtocols: () => "wsgen.1" });
    service.wss.on("connection", (ws, request) => {
      const connection = new Connection(service, ws, request);
      service.connections.push(connection);
      service.emit("connection", connection);
    });
    service.server.listen(0, "127.0.0.1");
    await once(service.server, "listening");
    service.url = `http://127.0.0.1:${service.server.address().port}`;
    return service;
  }

  /** The next connection that comes. */
  async next() {
    const [connection] = await once(this, "connection");
    return connection;
  }

  /** Ends every connection and stops listening. */
  async stop() {
    for (const { ws } of this.connections) ws.terminate();
    this.server.close();
    await once(this.server, "close");
  }
}

class Connection extends EventEmitter {
  /** Every text frame received, in order. @type {string[]} */
  frames = [];

  constructor(service, ws, request) {
    super();
    this.ws = ws;
    this.path = request.url;
    this.offers = (request.headers["sec-websocket-protocol"] ?? "").split(/, */);
    const { hello, echo, protocols } = service.behaviour;
    const protocol = this.offers.find((offer) => protocols.includes(offer)) ?? "";
    if (hello) this.control({ type: "hello", id: `socket-${service.connections.length + 1}`, protocol, ...hello });
    ws.on("message", (data, binary) => {
      const text = data.toString();
      this.frames.push(binary ? `binary ${text}` : text);
      this.emit("frame", text);
      if (echo && (text[0] === "m" || text[0] === "r")) ws.send(data, { binary });
    });
  }

  /** Sends a control frame. */
  control(message) {
    this.ws.send(`c${JSON.stringify(message)}`);
  }

  /** Says why, then closes, as the service does. */
  close(code, reason = "") {
    this.control({ type: "close", code, reason });
    this.ws.close(code, reason);
  }

  /** Cuts the connection without a close frame. */
  cut() {
    this.ws.terminate();
  }
}
