// A page on centrifuge-js.

import { Centrifuge } from "centrifuge";
import { WebSocket } from "ws";

/** @param {number} port @param {any} settings @param {any} page @param {(value?: unknown) => void} opened */
export function connect(port, settings, page, opened) {
  const client = new Centrifuge(`ws://127.0.0.1:${port}/ws`, {
    websocket: WebSocket,
    minReconnectDelay: settings.backoff,
    maxReconnectDelay: settings.backoff,
    maxServerPingDelay: settings.grace,
  });
  const feed = client.newSubscription("job:bench");
  feed.on("subscribed", ({ wasRecovering, recovered }) => {
    if (wasRecovering && !recovered) page.told("not recovered");
    opened();
  });
  feed.on("publication", ({ data }) => page.message(data));
  feed.subscribe();
  client.connect();
}
