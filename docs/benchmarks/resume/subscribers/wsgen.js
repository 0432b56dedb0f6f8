// A page on the emitted client.

import { WebSocket } from "ws";

/** @param {number} port @param {any} settings @param {any} page @param {(value?: unknown) => void} opened */
export async function connect(port, settings, page, opened) {
  const { FeedSocket } = await import(settings.client);
  const feed = new FeedSocket(
    {},
    {
      url: `http://127.0.0.1:${port}`,
      backoff: () => settings.backoff,
      WebSocket: (/** @type {string} */ url, /** @type {string[]} */ protocols) =>
        new WebSocket(url, protocols, { origin: "http://127.0.0.1" }),
    },
  );
  feed.onopen = () => opened();
  feed.onerror = () => {}; // a connection that is cut; onclose would tell of it as well
  feed.onmessage = (/** @type {MessageEvent} */ e) => page.message(JSON.parse(e.data));
  feed.onreset = (/** @type {any} */ e) => page.told(e.reason);
}
