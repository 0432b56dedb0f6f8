// Frames of the wire: a head of ASCII characters that says what it is, and the payload, untouched.

/** By name, since instanceof knows only the objects of its own window. @param {any} data @param {RegExp} name */
const isA = (data, name) => name.test(({}).toString.call(data));

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
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset, data.byteLength);
  const whole = new Uint8Array(head.length + bytes.length);
  new TextEncoder().encodeInto(head, whole);
  whole.set(bytes, head.length);
  return whole;
}

/** In bytes on the wire. @param {any} data */
export function sizeOf(data) {
  return typeof data === "string" ? new TextEncoder().encode(data).length : (data.size ?? data.byteLength);
}

/** A frame as text, or enough of a binary one for all heads. @param {any} data a string or an ArrayBuffer @returns {string} */
export function headOf(data) {
  return typeof data === "string" ? data : new TextDecoder().decode(data.slice(0, 64));
}

/** The number before the first colon, and what follows it. @param {any} payload a string or an ArrayBuffer */
export function split(payload) {
  const head = headOf(payload);
  const colon = head.indexOf(":");
  return { number: +head.slice(0, colon), data: payload.slice(colon + 1) };
}
