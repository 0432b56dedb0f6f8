// The page of the updates. It shows one job, the one that its address names behind the "#", and all that it shows is what the
// service last said: who reloads it, or opens it a second time, sees the same.
//
// The socket comes back by itself after a loss, and then brings what was missed. Three things are left for a page to do: draw
// what comes (onmessage), begin anew where the service cannot tell all that was missed (onreset), and say how it ended (onend).

import { VerUpdateSocket } from "./client/index.js";

const QUIET_MS = 5_000;

const form = document.getElementById("command");
const { version: input, update, cancel } = form.elements;

/** @type {VerUpdateSocket | null} */
let socket = null;
let version = ""; // the job's id
let job = { state: "unknown", reason: "" }; // "none", "asked" for, "running", as it ended, or "lost"
let link = { state: "connecting", text: "connecting" };
let heardAt = 0; // when the service last said something
const servers = new Map(); // by name: { state, percent, note }

/** Shows the job of another version. */
function follow(wanted) {
  socket?.close(1000);
  version = wanted;
  remember(version);
  input.value = version;
  job = { state: "unknown", reason: "" };
  servers.clear();
  setLink("connecting");
  try {
    socket = new VerUpdateSocket({ job: version });
  } catch (error) {
    socket = null; // no path can hold "." or ".."
    return setLink("closed", error.message);
  }
  socket.onopen = () => {
    if (job.state === "unknown") job.state = "none";
    setLink("live");
  };
  socket.onclose = (event) => {
    if (event.target !== socket) return; // of a version that is no longer shown
    // Its word for "start" failed (1011), or never arrived and never will.
    const refused = event.code === 1011 || event.undelivered.length > 0;
    if (job.state === "asked" && refused) job = { state: "none", reason: "not started" };
    const why = `${event.reason || "the connection was lost"} (${event.code})`;
    if (event.willReconnect) setLink("reconnecting", `reconnecting: ${why}`);
    else setLink("closed", `closed: ${why}. Reload the page to try again.`);
  };
  socket.onmessage = (event) => {
    const said = JSON.parse(event.data);
    // What does not come from the job's stream comes from Connect: the names of the servers.
    if (event.stream) setServer(said);
    else said.forEach(addServer);
    heard();
  };
  // It cannot tell us all that we missed, but it may know how things stand.
  socket.onreset = (event) => {
    if (event.data) {
      job.state = "running";
      JSON.parse(event.data).forEach(setServer);
    } else if (event.reason !== "restarted") {
      for (const name of servers.keys()) servers.set(name, waiting());
    } else if (job.state === "asked") {
      socket.send("start"); // to the one before, which may have begun with it
    } else if (job.state === "running") {
      job.state = "lost";
    } else {
      job.forgotten = true; // how it ended, and what it left undone
    }
    heard();
  };
  socket.onend = (event) => {
    if (event.data) JSON.parse(event.data).forEach(setServer);
    job = { state: event.state, reason: event.reason };
    heard();
  };
}

const waiting = () => ({ state: "waiting", percent: 0, note: "" });

/** Makes room for a server that nothing is known of yet. */
function addServer(name) {
  if (!servers.has(name)) servers.set(name, waiting());
}

/** Notes how far a server is. A job that says something runs, or runs again. */
function setServer({ name, state, percent, note = "" }) {
  servers.set(name, { state, percent, note });
  job = { state: "running", reason: "" };
}

function heard() {
  heardAt = Date.now();
  render();
}

function setLink(state, text = state) {
  link = { state, text };
  render();
}

/** What to say of the job. */
function jobText() {
  const updated = [...servers.values()].filter(({ state }) => state === "updated").length;
  const all = servers.size;
  const again = job.forgotten ? "The service was restarted since then: Try again begins anew." : "Try again goes on with what is left.";
  switch (job.state) {
    case "unknown":
      return "";
    case "none":
      return job.reason ? "The service could not start the update; its log says why." : `The service knows of no update to ${version}.`;
    case "asked":
      return link.state === "live" ? "Starting." : "It starts as soon as the service can be reached.";
    case "running":
      return link.state === "live"
        ? `Updating to ${version}: ${updated} of ${all} servers are done. You may close this page, the update goes on.`
        : `Updating to ${version}: ${updated} of ${all} servers were done when the service was last heard of.`;
    case "done":
      return `All ${all} servers run ${version}.`;
    case "failed":
      return `The update failed: ${job.reason}. ${again}`;
    case "cancelled":
      return `The update was cancelled: ${updated} of ${all} servers are done. ${again}`;
    case "interrupted":
      return `The service was stopped in the middle of the update: ${updated} of ${all} servers were done. ${again}`;
    default:
      return `The service was restarted, and the update to ${version} was lost with it. Below is what was last heard of it; Try again begins anew.`;
  }
}

