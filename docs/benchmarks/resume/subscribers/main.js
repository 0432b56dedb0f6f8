// The pages of one trial: one client per port, all of one kind. It writes "ready" once all are connected; each line that it reads
// then is a number, and once every page has that one or a later one, or time is up, it writes what each page saw and ends.

import { createInterface } from "node:readline";

/** @type {{ peer: string, ports: number[], client: string, backoff: number, grace: number, patience: number }} */
const settings = JSON.parse(process.argv[2]);
const { connect } = await import(`./${settings.peer}.js`);

/** Milliseconds since 1970, finer than Date.now(). */
const now = () => performance.timeOrigin + performance.now();

/** What a page saw, in its order: messages by their number, and what it was told of messages that it will not get. */
class Page {
  newest = 0;
  /** @type {{ at: number, n?: number, told?: string }[]} */
  seen = [];
  /** @type {() => void} */
  onprogress = () => {};

  /** @param {number} port */
  constructor(port) {
    this.opened = new Promise((opened) => connect(port, settings, this, opened));
  }

  /** @param {{ n: number }} progress */
  message({ n }) {
    this.seen.push({ at: now(), n });
    this.newest = Math.max(this.newest, n);
    this.onprogress();
  }

  /** @param {string} reason */
  told(reason) {
    this.seen.push({ at: now(), told: reason });
  }

  /** @param {number} n */
  reached(n) {
    return new Promise((reached) => {
      this.onprogress = () => this.newest >= n && reached(undefined);
      this.onprogress();
    });
  }
}

const pages = settings.ports.map((port) => new Page(port));
await Promise.all(pages.map(({ opened }) => opened));
console.log("ready");

for await (const line of createInterface({ input: process.stdin })) {
  const all = Promise.all(pages.map((page) => page.reached(Number(line))));
  const late = new Promise((resolve) => setTimeout(resolve, settings.patience));
  await Promise.race([all, late]);
  process.stdout.write(JSON.stringify(pages.map(({ seen }) => seen)) + "\n", () => process.exit());
}
