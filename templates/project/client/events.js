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
  /** @type {Handler} */
  onmissed = null;

  constructor() {
    super();
    addHandlers(this, "open", "message", "close", "error", "missed");
  }
}

/** Has on… called for the events of these types. @param {any} target @param {...string} types */
export function addHandlers(target, ...types) {
  for (const type of types) {
    // What is no function has no call.
    target.addEventListener(type, (/** @type {Event} */ event) => target[`on${type}`]?.call?.(target, event));
  }
}

/** An event that says more than its type. */
export class TellingEvent extends Event {
  /** @param {string} type @param {object} members what it says */
  constructor(type, members) {
    super(type);
    Object.assign(this, members);
  }
}

// Node has CloseEvent from version 23 on.
const CloseEvent = globalThis.CloseEvent ?? TellingEvent;

/** The browser's CloseEvent, and whether there is another connection to come. */
export class SocketCloseEvent extends CloseEvent {
  /** @param {CloseStatus} status @param {boolean} willReconnect @param {any[]} undelivered */
  constructor(status, willReconnect, undelivered) {
    super("close", status);
    Object.assign(this, { willReconnect, undelivered });
  }
}

/** An error event that says what is known: in a browser that is nothing where the connection itself failed. */
export class SocketErrorEvent extends TellingEvent {
  /** @param {any} error @param {string} [message] */
  constructor(error, message = error?.message) {
    super("error", { error, message: message ?? "" });
  }
}
