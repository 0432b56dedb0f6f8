// The WebSocket behind every class of index.js. It looks like the browser's own and adds what a page needs around it: it
// reconnects, notices a dead connection, keeps what is sent meanwhile, and asks requests that are answered.
//
// One Socket outlives many connections. It is CONNECTING until the service has said hello, and again after each loss; OPEN in
// between; CLOSED only when it will not come back. Each connection that ends fires `close`, and e.willReconnect says which it is.
//
// On the wire ("wsgen.1") the first byte of a frame says what it is: m a message, r a request or its reply, p and q a ping and
// its answer, c a control object in JSON. The rest is payload, untouched.

import { address, pathOf } from "./address.js";
import { CLOSED, CLOSING, CONNECTING, OPEN, SocketCloseEvent, SocketErrorEvent, SocketEvents, TellingEvent } from "./events.js";
import { frame, headOf, isBinary, sizeOf, split } from "./frame.js";
import { Queue } from "./queue.js";
import { Requests } from "./requests.js";
import { Watch } from "./watch.js";

/** @typedef {import("./address.js").Param} Param */
/** @typedef {import("./address.js").Route} Route */
/** @typedef {string | ArrayBuffer | ArrayBufferView | Blob} Data */
/** @typedef {import("./events.js").CloseStatus} CloseStatus */
/** @typedef {string | (() => string | Promise<string>)} Provider a function is asked at each attempt */
/**
 * @typedef {object} Options
 * @property {string} [route] the path, as in wsgen.yaml, where several have the same parameter names
 * @property {Provider} [url] where the service is, by default where the page came from; a path goes before the route's
 * @property {Provider} [token] a bearer token
 * @property {string | string[]} [protocols] the application's own subprotocols
 * @property {any} [WebSocket] a constructor, or a function of url and protocols, in place of the global WebSocket
 * @property {(attempt: number) => number} [backoff] milliseconds to wait before attempt 0, 1, …
 * @property {number} [queueBytes] how much `send` keeps while there is no connection; 1 MiB by default
 * @property {number} [openTimeout] milliseconds without a sign of life until an attempt is given up; 20,000 by default
 */

/** A connection that lasted this long was a good one: after it the waits start small again. */
const STEADY_MS = 10_000;

export class Socket extends SocketEvents {
  // What the classes of index.js say of themselves.
  static consumer = "";
  static mode = "";
  /** @type {Route[]} */
  static routes = [];

  /** How binary messages are delivered. @type {"blob" | "arraybuffer"} */
  binaryType = "blob";
  /** The URL of the latest attempt. */
  url = "";
  /** The application's subprotocol that the service chose. */
  protocol = "";
  /** What the service calls this connection, for code that sends to one socket. Each connection has another. */
  id = "";

  #state = CONNECTING;
  /** The connection, while there is one; events of any other come too late. @type {any} */
  #inner = null;
  /** Counts attempts and losses, so that what was awaited meanwhile is known to come too late. */
  #turn = 0;
  #options;
  #path;

  /** Set while the next attempt is waited for. @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #attempt = 0;
  /** When the service said hello; Infinity while it has not. */
  #openedAt = Infinity;
  #watch = new Watch(() => this.#drop({ code: 1006, reason: "no sign of life" }));
  /** The service's own word on why it closes: a page cannot see whose a close frame is. @type {CloseStatus | undefined} */
  #farewell;
  /** The token of the latest attempt, and the one for the next where it is known already. @type {string | undefined} */
  #token;
  /** @type {string | undefined} */
  #nextToken;

  #requests = new Requests();
  /** Tells the service, over all connections, that it is the same page. */
  #clientId = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  #warned = new Set();
  #unlisten = new AbortController();

