package session_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// attempt is one way in: a browser that has, or has not, what it takes, and what it sends beside.
type attempt struct {
	*browser
	header http.Header // nil for that of a page of the site
	offers []string
}

// ways are the ways in that are tried, by what docs/auth.md calls them.
func ways() map[string]func(s *site, shared *server) attempt {
	type way = func(s *site, shared *server) attempt
	signedIn := func(s *site, user string) *browser {
		b := s.browser()
		b.do("POST", "/login/"+user)
		return b
	}
	as := func(user string) way {
		return func(s *site, _ *server) attempt { return attempt{browser: signedIn(s, user)} }
	}
	with := func(cookie ...*http.Cookie) way {
		return func(s *site, _ *server) attempt {
			b := s.browser()
			b.plant(cookie...)
			return attempt{browser: b}
		}
	}
	const name = "__Host-service_session"
	return map[string]way{
		"signed in":                    as("alice"),
		"no cookie":                    with(),
		"a forged cookie":              with(&http.Cookie{Name: name, Value: strings.Repeat("A", 43)}),
		"a cookie that is no token":    with(&http.Cookie{Name: name, Value: "alice"}),
		"a cookie of 3,000 bytes":      with(&http.Cookie{Name: name, Value: strings.Repeat("A", 3000)}),
		"a user whom FindUser misses":  as("gone"),
		"a user whom FindUser refuses": as("banned"),
		"FindUser fails":               as("broken"),
		"a token as with jwt": func(s *site, _ *server) attempt {
			return attempt{browser: s.browser(), offers: []string{"wsgen.bearer.alice"}}
		},
		"a session without a login": func(s *site, _ *server) attempt {
			b := s.browser()
			b.do("POST", "/value/a/b")
			return attempt{browser: b}
		},
		"stolen, and used elsewhere": func(s *site, _ *server) attempt {
			b := s.browser()
			b.plant(signedIn(s, "alice").cookies()...)
			return attempt{browser: b}
		},
		"the key under which it is kept": func(s *site, shared *server) attempt {
			signedIn(s, "alice")
			b := s.browser()
			b.plant(&http.Cookie{Name: name, Value: shared.anyKey()})
			return attempt{browser: b}
		},
		"the cookie's name in debug": func(s *site, _ *server) attempt {
			b := s.browser()
			b.plant(&http.Cookie{Name: "service_session", Value: signedIn(s, "alice").cookies()[0].Value})
			return attempt{browser: b}
		},
		"planted before the login": func(s *site, _ *server) attempt {
			attacker, victim := s.browser(), s.browser()
			attacker.do("POST", "/value/a/b")
			victim.plant(attacker.cookies()...)
			victim.do("POST", "/login/alice")
			return attempt{browser: attacker}
		},
		"replayed after the logout": func(s *site, _ *server) attempt {
			b := signedIn(s, "alice")
			stolen := b.cookies()
			b.do("POST", "/logout")
			b.plant(stolen...)
			return attempt{browser: b}
		},
		"replayed after the next login": func(s *site, _ *server) attempt {
			b := signedIn(s, "alice")
			stolen := b.cookies()
			b.do("POST", "/login/alice")
			b.plant(stolen...)
			return attempt{browser: b}
		},
		"expired": func(s *site, shared *server) attempt {
			b := signedIn(s, "alice")
			shared.age(25 * time.Hour)
			return attempt{browser: b}
		},
		"a page of a foreign origin": func(s *site, _ *server) attempt {
			return attempt{browser: signedIn(s, "alice"), header: http.Header{"Origin": {"https://evil.example"}}}
		},
		"no origin": func(s *site, _ *server) attempt {
			return attempt{browser: signedIn(s, "alice"), header: http.Header{}}
		},
		"no page, with an Authorization of any kind": func(s *site, _ *server) attempt {
			return attempt{browser: signedIn(s, "alice"), header: http.Header{"Authorization": {"Basic eDp5"}}}
		},
		"the store cannot be asked": func(s *site, shared *server) attempt {
			b := signedIn(s, "alice")
			shared.set(errDown, false)
			return attempt{browser: b}
		},
	}
}

// anyKey returns a key under which something is kept.
func (s *server) anyKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.values {
		return key
	}
	return ""
}

// age makes all that is kept older.
func (s *server) age(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, value := range s.values {
		s.values[key] = string(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(24*time.Hour-by).UnixNano()))) + value[8:]
	}
}

// outcome tries to reach a route that requires a user, and returns what became of it: the status of the answer, or the code and
// the reason of the close; 101 where the socket is open.
func (a attempt) outcome(t *testing.T, first ...string) string {
	t.Helper()
	s, response, err := a.tryDial("/ws/members", a.header, append(first, a.offers...)...)
	switch {
	case err != nil && response == nil:
		t.Fatal(err)
	case err != nil:
		return fmt.Sprint(response.StatusCode)
	}
	if !s.v1 {
		s.send("who")
	}
	_, data, err := s.conn.ReadMessage()
	if err == nil && (string(data) == "alice" || strings.HasPrefix(string(data), `c{"type":"hello"`)) {
		return "101"
	}
	for err == nil {
		_, _, err = s.conn.ReadMessage()
	}
	var closed *websocket.CloseError
	if !errors.As(err, &closed) {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", closed.Code, closed.Text)
}

// Every way in that docs/auth.md tells of has the end that it tells, and it tells of every one that is tried.
func TestWaysIn(t *testing.T) {
	rows := documented(t, "## Ways in: session")
	for name := range ways() {
		if rows[name] == [2]string{} {
			t.Errorf("docs/auth.md does not tell of %q", name)
		}
	}
	for name, want := range rows {
		t.Run(name, func(t *testing.T) {
			try, ok := ways()[name]
			if !ok {
				t.Fatal("nobody tries it")
			}
			for i, offer := range [][]string{nil, {"wsgen.1"}} {
				shared := new(server)
				s := newSite(t, options{backend: shared.join()})
				if got := try(s, shared).outcome(t, offer...); got != want[i] {
					t.Errorf("%s: %s, documented is %s", map[int]string{0: "raw", 1: "wsgen.1"}[i], got, want[i])
				}
				shared.set(nil, false)
			}
		})
	}
}

// documented reads the table below a heading of docs/auth.md: by its first column, the second and the third.
func documented(t *testing.T, heading string) map[string][2]string {
	t.Helper()
	text, err := os.ReadFile("../../../../../docs/auth.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(text), "\n"+heading+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	if !ok {
		t.Fatalf("docs/auth.md has no %s", heading)
	}
	rows := make(map[string][2]string)
	for _, line := range strings.Split(below, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.Contains(line, "---") || strings.HasPrefix(strings.TrimSpace(cells[1]), "way in") {
			continue
		}
		rows[strings.TrimSpace(cells[1])] = [2]string{strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])}
	}
	return rows
}
