// A network without a network: connections that a test opens, cuts and closes by hand.
import { Socket } from "../../templates/project/client/socket.js";
import { Socket as StreamSocket } from "../../templates/project/client/streams.js";

/** What the tests connect to: an async consumer with a room and without, and a sync one. */
export class ChatSocket extends Socket {
  static consumer = "chat";
  static mode = "async";
  static routes = [
    { path: "/ws/chat", params: {} },
    { path: "/ws/chat/{room:slug}", params: { room: "slug" } },
  ];
}

export class NewsSocket extends Socket {
  static consumer = "news";
  static mode = "sync";
  static routes = [{ path: "/ws/news", params: {} }];
}

/** Of a service that has streams. */
export class JobSocket extends StreamSocket {
  static consumer = "job";
  static mode = "async";
  static routes = [{ path: "/ws/job", params: {} }];
}

export class Network {
  /** Every connection that was begun, in order. @type {Connection[]} */
  connections = [];
  /** For options.WebSocket: an arrow function, so not a constructor. */
  WebSocket = (url, protocols) => {
    const connection = new Connection(url, protocols);
    this.connections.push(connection);
    return connection;
  };

  get last() {
    return this.connections.at(-1);
  }

  /** A socket on this network, and what happens to it. It waits a second before each attempt unless told otherwise. */
  socket(options = {}, Class = ChatSocket, params = {}) {
    const socket = new Class(params, { url: "https://service.test", WebSocket: this.WebSocket, backoff: () => 1000, ...options });
    return { socket, events: record(socket) };
  }

  /** The same, with the first connection open. */
  async open(options, Class, hello) {
    const made = this.socket(options, Class);
    await settled();
    this.last.open(hello);
    made.events.length = 0;
    return made;
  }

  /** The same with a service that has streams, and acknowledges. */
  openStreams(options) {
    return this.open(options, JobSocket, { acks: true });
  }
}

/** One connection, from the network's end. */
class Connection extends EventTarget {
  readyState = 0;
  bufferedAmount = 0;
  extensions = "";
  binaryType = "blob";
  /** What the client has sent. */
  sent = [];
  /** With what the client closed; undefined while it has not. */
  closedWith;
  /** Whether the client's close is answered, a moment later. */
  answersClose = true;

  constructor(url, protocols) {
    super();
    Object.assign(this, { url, protocols });
  }

  send(data) {
    if (this.readyState !== 1) throw new Error(`sent in state ${this.readyState}`);
    this.sent.push(data);
  }

  close(...args) {
    const wasOpen = this.readyState === 1;
    this.closedWith = args;
    this.readyState = 2;
    if (wasOpen && this.answersClose) setImmediate(() => this.end(args[0] ?? 1005));
  }

  /** The handshake succeeds, and nothing more. */
  accept() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  hello(extra = {}) {
    this.control({ type: "hello", id: "s1", protocol: "", ping_ms: 25_000, pong_ms: 8_000, acks: false, ...extra });
  }

  open(extra) {
    this.accept();
    this.hello(extra);
    this.sent.length = 0;
  }

  /** A stream is joined: the client resumes it, and misses nothing of what comes after the offset. */
  joined(name = "job:42", stream = 1, offset = 0, epoch = "e1") {
    this.control({ type: "joined", stream, name, epoch, top: offset });
    this.recovered({ stream, offset, epoch });
  }

  recovered(verdict = {}) {
    this.control({ type: "recovered", stream: 1, recovered: true, reason: "", epoch: "e1", offset: 0, snapshot: false, ...verdict });
  }

  receive(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  control(message) {
    this.receive(`c${JSON.stringify(message)}`);
  }

  /** The close event as the WebSocket of a page fires it. */
  end(code, reason = "", wasClean = code !== 1006) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason, wasClean }));
  }

  /** The service says why, then closes. */
  farewell(code, reason = "") {
    this.control({ type: "close", code, reason });
    this.end(code, reason);
  }

  /** A failure as the WebSocket of a page fires it: an error that says nothing, then 1006. */
  fail() {
    this.dispatchEvent(new Event("error"));
    this.end(1006);
  }
}

/** The events of a socket, each as one short string. */
export function record(socket) {
  const events = [];
  socket.addEventListener("open", () => events.push("open"));
  socket.addEventListener("message", (e) => events.push(`message ${e.data}`));
  socket.addEventListener("error", (e) => events.push(`error ${e.message}`.trim()));
  socket.addEventListener("reset", (e) => events.push(`reset ${e.stream} ${e.reason} ${e.data}`));
  socket.addEventListener("end", (e) => events.push(`end ${e.stream} ${e.state} ${e.data} ${e.reason}`.trim()));
  socket.addEventListener("close", (e) => events.push(`close ${e.code} ${e.willReconnect ? "again" : "final"}`));
  return events;
}

/** Resolves when all that can happen without time passing has happened. */
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Takes time over for one test. Returns a function that lets some pass, and all that it sets off, each at its moment. Timers
 * and the wall clock are two clocks, as in a machine.
 */
export function freezeTime(t) {
  let now = 0;
  let wall = 1_000_000;
  let timers = [];
  const { clearTimeout } = globalThis;
  const forget = (timer) => {
    timers = timers.filter((other) => other !== timer);
    clearTimeout(timer.at === undefined ? timer : undefined); // one of the test before
  };
  t.mock.method(Date, "now", () => wall + now);
  t.mock.method(globalThis, "clearTimeout", (timer) => timer && forget(timer));
  t.mock.method(globalThis, "setTimeout", (run, delay = 0) => {
    const timer = { run, at: now + delay };
    timers.push(timer);
    return timer;
  });
  const next = (end) => timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];

  async function pass(milliseconds) {
    const end = now + milliseconds;
    await settled();
    for (let timer; (timer = next(end)); await settled()) {
      forget(timer);
      now = timer.at;
      timer.run();
    }
    now = end;
  }
  /** The wall clock goes on without the timers: a laptop that sleeps. Negative: a clock that is put back. */
  pass.asleep = (milliseconds) => (wall += milliseconds);
  return pass;
}

/** Takes console.warn over for one test; returns what it was told. */
export function catchWarnings(t) {
  const warnings = [];
  t.mock.method(console, "warn", (text) => warnings.push(text));
  return warnings;
}
