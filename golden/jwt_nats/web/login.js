// The box on the page that gets the tokens of its sockets. It is yours, and a beginning, as login/login.go is.

/** What the sockets of the page are made with, beside their route: a function that they ask at each attempt to connect. */
export const options = { token };

const box = document.createElement("form");
box.id = "login";
box.style.flexBasis = "100%";
box.innerHTML = `
  <label><span>Name</span> <input name="name" value="alice" required autocomplete="off" spellcheck="false"></label>
  <div class="buttons">
    <button class="primary" name="enter">Sign in</button>
    <button type="button" name="leave" disabled>Sign out</button>
  </div>
  <p role="status"></p>`;
document.querySelector("header").append(box);
const { name, enter, leave } = box.elements;

/** Whether the service gives out tokens itself; otherwise one is put in by hand. */
let demo = false;
/** The name, or the token; "" while nobody is signed in. It is kept in memory only: a token in a store can be stolen. */
let given = "";

function say(text) {
  box.querySelector("p").textContent = text;
}

/** The token for the next attempt; none where nobody is signed in. */
async function token() {
  if (!given || !demo) return given;
  const response = await fetch("/login", { method: "POST", body: new URLSearchParams({ name: given }) });
  if (!response.ok) throw new Error(`no token: ${await response.text()}`);
  return response.text();
}

/** Shows how things stand. */
async function show() {
  const response = await fetch("/login");
  demo = response.ok && (await response.json()).demo;
  box.querySelector("span").textContent = demo ? "Name" : "Token";
  enter.disabled = given !== "";
  leave.disabled = given === "";
  if (given) say((demo ? "Signed in." : "The token is offered, and the service judges it.") + " What was connected before is still nobody's: close it, and connect again.");
  else if (demo) say("Nobody is signed in. Any name will do, without a password, since the service runs in debug.");
  else if (response.status === 404) say("Nobody is signed in: put in a token. For the service to give out some, main.go calls login.Add(mux, cfg.Debug); see login/login.go.");
  else say("Nobody is signed in: put in a token. With DEBUG=true the service gives one to anybody, if it can sign.");
}

box.addEventListener("submit", async (event) => {
  event.preventDefault();
  given = name.value;
  try {
    await token(); // whether there is one
    await show();
  } catch (error) {
    given = "";
    say(error.message);
  }
});
leave.addEventListener("click", async () => {
  given = "";
  await show();
  say("Signed out: no socket gets a token any more. Those that are open stay until theirs expires.");
});
await show();
name.value = demo ? "alice" : "";
