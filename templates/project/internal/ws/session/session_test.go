package session_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/session"
)

// The cookie is one that a script, another host of the domain and a plain connection cannot have to do with; in debug it is one
// that a plain connection on this machine can.
func TestCookie(t *testing.T) {
	for _, test := range []struct {
		debug bool
		want  string // of its parts, in order
	}{
		{false, "__Host-service_session=…; Path=/; Expires=…; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"},
		{true, "service_session=…; Path=/; Expires=…; Max-Age=86400; HttpOnly; SameSite=Lax"},
	} {
		b := newSite(t, options{debug: test.debug}).browser()
		_, _, header := b.ask("POST", "/login/alice")
		got := header["Set-Cookie"]
		if len(got) != 1 {
			t.Fatalf("%d cookies", len(got))
		}
		parts := strings.Split(got[0], "; ")
		for i, part := range parts {
			if name, _, ok := strings.Cut(part, "="); ok && (i == 0 || name == "Expires") {
				parts[i] = name + "=…"
			}
		}
		if got := strings.Join(parts, "; "); got != strings.ReplaceAll(test.want, "86400", "86401") && got != test.want {
			t.Errorf("debug %v: %s\nwant %s", test.debug, got, test.want)
		}
		if !strings.Contains(strings.Join(header["Cache-Control"], ","), "Set-Cookie") || header.Get("Vary") != "Cookie" {
			t.Errorf("a cache may keep the answer: %v, %v", header["Cache-Control"], header["Vary"])
		}
	}
}

// Who is there is known in HTTP handlers, in handlers of sockets and in their scope, from the login to the logout.
func TestWhoIsThere(t *testing.T) {
	b := newSite(t, options{}).browser()
	if got := b.do("GET", "/me"); got != "nobody" || len(b.cookies()) != 0 {
		t.Errorf("before the login: %s, with %d cookies", got, len(b.cookies()))
	}
	b.dial("/ws/open").says("who", "nobody")
	b.do("POST", "/login/alice")
	if got := b.do("GET", "/me"); got != "alice" {
		t.Errorf("after the login: %s", got)
	}
	b.dial("/ws/open").says("who", "alice")
	b.dial("/ws/members").says("who", "alice")
	b.do("POST", "/logout")
	if got := b.do("GET", "/me"); got != "nobody" || len(b.cookies()) != 0 {
		t.Errorf("after the logout: %s, with %d cookies", got, len(b.cookies()))
	}
}

// A logout closes the sockets of its login, and no other.
func TestLogoutClosesSockets(t *testing.T) {
	s := newSite(t, options{})
	here, there, nobody := s.browser(), s.browser(), s.browser()
	bystander := nobody.dial("/ws/open")
	earlier := here.dial("/ws/open") // opened before the login, and so nobody's
	here.do("POST", "/login/alice")
	there.do("POST", "/login/alice")
	raw, other := here.dial("/ws/members"), there.dial("/ws/members")
	v1, _, err := here.tryDial("/ws/open", nil, "wsgen.1")
	if err != nil {
		t.Fatal(err)
	}
	here.do("POST", "/logout")
	raw.closes(4401, "signed out")
	v1.closes(4401, "signed out")
	bystander.says("who", "nobody")
	earlier.says("who", "nobody")
	other.says("who", "alice")
	if got := there.do("GET", "/me"); got != "alice" {
		t.Errorf("the other login is %s's", got)
	}
}

// A socket may sign its user out, but not in: it has no answer that a cookie could stand in.
func TestFromASocket(t *testing.T) {
	b := newSite(t, options{}).browser()
	b.do("POST", "/value/theme/dark")
	b.do("POST", "/login/alice")
	one, two := b.dial("/ws/members"), b.dial("/ws/members")
	one.says("value theme", "dark")
	one.says("login", session.ErrNoCookie.Error())
	one.send("logout")
	one.closes(4401, "signed out")
	two.closes(4401, "signed out")
	if got := b.do("GET", "/me"); got != "nobody" {
		t.Errorf("the session is still %s's", got)
	}
}

