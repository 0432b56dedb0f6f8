// Frames of the wire: a head of ASCII characters that says what it is, and the payload, untouched.

/** By name, since instanceof knows only the objects of its own window. @param {any} data @param {RegExp} name */
const isA = (data, name) => name.test(Object.prototype.toString.call(data));

/** @param {any} data */
const isBlob = (data) => isA(data, /t (Blob|File)]/);

/** Whether WebSocket.send would send it as a binary message. @param {any} data */
export function isBinary(data) {
  return ArrayBuffer.isView(data) || isA(data, /ArrayBuffer]/) || isBlob(data);
}

/**
 * A frame that holds a copy of the data.
 * @param {string} head
 * @param {any} data
 * @returns {any} what WebSocket.send takes
 */
export function frame(head, data) {
  if (!isBinary(data)) return head + `${data}`;
  if (isBlob(data)) return new Blob([head, data]);
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  const whole = new Uint8Array(head.length + bytes.length);
  new TextEncoder().encodeInto(head, whole);
  whole.set(bytes, head.length);
  return whole;
}

/** In bytes on the wire. @param {any} data */
export function sizeOf(data) {
  return typeof data === "string" ? new TextEncoder().encode(data).length : (data.size ?? data.byteLength);
}

/** The id and the data of what follows the r. @param {any} payload a string or an ArrayBuffer */
export function splitReply(payload) {
  const text = typeof payload === "string";
  const colon = text ? payload.indexOf(":") : new Uint8Array(payload).indexOf(58);
  const id = payload.slice(0, colon);
  return { id: Number(text ? id : new TextDecoder().decode(id)), data: payload.slice(colon + 1) };
}
