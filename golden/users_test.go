package golden

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"wsgen/golden/backends"
)

// tokenSecret is what the tokens of the tests are signed with.
const tokenSecret = "a secret of 32 bytes, for tests only"

// hasUsers reports whether the spec of a golden project has an auth.
func hasUsers(project string) bool { return project == "session_redis" || project == "jwt_nats" }

// environment starts what a golden project needs beside itself, and returns the variables that tell the service.
func environment(t *testing.T, project string) []string {
	t.Helper()
	switch project {
	case "session_redis":
		return []string{"REDIS_URL=" + backends.StartRedis(t).URL}
	case "jwt_nats":
		return []string{"NATS_URL=" + backends.StartNATS(t).URL, "JWT_KEY=" + tokenSecret}
	}
	return nil
}

// startGolden builds a golden project and runs it, with all that it needs, as a service that its own page may connect to. Where
// it has users it runs in debug, in which the page lets anybody sign in.
func startGolden(t *testing.T, project string) *service {
	t.Helper()
	env := append(environment(t, project), "ALLOWED_ORIGINS=same-host")
	if hasUsers(project) {
		env = append(env, "DEBUG=true", "LOG_LEVEL=info")
	}
	return start(t, build(t, project), env...)
}

// logIn makes the test a user of the service, where it has users: from then on its handshakes show who it is.
func (s *service) logIn(t *testing.T, project string) {
	t.Helper()
	switch project {
	case "session_redis":
		s.header.Set("Cookie", s.newSession(t))
	case "jwt_nats":
		s.header.Set("Authorization", "Bearer "+newToken(t, project, time.Hour))
	}
}

// newSession logs in as the page does, and returns the cookie.
func (s *service) newSession(t *testing.T) string {
	t.Helper()
	resp := s.signIn(t)
	if len(resp.Cookies()) != 1 {
		t.Fatalf("the login answers %s with the cookies %v", resp.Status, resp.Cookies())
	}
	cookie := resp.Cookies()[0]
	return cookie.Name + "=" + cookie.Value
}

// signIn asks to be signed in as the page does.
func (s *service) signIn(t *testing.T) *http.Response {
	t.Helper()
	form := strings.NewReader(url.Values{"name": {"alice"}}.Encode())
	req, err := http.NewRequestWithContext(deadline(t), http.MethodPost, s.url+"/login", form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {s.url}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	return resp
}

// newToken signs a token for a service as whoever knows its secret does.
func newToken(t *testing.T, audience string, lifetime time.Duration) string {
	t.Helper()
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject: "alice", Audience: jwt.ClaimStrings{audience}, ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
	}).SignedString([]byte(tokenSecret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A route that requires a user denies everybody else, and one that does not lets everybody in.
func TestUserIsRequired(t *testing.T) {
	for _, project := range []string{"session_redis", "jwt_nats"} {
		t.Run(project, func(t *testing.T) {
			s := startGolden(t, project)
			for _, path := range routed(project) {
				required := !strings.HasPrefix(path, "/ws/updates/")
				conn, resp, err := s.tryDial(t, path, nil)
				switch {
				case !required && err != nil:
					t.Errorf("%s: %v (%s)", path, err, status(resp))
				case required && (err == nil || resp == nil || resp.StatusCode != http.StatusUnauthorized):
					t.Errorf("%s without a user: %v (%s), want 401", path, err, status(resp))
				}
				if conn != nil {
					echoes(t, conn)
				}
			}
			s.logIn(t, project)
			for _, path := range routed(project) {
				echoes(t, s.dial(t, path, nil))
			}
		})
	}
}

// A project as it is made checks no password, and so lets nobody in where it is not tried out.
func TestNobodySignsInWithoutDebug(t *testing.T) {
	for _, project := range []string{"session_redis", "jwt_nats"} {
		s := start(t, build(t, project), environment(t, project)...)
		if resp := s.signIn(t); resp.StatusCode != http.StatusUnauthorized || len(resp.Cookies()) > 0 {
			t.Errorf("%s: the login answers %s with the cookies %v", project, resp.Status, resp.Cookies())
		}
	}
}

// What a page learns of a denial, which browsers hide: the close code, after it was accepted.
func TestPageLearnsThatAUserIsRequired(t *testing.T) {
	for _, project := range []string{"session_redis", "jwt_nats"} {
		t.Run(project, func(t *testing.T) {
			s := startGolden(t, project)
			conn := s.dial(t, routed(project)[1], &websocket.DialOptions{HTTPHeader: s.header, Subprotocols: []string{"wsgen.1"}})
			closedWith(t, conn, 4401)
		})
	}
}

// signIn signs in with the box that the page of a project with users has.
func signIn(t *testing.T, b *tab) {
	t.Helper()
	b.until(t, "document.querySelector('#login [name=enter]:enabled') !== null")
	b.do(t, chromedp.Click(chromedp.CSS("#login [name=enter]")))
	b.until(t, "document.querySelector('#login [role=status]').textContent.startsWith('Signed in')")
}

// Without debug the page of a project with sessions asks for a password, and stays of use once somebody has written what checks it.
func TestPageAsksForAPassword(t *testing.T) {
	project := "session_redis"
	s := start(t, build(t, project), append(environment(t, project), "ALLOWED_ORIGINS=same-host")...)
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(s.url))
	b.until(t, "document.querySelector('#login [name=enter]:enabled') !== null && !document.querySelector('#login [name=password]').parentElement.hidden")
	b.do(t, chromedp.Click(chromedp.CSS("#login [name=enter]")))
	b.until(t, "document.querySelector('#login [role=status]').textContent.includes('wrong name or password')")
}

// The page of a project with users: who has not signed in is told so, who has is let in, and signing out of a session ends what
// was let in by it.
func TestPageSignsInAndOut(t *testing.T) {
	for project, path := range map[string]string{"session_redis": "/ws/members", "jwt_nats": "/ws/desk/{desk:slug}"} {
		t.Run(project, func(t *testing.T) {
			s := startGolden(t, project)
			b := openBrowser(t)
			b.do(t, chromedp.Navigate(s.url))
			members := card{b, path}
			connect := chromedp.Click(members.css("[name=connect]"))
			b.do(t, connect)
			members.shows(t, "closed 4401")

			signIn(t, b)
			b.do(t, connect)
			members.shows(t, "open")

			b.do(t, chromedp.Click(chromedp.CSS("#login [name=leave]")))
			b.until(t, "!document.querySelector('#login [role=status]').textContent.startsWith('Signed in')")
			if project == "session_redis" {
				members.shows(t, "closed 4401")
			}
		})
	}
}
