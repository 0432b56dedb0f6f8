// What a WebSocket shows to the outside: its states, its events and the handlers named on….

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

/** @typedef {((event: any) => any) | null} Handler */
/** @typedef {{ code: number, reason: string, wasClean: boolean }} CloseStatus */

export class SocketEvents extends EventTarget {
  static CONNECTING = CONNECTING;
  static OPEN = OPEN;
  static CLOSING = CLOSING;
  static CLOSED = CLOSED;

  CONNECTING = CONNECTING;
  OPEN = OPEN;
  CLOSING = CLOSING;
  CLOSED = CLOSED;

  /** @type {Handler} */
  onopen = null;
  /** @type {Handler} */
  onmessage = null;
  /** @type {Handler} */
  onclose = null;
  /** @type {Handler} */
  onerror = null;

  constructor() {
    super();
    for (const type of /** @type {const} */ (["open", "message", "close", "error"])) {
      this.addEventListener(type, (event) => {
        const handler = this[`on${type}`];
        if (typeof handler === "function") handler.call(this, event);
      });
    }
  }
}

// Node has CloseEvent from version 23 on.
const CloseEvent =
  globalThis.CloseEvent ??
  class extends Event {
    /** @param {string} type @param {CloseStatus} status */
    constructor(type, { code, reason, wasClean }) {
      super(type);
      Object.assign(this, { code, reason, wasClean });
    }
  };

/** The browser's CloseEvent, and whether there is another connection to come. */
export class SocketCloseEvent extends CloseEvent {
  /** @param {CloseStatus} status @param {boolean} willReconnect */
  constructor(status, willReconnect) {
    super("close", status);
    this.willReconnect = willReconnect;
  }
}

/** An error event that says what is known: in a browser that is nothing where the connection itself failed. */
export class SocketErrorEvent extends Event {
  /** @param {any} error @param {string} [message] */
  constructor(error, message = error?.message) {
    super("error");
    this.error = error;
    this.message = message ?? "";
  }
}
