// The box on the page that says who is signed in, and signs in and out. It is yours, and a beginning, as login/login.go is.

/** What the sockets of the page are made with, beside their route: the browser sends the cookie of the session by itself. */
export const options = {};

const box = document.createElement("form");
box.id = "login";
box.style.flexBasis = "100%";
box.innerHTML = `
  <label>Name <input name="name" value="alice" required autocomplete="username"></label>
  <label>Password <input name="password" type="password" autocomplete="current-password"></label>
  <div class="buttons">
    <button class="primary" name="enter">Sign in</button>
    <button type="button" name="leave">Sign out</button>
  </div>
  <p role="status"></p>`;
document.querySelector("header").append(box);
const { name, password, enter, leave } = box.elements;

function say(text) {
  box.querySelector("p").textContent = text;
}

/** Shows how things stand. */
async function show() {
  const response = await fetch("/login");
  enter.disabled = leave.disabled = !response.ok;
  if (!response.ok) {
    say(`Nobody can sign in: GET /login says ${response.status}. main.go calls login.Add(mux, cfg.Debug) for it; see login/login.go.`);
    return;
  }
  const { user, demo } = await response.json();
  password.parentElement.hidden = demo;
  leave.disabled = !user;
  if (user) say(`Signed in as ${user}. What was connected before is still nobody's: close it, and connect again.`);
  else if (demo) say("Nobody is signed in. Any name will do, without a password, since the service runs in debug.");
  else say("Nobody is signed in. login/login.go checks the password; until you write how, it lets nobody in, but with DEBUG=true.");
}

/** Asks the service to do something, and shows what came of it. @param {string} path @param {URLSearchParams} [body] */
async function post(path, body) {
  try {
    const response = await fetch(path, { method: "POST", body });
    await show();
    if (!response.ok) say(`That did not work: ${await response.text()}`);
  } catch (error) {
    say(`The service does not answer: ${error.message}`);
  }
}

box.addEventListener("submit", (event) => {
  event.preventDefault();
  post("/login", new URLSearchParams({ name: name.value, password: password.value }));
});
leave.addEventListener("click", () => post("/logout"));
await show();
