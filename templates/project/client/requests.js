/**
 * @typedef {object} Pending
 * @property {(reply: any) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {boolean} json whether the reply is to be parsed
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 */

/** The requests that wait for their reply. Ids count from 1, and one that is not known (any more) is ignored. */
export class Requests {
  #last = 0;
  /** @type {Map<number, Pending>} */
  #pending = new Map();

  /** The id of the next request. */
  next() {
    return ++this.#last;
  }

  /**
   * Waits for a reply.
   * @param {number} id
   * @param {boolean} json
   * @param {number} timeout milliseconds; Infinity waits
   * @param {() => void} onTimeout
   * @returns {Promise<any>}
   */
  wait(id, json, timeout, onTimeout) {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        onTimeout();
        this.reject(id, new DOMException(`no reply in ${timeout} ms`, "TimeoutError"));
      };
      // Timers hold 31 bits; whoever waits that long waits for the connection to end.
      const timer = timeout < 2 ** 31 ? setTimeout(giveUp, timeout) : undefined;
      this.#pending.set(id, { resolve, reject, json, timer });
    });
  }

  /** @param {number} id @param {any} reply */
  resolve(id, reply) {
    const request = this.#take(id);
    try {
      request?.resolve(request.json && typeof reply === "string" ? JSON.parse(reply) : reply);
    } catch (notJSON) {
      request?.reject(notJSON);
    }
  }

  /** @param {number} id @param {unknown} error */
  reject(id, error) {
    this.#take(id)?.reject(error);
  }

  /** Rejects all but those whose id is among the ones kept. @param {{ id: number }[]} kept @param {unknown} error */
  rejectExcept(kept, error) {
    for (const id of this.#pending.keys()) if (!kept.some((entry) => entry.id === id)) this.reject(id, error);
  }

  /** @param {number} id */
  #take(id) {
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(request?.timer);
    return request;
  }
}
