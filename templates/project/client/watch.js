/** A timer this late has not been late by chance: the page, or the machine, was asleep. */
const ASLEEP_MS = 1000;

/**
 * Notices silence. It goes by the wall clock, since timers sleep with the page: a hidden tab runs them once a minute, a closed
 * laptop not at all.
 */
export class Watch {
  #heard = 0;
  #patience = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #onSilence;

  /** @param {() => void} onSilence */
  constructor(onSilence) {
    this.#onSilence = onSilence;
  }

  /** Expects a sign of life every so often from now on. @param {number} patience milliseconds; without, silence is fine */
  expect(patience) {
    this.#heard = Date.now();
    this.#patience = patience;
    this.look();
  }

  /** There was a sign of life. */
  heard() {
    this.#heard = Date.now();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** Looks at the clock. @param {boolean} [forgiven] whether a late look has been forgiven */
  look(forgiven = false) {
    this.stop();
    const now = Date.now();
    // A clock that was put back must not stretch the patience.
    this.#heard = Math.min(this.#heard, now);
    const left = this.#heard + this.#patience - now;
    if (!(this.#patience > 0 && left < 2 ** 31)) return;
    if (left > 0) {
      this.#timer = setTimeout(() => this.look(), left);
    } else if (left < -ASLEEP_MS && !forgiven) {
      // What came during the sleep is still to be delivered.
      this.#timer = setTimeout(() => this.look(true), ASLEEP_MS);
    } else {
      this.#onSilence();
    }
  }
}