// A login renews the token, keeps what is its own, and drops what was another user's; the sockets of the login before close.
func TestLoginRenews(t *testing.T) {
	b := newSite(t, options{}).browser()
	b.do("POST", "/value/cart/book")
	anonymous := b.cookies()
	b.do("POST", "/login/alice")
	first := b.cookies()
	if anonymous[0].Value == first[0].Value {
		t.Error("the token is the one from before the login: whoever planted it is signed in")
	}
	if got := b.do("GET", "/value/cart"); got != "book" {
		t.Errorf("the cart holds %q after the login", got)
	}
	socket := b.dial("/ws/members")
	b.do("POST", "/login/alice")
	socket.closes(4401, "signed out")
	if got := b.do("GET", "/value/cart"); got != "book" || b.cookies()[0].Value == first[0].Value {
		t.Errorf("the cart holds %q, and the token is the same: %v", got, b.cookies()[0].Value == first[0].Value)
	}
	b.do("POST", "/login/bob")
	if got := b.do("GET", "/value/cart"); got != "" {
		t.Errorf("bob has alice's cart: %q", got)
	}
	for _, old := range [][]*http.Cookie{anonymous, first} {
		b.plant(old...)
		if got := b.do("GET", "/me") + b.do("GET", "/value/cart"); got != "nobody" {
			t.Errorf("an old token is still %s's", got)
		}
	}
}

// A logout while a handshake is under way closes the socket that comes of it, however far it had come.
func TestLogoutDuringAHandshake(t *testing.T) {
	arrived, proceed := make(chan struct{}), make(chan struct{})
	b := newSite(t, options{connect: func(context.Context, *ws.Handshake) error {
		arrived <- struct{}{}
		<-proceed
		return nil
	}}).browser()
	b.do("POST", "/login/alice")
	dialed := make(chan *socket)
	go func() {
		s, _, err := b.tryDial("/ws/members", nil)
		if err != nil {
			t.Error(err)
		}
		dialed <- s
	}()
	await(t, arrived, "Connect")
	b.do("POST", "/logout")
	close(proceed)
	if s := await(t, dialed, "the socket"); s != nil {
		s.closes(4401, "signed out")
	}
}

// A request that is under way when another signs out does not bring the session back by saving it.
func TestLogoutDuringARequest(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Hour} {
		t.Run(fmt.Sprint("idle ", idle), func(t *testing.T) {
			arrived, proceed := make(chan struct{}), make(chan struct{})
			b := newSite(t, options{
				config: func(c *session.Config) { c.IdleTimeout = idle },
				handle: func(mux *http.ServeMux) {
					mux.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) {
						session.Manager(r.Context()).Put(r.Context(), "seen", "1")
						arrived <- struct{}{}
						<-proceed
					})
				},
			}).browser()
			b.do("POST", "/login/alice")
			stolen := b.cookies()
			done := make(chan struct{})
			go func() {
				defer close(done)
				b.ask("GET", "/slow")
			}()
			await(t, arrived, "the slow request")
			b.do("POST", "/logout")
			close(proceed)
			await(t, done, "its answer")
			b.plant(stolen...)
			if got := b.do("GET", "/me"); got != "nobody" {
				t.Errorf("the session came back, and is %s's", got)
			}
		})
	}
}

// A request that is under way when its user signs in, in another tab for one, does not put the old token in place of the new.
func TestLoginDuringARequest(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Hour} {
		t.Run(fmt.Sprint("idle ", idle), func(t *testing.T) {
			arrived, proceed := make(chan struct{}), make(chan struct{})
			b := newSite(t, options{
				config: func(c *session.Config) { c.IdleTimeout = idle },
				handle: func(mux *http.ServeMux) {
					mux.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) {
						session.Manager(r.Context()).Put(r.Context(), "seen", "1")
						arrived <- struct{}{}
						<-proceed
					})
				},
			}).browser()
			b.do("POST", "/value/cart/book")
			done := make(chan struct{})
			go func() {
				defer close(done)
				b.ask("GET", "/slow")
			}()
			await(t, arrived, "the slow request")
			b.do("POST", "/login/alice")
			close(proceed)
			await(t, done, "its answer")
			if got := b.do("GET", "/me"); got != "alice" {
				t.Errorf("after the login: %s", got)
			}
		})
	}
}

