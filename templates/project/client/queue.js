import { sizeOf } from "./frame.js";

/**
 * @typedef {object} Entry what was given to a socket to be sent
 * @property {string} head of its frame
 * @property {any} data a copy
 * @property {number} id of the request that it is, or 0
 * @property {number} size in bytes on the wire, once it waits
 * @property {number} [number] of the command that it has become; see streams.js
 */

/** What waits to be sent, in order. */
export class Queue {
  /** @type {Entry[]} */
  entries = [];
  /** Of the entries, and of what a closed socket was given. */
  bytes = 0;
  #limit;

  /** @param {number} limit in bytes */
  constructor(limit = 2 ** 20) {
    this.#limit = limit;
  }

  /** @param {Entry} entry @throws {DOMException} QuotaExceededError where it does not fit */
  push(entry, limit = this.#limit) {
    entry.size = entry.head.length + sizeOf(entry.data);
    if (this.bytes + entry.size > limit) throw new DOMException("the queue is full: see options.queueBytes", "QuotaExceededError");
    this.bytes += entry.size;
    this.entries.push(entry);
  }

  /** Empties the queue for good. Returns the messages that were in it. */
  end() {
    return this.entries.splice(0).flatMap(({ id, data }) => (id ? [] : [data]));
  }

  /** Takes entries out, asking for one after the other. @param {(entry: Entry) => boolean} which */
  remove(which) {
    this.entries = this.entries.filter((entry) => {
      const gone = which(entry);
      if (gone) this.bytes -= entry.size;
      return !gone;
    });
  }
}
