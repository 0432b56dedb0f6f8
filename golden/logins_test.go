package golden

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"wsgen/golden/backends"
)

// The emitted client outlives its token: when that expires it asks its provider for the next, and comes back by itself; and it stays
// away when there is none.
func TestClientRenewsItsToken(t *testing.T) {
	node, ws := need(t, "node"), filepath.Join(npmPackage(t, "ws"), "wrapper.mjs")
	s := start(t, build(t, "jwt_nats"), append(environment(t, "jwt_nats"), "JWT_LEEWAY=0s", "ALLOWED_ORIGINS=same-host")...)
	client, err := filepath.Abs(filepath.Join("jwt_nats", "client", "index.js"))
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "CLIENT="+client, "WS="+ws, "BASE_URL="+s.url, "SECRET="+tokenSecret, "AUDIENCE=jwt_nats")
	out := run(t, ".", env, node, filepath.Join("testdata", "renew.mjs"))
	const want = "open 1\nclose 4401 the token has expired, again\nopen 2\nanswer hello\nclose 4401 the token has expired, final\n"
	if out != want {
		t.Errorf("the client saw\n%s\nwant\n%s", out, want)
	}
	if strings.Contains(s.log.String(), "eyJ") {
		t.Errorf("the log holds a token:\n%s", s.log)
	}
}

// A session holds in every process of the service, over a Redis that forgets nothing when one of them restarts; and signing out in
// one closes the sockets in the other.
func TestLogoutReachesEveryProcess(t *testing.T) {
	redis, bin := backends.StartRedis(t), build(t, "session_redis")
	env := []string{"REDIS_URL=" + redis.URL, "DEBUG=true", "ALLOWED_ORIGINS=same-host"}
	here, there := start(t, bin, env...), start(t, bin, env...)
	here.logIn(t, "session_redis")
	cookie := here.header.Get("Cookie")
	there.header.Set("Cookie", cookie)
	mine := here.dial(t, "/ws/members", nil)
	echoes(t, mine)
	elsewhere := there.dial(t, "/ws/members", &websocket.DialOptions{HTTPHeader: there.header, Subprotocols: []string{"wsgen.1"}})

	bystander := start(t, bin, env...) // another process that knows the session from Redis alone
	bystander.logIn(t, "session_redis")
	stays := bystander.dial(t, "/ws/members", nil)

	if resp, body := here.request(t, http.MethodPost, "/logout", http.Header{"Cookie": {cookie}, "Origin": {here.url}}); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("the logout answers %s %s", resp.Status, body)
	}
	closedWith(t, elsewhere, 4401)
	closedWith(t, mine, 4401)
	echoes(t, stays)
	for _, s := range []*service{here, there} {
		if _, resp, err := s.tryDial(t, "/ws/members", nil); err == nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("the cookie still lets in: %v", err)
		}
	}
	if strings.Contains(here.log.String()+there.log.String(), strings.TrimPrefix(cookie, "session_redis_session=")) {
		t.Error("the log holds the cookie")
	}
}
