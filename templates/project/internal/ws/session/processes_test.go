package session_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/session"
)

// twoSites are two processes of one service, on one server.
func twoSites(t *testing.T) (shared *server, here, there *site, thereBackend *member) {
	shared = new(server)
	thereBackend = shared.join()
	return shared, newSite(t, options{backend: shared.join()}), newSite(t, options{backend: thereBackend}), thereBackend
}

// A session holds in every process, and a logout in one closes the sockets in the other.
func TestTwoProcesses(t *testing.T) {
	_, here, there, _ := twoSites(t)
	b := here.browser()
	b.do("POST", "/login/alice")
	elsewhere := b.on(there)
	s := elsewhere.dial("/ws/members")
	s.says("who", "alice")
	other := there.browser()
	other.do("POST", "/login/bob")
	stays := other.dial("/ws/members")
	b.do("POST", "/logout")
	s.closes(4401, "signed out")
	stays.says("who", "bob")
	if got := elsewhere.do("GET", "/me"); got != "nobody" {
		t.Errorf("in the other process it is %s's", got)
	}
}

// Where the word of a logout is lost with the connection to the server, the sockets close once it is back.
func TestLogoutThatIsNotHeard(t *testing.T) {
	shared, here, there, backend := twoSites(t)
	b, other := here.browser(), there.browser()
	b.do("POST", "/login/alice")
	other.do("POST", "/login/bob")
	s, stays := b.on(there).dial("/ws/members"), other.dial("/ws/members")
	shared.set(nil, true)
	b.do("POST", "/logout")
	s.says("who", "alice") // it has not heard
	shared.set(nil, false)
	backend.gap()
	backend.gap() // while the first one is dealt with, or after it
	s.closes(4401, "the session is over")
	stays.says("who", "bob")
}

// A server that is out of order stops nobody who has no session; others are told to come again, and open sockets stay.
func TestServerOutOfOrder(t *testing.T) {
	shared, here, _, _ := twoSites(t)
	b, nobody := here.browser(), here.browser()
	b.do("POST", "/login/alice")
	s := b.dial("/ws/members")
	shared.set(errDown, false)

	s.says("who", "alice")
	if got := nobody.do("GET", "/me"); got != "nobody" {
		t.Error(got)
	}
	nobody.dial("/ws/open").says("who", "nobody")
	if _, response, err := b.tryDial("/ws/open", nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a handshake: %v", err)
	}
	if v1, _, err := b.tryDial("/ws/open", nil, "wsgen.1"); err != nil {
		t.Error(err)
	} else {
		v1.closes(1013, "the session could not be looked up")
	}
	for _, path := range []string{"/login/bob", "/logout", "/value/a/b"} {
		if status, body, _ := b.ask("POST", path); status != http.StatusServiceUnavailable {
			t.Errorf("%s with a session: %d %s", path, status, body)
		}
	}
	if status, body, header := nobody.ask("POST", "/login/bob"); status != http.StatusServiceUnavailable || len(header["Set-Cookie"]) > 0 {
		t.Errorf("a login that is not saved: %d %s, %v", status, body, header)
	}
	shared.set(nil, false)
	if got := b.do("GET", "/me"); got != "alice" {
		t.Errorf("after it: %s", got)
	}
	s.says("who", "alice")
}

// Many logins, handshakes and logouts at once leave no socket of a login that is over, and nothing behind.
func TestManyAtOnce(t *testing.T) {
	_, here, there, _ := twoSites(t)
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			b := here.browser()
			b.t = t
			elsewhere := b.on(there)
			for range 5 {
				b.do("POST", "/login/alice")
				opened := make(chan *socket, 6)
				var dialing sync.WaitGroup
				for n := range cap(opened) {
					dialing.Add(1)
					go func() {
						defer dialing.Done()
						from := b
						if (n+i)%2 == 0 {
							from = elsewhere
						}
						if s, _, err := from.tryDial("/ws/members", nil); err == nil {
							opened <- s
						}
					}()
				}
				b.do("POST", "/logout") // at any moment of the handshakes
				dialing.Wait()
				close(opened)
				for s := range opened {
					s.closes(4401, "signed out")
				}
			}
		})
	}
}

var _ ws.Backend = (*member)(nil)
var _ session.Store = (*member)(nil)