/** What to say of a server. */
function serverText({ state, percent }) {
  if (state === "updated") return state;
  if (state === "failed" || state === "stopped") return `${state} at ${percent} %`;
  switch (job.state) {
    case "unknown":
    case "none":
      return "";
    case "asked":
    case "running":
      return state === "waiting" ? state : `${percent} %`;
    case "lost":
      return state === "waiting" ? "unknown" : `unknown since ${percent} %`;
    default:
      return "not updated";
  }
}

/** Brings the page in line with what is known. */
function render() {
  const silent = Date.now() - heardAt;
  const quiet = link.state === "live" && job.state === "running" && silent > QUIET_MS;
  setText(document.getElementById("link"), quiet ? `live, but silent for ${Math.round(silent / 1000)} s` : link.text);
  document.getElementById("link").dataset.link = quiet ? "quiet" : link.state;
  setText(document.getElementById("job"), jobText());
  document.getElementById("job").dataset.state = job.state;

  const list = document.getElementById("servers");
  while (list.childElementCount > servers.size) list.lastElementChild.remove();
  while (list.childElementCount < servers.size) list.append(document.getElementById("server").content.cloneNode(true));
  [...servers].forEach(([name, server], i) => renderServer(list.children[i], name, server));
  renderButtons();
}

function renderServer(item, name, server) {
  item.dataset.state = server.state;
  item.toggleAttribute("data-stale", server.state === "updating" && job.state !== "running");
  setText(item.querySelector(".name"), name);
  setText(item.querySelector(".state"), serverText(server));
  setText(item.querySelector(".note"), server.note);
  const bar = item.querySelector("progress");
  bar.value = server.percent;
  bar.setAttribute("aria-label", name);
}

function renderButtons() {
  const focused = document.activeElement;
  const other = input.value.trim() !== version;
  const again = ["failed", "cancelled", "interrupted", "lost"].includes(job.state);
  setText(update, again && !other ? "Try again" : "Update");
  update.disabled = !other && (link.state === "closed" || ["unknown", "asked", "running", "done"].includes(job.state));
  cancel.disabled = !["asked", "running"].includes(job.state);
  // What is disabled loses the focus, and whoever goes by keyboard the place.
  if (focused?.disabled) (cancel.disabled ? (update.disabled ? input : update) : cancel).focus();
}

/** The same text again would be read out again. Text of others goes through textContent only. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = input.value.trim();
  if (!wanted) return;
  if (wanted !== version) {
    history.pushState(null, "", `#${encodeURIComponent(wanted)}`);
    follow(wanted);
  }
  if (!socket) return;
  socket.send("start"); // it arrives once, also if the connection breaks before it is there
  job = { state: "asked", reason: "" };
  render();
});
cancel.addEventListener("click", () => socket.send("cancel"));
input.addEventListener("input", renderButtons);

/** The version in the page's address, or else the last that this browser has seen. */
function wantedVersion() {
  const hash = location.hash.slice(1);
  try {
    return decodeURIComponent(hash) || remembered() || "1.4.2";
  } catch {
    return hash; // a link that somebody made by hand
  }
}

// A browser may forbid a page to remember anything; then it does without.
function remember(wanted) {
  try {
    localStorage.setItem("version", wanted);
  } catch {}
}
function remembered() {
  try {
    return localStorage.getItem("version");
  } catch {
    return null;
  }
}

addEventListener("hashchange", () => follow(wantedVersion()));
setInterval(render, 1_000); // the seconds of silence
follow(wantedVersion());
history.replaceState(null, "", `#${encodeURIComponent(version)}`);