  /** @param {Record<string, Param>} [params] @param {Options} [options] */
  constructor(params = {}, options = {}) {
    super();
    const { url, route, queueBytes, WebSocket = globalThis.WebSocket } = options;
    if (!WebSocket) throw new TypeError('no WebSocket: pass options.WebSocket, such as the npm package "ws"');
    this.#options = { ...options, WebSocket };
    /** @protected */
    this._queue = new Queue(queueBytes);
    this.#path = pathOf(this.#class, params, route);
    if (typeof url !== "function") this.url = address(url, this.#path);
    this.#followPage();
    this.#connect();
  }

  get readyState() {
    return this.#state;
  }

  get extensions() {
    return this.#inner?.extensions ?? "";
  }

  /** Bytes given to `send` that have not left, those that wait for a connection included. */
  get bufferedAmount() {
    return Math.max(this._queue.bytes, this.#inner?.bufferedAmount ?? 0);
  }

  /**
   * Sends a message, or keeps it until there is a connection. What was on its way when a connection broke is lost.
   * @param {Data} data
   * @returns {"sent" | "queued" | "dropped"} dropped where the socket is closed; a WebSocket does that too
   * @throws {DOMException} QuotaExceededError where the queue is full
   */
  send(data) {
    return this.#post("m", data, 0);
  }

  /**
   * Asks an async consumer. What is neither a string nor binary goes as JSON, and its reply is parsed. The promise is rejected
   * when the handler fails, the connection breaks or the time is up; a request is never sent twice.
   * @param {any} data
   * @param {{ timeout?: number }} [options] milliseconds, 30,000 by default; Infinity waits
   * @returns {Promise<any>} the reply
   */
  async request(data, { timeout = 30_000 } = {}) {
    if (this.#class.mode === "sync") throw new TypeError(`${this.#class.consumer} is sync and does not reply: use send`);
    const json = typeof data !== "string" && !isBinary(data);
    const id = this.#requests.next();
    if (this.#post(`r${id}:`, json ? JSON.stringify(data ?? null) : data, id) === "dropped") {
      throw new DOMException("the socket is closed", "InvalidStateError");
    }
    return this.#requests.wait(id, json, timeout, () => this._queue.remove((entry) => entry.id === id));
  }

  /**
   * Closes for good. A reconnect that is waited for is called off.
   * @param {number} [code] 1000, or 3000 to 4999
   * @param {string} [reason] 123 bytes at most
   */
  close(code, reason) {
    if (code !== undefined && !/^(1000|[34]\d{3})$/.test(`${(code = Number(code))}`)) {
      throw new DOMException(`close code ${code}: only 1000 and 3000 to 4999 are allowed`, "InvalidAccessError");
    }
    if (reason !== undefined && sizeOf(`${reason}`) > 123) {
      throw new DOMException("close reason: longer than 123 bytes", "SyntaxError");
    }
    if (this.#state >= CLOSING) return;
    this.#state = CLOSING;
    const inner = this.#inner;
    if (inner && inner.readyState !== CONNECTING) return inner.close(code, reason);
    // Nobody to shake hands with. As with a WebSocket the event does not come before this call returns.
    this.#detach();
    inner?.close();
    queueMicrotask(() => this.#lost({ code: code ?? 1005, reason: `${reason ?? ""}`, wasClean: true }));
  }

  get #class() {
    return /** @type {typeof Socket} */ (this.constructor);
  }

  async #connect() {
    const turn = this.#detach();
    const { url, token, protocols = [], WebSocket, openTimeout = 20_000 } = this.#options;
    this.#watch.expect(openTimeout);
    let refused = false;
    try {
      const next = address(await ask(url), this.#path);
      this.#token = this.#nextToken ?? (await ask(token));
      if (turn !== this.#turn) return;
      this.#nextToken = undefined;
      this.url = next;
      const offers = ["wsgen.1"].concat(this.#token ? `wsgen.bearer.${this.#token}` : [], protocols);
      // What the constructor refuses now it refuses for ever: an offer that is no token, ws: in a page of https:.
      refused = true;
      // An arrow function has no prototype, and cannot be called with new.
      this.#attach(WebSocket.prototype ? new WebSocket(next, offers) : WebSocket(next, offers));
    } catch (error) {
      if (turn !== this.#turn) return;
      if (refused) this.#state = CLOSING;
      this.dispatchEvent(new SocketErrorEvent(error));
      this.#lost({ code: 1006 });
    }
  }

  /** @param {any} inner */
  #attach(inner) {
    let reached = false;
    /** @type {(type: string, listener: (event: any) => void) => void} */
    const on = (type, listener) => inner.addEventListener(type, (/** @type {any} */ e) => inner === this.#inner && listener(e));
    inner.binaryType = "arraybuffer";
    on("open", () => {
      reached = true;
      inner.send(`c${JSON.stringify({ type: "client", id: this.#clientId })}`);
    });
    on("message", ({ data }) => {
      const kind = headOf(data)[0];
      try {
        this.#watch.heard();
        this._receive(kind, data.slice(1));
      } catch (error) {
        this.#warn(`ignored a frame that starts with ${JSON.stringify(kind)}`, error);
      }
    });
    on("error", ({ error, message }) => this.dispatchEvent(new SocketErrorEvent(error, message)));
    on("close", ({ code, reason, wasClean }) => {
      if (!reached) this.#warn("the handshake failed: 403 (origin not allowed), 404 (no such path), or no service");
      this.#lost({ code, reason, wasClean });
    });
    this.#inner = inner;
  }

  /** Lets go of the connection, the attempt and every timer. Returns the turn that begins. */
  #detach() {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#watch.stop();
    this.#inner = null;
    this.#openedAt = Infinity;
    return ++this.#turn;
  }

  // The methods whose names begin with _ are for streams.js alone, which adds what only streams need.

  /** @protected @param {string} kind @param {any} payload a string or an ArrayBuffer */
  _receive(kind, payload) {
    if (kind === "m") {
      if (this.#state !== OPEN) return; // closing, as with a WebSocket
      const { origin } = new URL(this.url);
      this.dispatchEvent(new MessageEvent("message", { data: this._deliver(payload), origin }));
    } else if (kind === "r") {
      const { number, data } = split(payload);
      this.#requests.resolve(number, this._deliver(data));
    } else if (kind === "p") {
      this.#inner.send("q");
    } else if (kind === "c") {
      this.#control(JSON.parse(payload));
    } else {
      throw new TypeError("unknown kind");
    }
  }

  /** Sends an entry, or returns false. @protected @param {import("./queue.js").Entry} entry */
  _write({ head, data }) {
    const open = this.#state === OPEN && this.#inner.readyState === OPEN;
    if (open) this.#inner.send(frame(head, data));
    return open;
  }

  /** @protected @param {any} payload */
  _deliver(payload) {
    return typeof payload !== "string" && this.binaryType === "blob" ? new Blob([payload]) : payload;
  }

  /** @param {any} message */
  #control({ type, ...said }) {
    if (type === "hello" && this.#state === CONNECTING) {
      this.#state = OPEN;
      this.#openedAt = Date.now();
      this.id = said.id;
      this.protocol = said.protocol;
      this.#watch.expect(said.ping_ms && said.ping_ms + said.pong_ms);
      this._queue.remove((entry) => this._write(entry));
      this.dispatchEvent(new Event("open"));
    } else if (type === "close") {
      this.#farewell = said;
    } else if (type === "failed") {
      this.#requests.reject(+said.id, new Error("the handler failed, or did not reply"));
    } else if (type === "missed") {
      this.dispatchEvent(new TellingEvent(type, said));
    }
  }

  /** The connection, or the attempt, is over. @param {Partial<CloseStatus> & { code: number }} how */
  async #lost(how) {
    const said = this.#farewell;
    this.#farewell = undefined;
    const status = { reason: "", wasClean: false, ...how, ...said };
    const { code } = status;
    const steady = Date.now() - this.#openedAt > STEADY_MS;
    const turn = this.#detach();
    let again = this.#state !== CLOSING && !isFinal(code, said);
    if (again) this.#state = CONNECTING;
    if (again && code === 4401) {
      again = await this.#renewToken();
      if (turn !== this.#turn) return;
    }
    if (again) {
      if (steady) this.#attempt = 0;
      // A service that restarts (1012) or is full (1013) is not met by all its pages at once.
      if (code === 1012 || code === 1013) this.#attempt = Math.max(this.#attempt, 3);
      this.#retry = setTimeout(() => this.#connect(), (this.#options.backoff ?? fullJitter)(this.#attempt++));
    } else {
      this.#state = CLOSED;
      this.#unlisten.abort();
    }
    const undelivered = again ? [] : this._queue.end();
    this.#requests.rejectExcept(this._queue.entries, new DOMException("the connection was lost before the reply", "NetworkError"));
    this.dispatchEvent(new SocketCloseEvent(status, again, undelivered));
  }

  /** After 4401 an attempt makes sense with another token only: none is no other. Says whether there may be one. */
  async #renewToken() {
    try {
      this.#nextToken = (await ask(this.#options.token)) || this.#token;
      return this.#nextToken !== this.#token;
    } catch (error) {
      this.dispatchEvent(new SocketErrorEvent(error));
      return true; // a failure is no answer, and the next attempt asks again
    }
  }

  /** Gives the connection up from this side. @param {Partial<CloseStatus> & { code: number }} status */
  #drop(status) {
    const inner = this.#inner;
    this.#lost(status);
    // 4000 tells the service, should it hear, that the page means to come back.
    inner?.close(4000, status.reason);
  }

  #followPage() {
    const { signal } = this.#unlisten;
    /** @type {(type: string, listener: (event: any) => void) => void} */
    const on = (type, listener) => globalThis.addEventListener?.(type, listener, { signal });
    // The network or the page is back: timers may have slept, and to wait any longer is pointless. `offline` says nothing of
    // use: the service may be on this machine, and a connection that is dead is found out by its silence.
    const wake = () => {
      this.#attempt = 0;
      if (this.#retry) this.#connect();
      else this.#watch.look();
    };
    on("online", wake);
    on("pageshow", wake);
    on("visibilitychange", () => document.hidden || wake());
    // An open connection keeps a page out of the back/forward cache, or is cut there unseen.
    on("pagehide", ({ persisted }) => {
      if (!persisted) return;
      if (!this.#retry) this.#drop({ code: 1001, reason: "page hidden", wasClean: true });
      clearTimeout(this.#retry);
    });
  }

  /** Sends now or later. @param {string} head @param {any} data @param {number} id of the request that it is, or 0 */
  #post(head, data, id) {
    const entry = { head, data: frame("", data), id, size: 0 };
    if (this._write(entry)) return "sent";
    if (this.#state >= CLOSING) {
      this._queue.bytes += head.length + sizeOf(entry.data);
      return "dropped";
    }
    this._queue.push(entry);
    return "queued";
  }

  /** Says it once. @param {string} text @param {unknown} [cause] */
  #warn(text, cause = "") {
    if (!this.#warned.has(text)) console.warn(`${this.url}: ${text}`, cause);
    this.#warned.add(text);
  }
}

/** Any time up to a bound that doubles, so that pages do not come back in step. @param {number} attempt counted from 0 */
function fullJitter(attempt) {
  return Math.random() * Math.min(30_000, 500 * 2 ** attempt);
}

/** @param {any} provider */
function ask(provider) {
  return typeof provider === "function" ? provider() : provider;
}

/** Whether no reconnect may follow. @param {any} code a number @param {any} said the service's own word, if there was one */
function isFinal(code, said) {
  // A bare 1000 may be the browser's own, which goes offline.
  return code === 1000 ? said : /^(100[237-9]|1010|4[5-9]..)$/.test(code);
}
