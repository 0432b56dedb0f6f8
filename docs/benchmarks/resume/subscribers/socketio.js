// A page on socket.io-client.

import { io } from "socket.io-client";

/** @param {number} port @param {any} settings @param {any} page @param {(value?: unknown) => void} opened */
export function connect(port, settings, page, opened) {
  const socket = io(`http://127.0.0.1:${port}`, {
    forceNew: true, // a connection for each page, as in separate tabs
    transports: ["websocket"],
    reconnectionDelay: settings.backoff,
    reconnectionDelayMax: settings.backoff,
    randomizationFactor: 0,
  });
  let before = false;
  socket.on("connect", () => {
    if (before && !socket.recovered) page.told("not recovered");
    before = true;
    opened();
  });
  socket.on("message", (data) => page.message(data));
}
