// The Socket of a service that has streams. It adds to the one of socket.js, and only where wsgen.yaml names streams:
//
// A stream is a group that keeps history. What the page missed of it, while there was no connection, comes before what is new:
// in order, and once. Where that cannot be, `reset` says so. The service judges what is missing; all that is kept here is the
// position of each stream, which is the epoch that its offsets belong to and the last one that came.
//
// A message from the page is numbered, and kept until the service has acknowledged that number; what is not acknowledged is
// sent again on the next connection, with the same number, by which the service knows it again.

import { addHandlers, CONNECTING, OPEN, TellingEvent } from "./events.js";
import { frame, split } from "./frame.js";
import { Socket } from "./socket.js";

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {{ epoch: string, offset: number }} Position how far the page has come; see above */
/**
 * @typedef {object} Stream what a group is called on one connection
 * @property {string} name of the group
 * @property {any} [reset] the service's word that something is lost, while its snapshot is awaited
 * @property {any} [end] the service's word that the record with the offset `end.offset` ends the stream
 */

/** Something of the stream cannot be had any more, and `data` is the state of things now, or null. */
export class ResetEvent extends TellingEvent {
  /** @param {string} stream @param {string} reason @param {any} data */
  constructor(stream, reason, data) {
    super("reset", { stream, reason, data });
  }
}

/** The job behind a stream has come to its end; `data` is its result, or null where it has none. */
export class EndEvent extends TellingEvent {
  /** @param {string} stream @param {string} state @param {string} reason @param {any} data */
  constructor(stream, state, reason, data) {
    super("end", { stream, state, reason, data });
  }
}

class StreamSocket extends Socket {
  /** @type {import("./events.js").Handler} */
  onreset = null;
  /** @type {import("./events.js").Handler} */
  onend = null;

  /** By number, which holds for one connection. @type {Map<number, Stream>} */
  #streams = new Map();
  /** By name; they outlive the connection. @type {Map<string, Position>} */
  #positions = new Map();
  /** Whether this connection's service acknowledges. */
  #acks = false;
  /** The number of the last command. */
  #last = 0;

  /** @param {Record<string, import("./address.js").Param>} [params] @param {import("./socket.js").Options} [options] */
  constructor(params, options) {
    super(params, options);
    addHandlers(this, "reset", "end");
  }

  /**
   * Sends a message, or keeps it until there is a connection. Once sent it is kept until the service has acknowledged it.
   * @param {import("./socket.js").Data} data
   * @returns {"sent" | "queued" | "dropped"} dropped where the socket is closed
   * @throws {DOMException} QuotaExceededError where what is kept would be more than options.queueBytes
   */
  send(data) {
    if (!this.#acks || this.readyState !== OPEN) return super.send(data);
    const entry = { head: "m", data: frame("", data), id: 0, size: 0 };
    // As without acknowledgements, a connection takes a message of any size; but no other is kept beside it.
    this._queue.push(entry, this._queue.bytes ? undefined : Infinity);
    return this.#command(entry) ? "sent" : "queued";
  }

  /** @protected @param {Entry} entry */
  _write(entry) {
    // A message that is not sent yet has no number: it may still be refused, and numbers have no gaps.
    if (!this.#acks || this.readyState !== OPEN || entry.id) return super._write(entry);
    this.#command(entry);
    return false;
  }

  /** Sends a message as a command, or returns false. @param {Entry} entry */
  #command(entry) {
    entry.number ||= ++this.#last;
    return super._write({ ...entry, head: `n${entry.number}:` });
  }

  /** @protected @param {string} kind @param {any} payload a string or an ArrayBuffer */
  _receive(kind, payload) {
    if (kind === "a") {
      this._queue.remove(({ number }) => number !== undefined && number <= +payload);
    } else if (kind === "s") {
      this.#record(payload);
    } else {
      if (kind === "c") this.#control(JSON.parse(payload));
      super._receive(kind, payload);
    }
  }

  /** What a control frame means for streams. @param {any} said */
  #control(said) {
    const { type, stream: number, epoch, offset } = said;
    if (type === "hello" && this.readyState === CONNECTING) {
      this.#acks = said.acks;
      this.#streams.clear();
    } else if (type === "joined") {
      this.#streams.set(number, { name: said.name });
      const resume = { type: "resume", stream: number, ...this.#positions.get(said.name) };
      super._write({ head: "c", data: JSON.stringify(resume), id: 0, size: 0 });
    } else if (type === "left") {
      this.#streams.delete(number);
    }
    const stream = this.#streams.get(number);
    if (!stream) return;
    if (type === "ended") {
      stream.end = said;
    } else if (type === "recovered") {
      // The position is the new one only when the page has been told: the connection may break before the snapshot comes.
      stream.reset = said.recovered ? undefined : said;
      stream.end = undefined;
      if (said.recovered) this.#positions.set(stream.name, { epoch, offset });
      else if (!said.snapshot) this.#reset(stream, null);
    }
  }

  /** Delivers a message of a stream, its end, or a snapshot. @param {any} payload */
  #record(payload) {
    const { number, data: rest } = split(payload);
    const { number: offset, data } = split(rest);
    const stream = this.#streams.get(number);
    if (!stream || !(offset >= 0)) throw new TypeError("unknown stream, or no offset");
    if (stream.reset) return this.#reset(stream, this._deliver(data));

    const { name, end } = stream;
    const position = this.#positions.get(name);
    if (!position || offset <= position.offset) return;
    position.offset = offset;
    if (end?.offset === offset) {
      this.#fire(new EndEvent(name, end.state, end.reason, end.state === "done" ? this._deliver(data) : null));
    } else {
      const { origin } = new URL(this.url);
      const event = new MessageEvent("message", { data: this._deliver(data), origin, lastEventId: `${offset}` });
      this.#fire(Object.assign(event, { stream: name }));
    }
  }

  /** @param {Stream} stream @param {any} data */
  #reset(stream, data) {
    const { reason, epoch, offset } = stream.reset;
    stream.reset = undefined;
    this.#positions.set(stream.name, { epoch, offset });
    this.#fire(new ResetEvent(stream.name, reason, data));
  }

  /** @param {Event} event */
  #fire(event) {
    if (this.readyState === OPEN) this.dispatchEvent(event); // closing, as with a WebSocket
  }
}

export { StreamSocket as Socket };
