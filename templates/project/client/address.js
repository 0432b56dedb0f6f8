// From a route, its params and where the service is to the URL of a socket.

/** @typedef {string | number | bigint} Param */
/** @typedef {{ path: string, params: Record<string, string> }} Route as in wsgen.yaml; the converter of each parameter */

/** What a converter accepts. The service has the last word; this only tells a mistake at once instead of as a 404. */
/** @type {Record<string, RegExp>} */
const converters = {
  str: /^[^/]+$/,
  int: /^\d+$/,
  slug: /^[-\w]+$/,
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
  word: /^[\p{L}\p{N}_]+$/u,
  path: /./s,
};

/**
 * The URL of the path at a service.
 * @param {string | undefined} service where it is, relative to the page's origin
 * @param {string} path
 */
export function address(service = "", path) {
  let url;
  try {
    url = new URL(service, globalThis.location?.origin);
  } catch {
    throw new DOMException(`options.url: "${service}" is no address such as "https://example.com"`, "SyntaxError");
  }
  url.protocol = url.protocol.replace("http", "ws");
  url.pathname = url.pathname.replace(/\/$/, "") + path;
  url.hash = "";
  return url.href;
}

/**
 * The path of the one route whose parameters are those given.
 * @param {{ consumer: string, routes: Route[] }} socket
 * @param {Record<string, Param>} params
 * @param {string} [wanted] the path of the route, where several have the same parameters
 */
export function pathOf({ consumer, routes }, params, wanted) {
  const given = namesOf(params);
  const fitting = routes.filter((route) => (!wanted || route.path === wanted) && namesOf(route.params) === given);
  if (fitting.length === 1) return fill(fitting[0], params);
  const fault = fitting.length ? "options.route must name one of" : `no route has just the params {${given}}`;
  throw new TypeError(`${consumer}: ${fault}: ${routes.map(({ path }) => path).join(", ")}`);
}

/** @param {object} params */
function namesOf(params) {
  return Object.keys(params).sort().join(", ");
}

/** @param {Route} route @param {Record<string, Param>} params */
function fill({ path, params: kinds }, params) {
  return path
    .split("/")
    .map((segment) => {
      const name = /^\{(\w+)/.exec(segment)?.[1];
      return name ? encode(name, kinds[name], params[name]) : segment;
    })
    .join("/");
}

/** @param {string} name @param {string} kind @param {Param} value */
function encode(name, kind, value) {
  const text = `${value}`;
  const fits =
    value != null &&
    converters[kind].test(text) &&
    // The service's int has 64 bits; a number of JavaScript has lost digits long before.
    (kind !== "int" || BigInt(text) < 2n ** (typeof value === "number" ? 53n : 63n)) &&
    // A URL parser takes the segments . and .. away, even percent-encoded.
    !/(^|\/)\.\.?(\/|$)/.test(text);
  if (!fits) throw new TypeError(`params.${name}: ${JSON.stringify(text)} does not fit {${name}:${kind}}`);
  return text.split("/").map(encodeURIComponent).join("/");
}