// The cookie is set again where the login lasts longer now, and lasts as long as that, whatever the idle timeout is.
func TestCookieLastsAsLongAsTheLogin(t *testing.T) {
	b := newSite(t, options{
		config: func(c *session.Config) { c.IdleTimeout = time.Minute },
		handle: func(mux *http.ServeMux) {
			mux.HandleFunc("POST /longer", func(_ http.ResponseWriter, r *http.Request) {
				session.Manager(r.Context()).SetDeadline(r.Context(), time.Now().Add(48*time.Hour))
			})
		},
	}).browser()
	for _, test := range []struct {
		method, path string
		hours        int // 0: the answer sets no cookie
	}{
		{"POST", "/login/alice", 24}, {"GET", "/me", 0}, {"POST", "/longer", 48}, {"GET", "/me", 0},
	} {
		_, _, header := b.ask(test.method, test.path)
		set := (&http.Response{Header: header}).Cookies()
		switch {
		case test.hours == 0 && len(set) == 0:
		case len(set) != 1:
			t.Errorf("%s %s: %d cookies", test.method, test.path, len(set))
		case (set[0].MaxAge+60)/3600 != test.hours:
			t.Errorf("%s %s: the cookie lasts %d s", test.method, test.path, set[0].MaxAge)
		}
	}
}

// A session ends its sockets when its time is over, and not before.
func TestExpiry(t *testing.T) {
	b := newSite(t, options{config: func(c *session.Config) { c.Lifetime = 300 * time.Millisecond }}).browser()
	began := time.Now()
	b.do("POST", "/login/alice")
	s := b.dial("/ws/members")
	s.says("who", "alice")
	s.closes(4401, "the session is over")
	if lasted := time.Since(began); lasted < 300*time.Millisecond {
		t.Errorf("closed after %v", lasted)
	}
	if got := b.do("GET", "/me"); got != "nobody" {
		t.Errorf("after the end: %s", got)
	}
}

// Requests prolong a session that ends when nobody uses it; its sockets hear of that, and do not prolong it themselves.
func TestIdleTimeout(t *testing.T) {
	const idle = 400 * time.Millisecond
	b := newSite(t, options{config: func(c *session.Config) { c.IdleTimeout = idle }}).browser()
	began := time.Now()
	b.do("POST", "/login/alice")
	s := b.dial("/ws/members")
	var last time.Time
	for time.Since(began) < 2*idle {
		last = time.Now()
		b.do("GET", "/me")
		s.says("who", "alice")
	}
	s.closes(4401, "the session is over")
	if quiet := time.Since(last); quiet < idle {
		t.Errorf("closed %v after the last request", quiet)
	}
}

// What a page of another origin asks for is refused where it could change something; what no page asks for is not.
func TestForeignPages(t *testing.T) {
	b := newSite(t, options{}).browser()
	own := b.site.server.URL
	for _, test := range []struct {
		method, path string
		header       []string
		want         int
	}{
		{"POST", "/login/alice", []string{"Origin", own}, 200},
		{"POST", "/login/alice", nil, 200},
		{"POST", "/login/alice", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"POST", "/login/alice", []string{"Sec-Fetch-Site", "none"}, 200},
		{"POST", "/login/alice", []string{"Origin", "https://evil.example"}, 403},
		{"POST", "/login/alice", []string{"Origin", "null"}, 403},
		{"POST", "/login/alice", []string{"Origin", strings.Replace(own, "https:", "http:", 1)}, 200}, // the same host, as behind a proxy
		{"POST", "/logout", []string{"Origin", "https://evil.example"}, 403},
		{"POST", "/logout", []string{"Origin", own + "0"}, 403},
		{"DELETE", "/me", []string{"Origin", "https://evil.example"}, 403},
		{"POST", "/logout", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", "/logout", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"POST", "/logout", []string{"Origin", "https://evil.example", "Authorization", "Basic eDp5"}, 403},
		{"GET", "/me", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 200},
	} {
		if status, body, _ := b.ask(test.method, test.path, test.header...); status != test.want {
			t.Errorf("%s %s %q: %d %s, want %d", test.method, test.path, test.header, status, body, test.want)
		}
	}
	if got := b.do("GET", "/me"); got != "alice" {
		t.Errorf("signed out by a foreign page: %s", got)
	}
}

// A session whose values cannot be read any more is none.
func TestUnreadableSession(t *testing.T) {
	shared := new(server)
	b := newSite(t, options{backend: shared.join()}).browser()
	b.do("POST", "/login/alice")
	shared.mu.Lock()
	for key, value := range shared.values {
		shared.values[key] = value[:8] + "what an older version wrote"
	}
	shared.mu.Unlock()
	if got := b.do("GET", "/me"); got != "nobody" {
		t.Errorf("it is %s's", got)
	}
	b.dial("/ws/open").says("who", "nobody")
	b.do("POST", "/login/bob")
	b.dial("/ws/members").says("who", "bob")
}
