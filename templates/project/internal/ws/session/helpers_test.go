package session_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test: it fails a test that would hang, and passes none.
const patience = time.Minute

// room is a sync consumer that says who is there when it is asked, and does with the session what it is told.
type room struct{ deps *deps }

func (c *room) Connect(ctx context.Context, h *ws.Handshake) error {
	if c.deps.connect != nil {
		return c.deps.connect(ctx, h)
	}
	return nil
}

func (c *room) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	answer := "nobody"
	switch word := string(m.Data); {
	case word == "logout":
		return session.Logout(ctx)
	case word == "login":
		err := session.Login(ctx, "bob")
		return s.Send(ctx, ws.Text(err.Error()))
	case strings.HasPrefix(word, "value "):
		answer = session.Manager(ctx).GetString(ctx, strings.TrimPrefix(word, "value "))
	case s.Scope().User() != nil:
		answer = s.Scope().User().ID
		if ws.UserOf(ctx).ID != answer {
			return errors.New("UserOf and Scope.User differ")
		}
	}
	return s.Send(ctx, ws.Text(answer))
}

func (*room) Disconnect(context.Context, ws.CloseStatus) {}

// deps is what consumers.Deps would be.
type deps struct {
	connect func(ctx context.Context, h *ws.Handshake) error
}

// FindUser implements ws.UserFinder.
func (*deps) FindUser(_ context.Context, id string) (any, error) {
	switch id {
	case "gone":
		return nil, fmt.Errorf("user %s: %w", id, ws.ErrNoUser)
	case "banned":
		return nil, ws.Deny(http.StatusForbidden, "banned")
	case "broken":
		return nil, errors.New("the database is down")
	}
	return "data of " + id, nil
}

// options is how a site differs from the usual one.
type options struct {
	config  func(*session.Config)
	debug   bool
	backend ws.Backend // shared by several sites; nil for memory
	connect func(ctx context.Context, h *ws.Handshake) error
	handle  func(mux *http.ServeMux)
}

// site is a service with sessions, over TLS on the loopback.
type site struct {
	t      *testing.T
	server *httptest.Server
	app    *ws.Router
	layer  *ws.Layer
	auth   *session.Auth
}

func newSite(t *testing.T, o options) *site {
	t.Helper()
	layer := ws.NewMemoryLayer()
	if o.backend != nil {
		var err error
		if layer, err = ws.NewLayer(o.backend); err != nil {
			t.Fatal(err)
		}
	}
	config := session.DefaultConfig("service")
	if o.config != nil {
		o.config(&config)
	}
	d := &deps{connect: o.connect}
	auth := session.New(config, ws.Origins{}, o.debug, layer)
	users := ws.NewUsers(auth, d)
	open := func(ws.Params) ws.SyncConsumer { return &room{d} }
	app := ws.NewRouter(ws.DefaultLimits(), layer, []ws.Middleware{ws.OriginValidator(ws.Origins{}, o.debug), users.Handshake},
		ws.Sync("/ws/open", open), ws.Sync("/ws/members", open, ws.RequireUser())).Guard(users)
	s := &site{t: t, app: app, layer: layer, auth: auth}
	mux := newMux()
	if o.handle != nil {
		o.handle(mux)
	}
	requests := users.Requests(mux)
	s.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if app.Handles(r) {
			app.ServeHTTP(w, r)
			return
		}
		requests.ServeHTTP(w, r)
	}))
	t.Cleanup(s.close)
	return s
}

// close ends the site, which must leave nothing behind.
func (s *site) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.app.Drain(ctx, 0); err != nil {
		s.t.Error(err)
	}
	s.server.Close()
	if err := s.layer.Close(); err != nil {
		s.t.Error(err)
	}
	for s.auth.Logins() > 0 { // a watch ends a moment after its socket
		if ctx.Err() != nil {
			s.t.Fatalf("%d logins are known for ever", s.auth.Logins())
		}
		runtime.Gosched()
	}
}

// newMux has what most tests ask for: to sign in and out, and who is there.
func newMux() *http.ServeMux {
	mux := http.NewServeMux()
	do := func(pattern string, f func(r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	do("POST /login/{user}", func(r *http.Request) error { return session.Login(r.Context(), r.PathValue("user")) })
	do("POST /logout", func(r *http.Request) error { return session.Logout(r.Context()) })
	do("POST /value/{key}/{value}", func(r *http.Request) error {
		session.Manager(r.Context()).Put(r.Context(), r.PathValue("key"), r.PathValue("value"))
		return nil
	})
	mux.HandleFunc("GET /value/{key}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, session.Manager(r.Context()).GetString(r.Context(), r.PathValue("key")))
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		answer := "nobody"
		if u := ws.UserOf(r.Context()); u != nil {
			answer = u.ID
		}
		_, _ = io.WriteString(w, answer)
	})
	return mux
}

// browser keeps cookies as a browser does: the Secure ones go over TLS only.
type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := *s.server.Client()
	client.Jar = jar
	return &browser{t: s.t, site: s, client: &client}
}

// on returns the same browser on another site, whose cookies it has if both are of one host.
func (b *browser) on(s *site) *browser {
	client := *s.server.Client()
	client.Jar = b.client.Jar
	return &browser{t: b.t, site: s, client: &client}
}

// ask sends a request, and returns the status, the body and the header of the answer.
func (b *browser) ask(method, path string, header ...string) (int, string, http.Header) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.site.server.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.Body.Close() != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(body)), response.Header
}

// do sends a request that must succeed, and returns the body of the answer.
func (b *browser) do(method, path string) string {
	b.t.Helper()
	status, body, _ := b.ask(method, path)
	if status != http.StatusOK {
		b.t.Fatalf("%s %s: %d %s", method, path, status, body)
	}
	return body
}

func (b *browser) url() *url.URL {
	u, err := url.Parse(b.site.server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// cookies returns those that the browser would send.
func (b *browser) cookies() []*http.Cookie { return b.client.Jar.Cookies(b.url()) }

// plant gives the browser a cookie, as somebody does who has stolen it or made it up.
func (b *browser) plant(cookies ...*http.Cookie) {
	for _, c := range cookies {
		c.Secure, c.Path = true, "/"
	}
	b.client.Jar.SetCookies(b.url(), cookies)
}

// tryDial opens a socket, or returns the answer that refuses it.
func (b *browser) tryDial(path string, header http.Header, offers ...string) (*socket, *http.Response, error) {
	b.t.Helper()
	if header == nil {
		header = http.Header{"Origin": {b.site.server.URL}}
	}
	dialer := websocket.Dialer{
		Jar: b.client.Jar, HandshakeTimeout: patience, Subprotocols: offers,
		TLSClientConfig: &tls.Config{RootCAs: b.client.Transport.(*http.Transport).TLSClientConfig.RootCAs},
	}
	conn, response, err := dialer.DialContext(b.t.Context(), "wss"+strings.TrimPrefix(b.site.server.URL, "https")+path, header)
	if err != nil {
		return nil, response, err
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		b.t.Fatal(err)
	}
	return &socket{t: b.t, conn: conn, v1: len(offers) > 0 && offers[0] == "wsgen.1"}, response, nil
}

// dial opens a raw socket.
func (b *browser) dial(path string) *socket {
	b.t.Helper()
	s, _, err := b.tryDial(path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// socket is an open one.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	v1   bool
}

func (s *socket) send(text string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) expect(want string) {
	s.t.Helper()
	_, data, err := s.conn.ReadMessage()
	if err != nil || string(data) != want {
		s.t.Fatalf("%q, %v; want %q", data, err, want)
	}
}

// says asks the consumer, and expects an answer.
func (s *socket) says(word, want string) {
	s.t.Helper()
	s.send(word)
	s.expect(want)
}

// closes expects the socket to close.
func (s *socket) closes(code int, reason string) {
	s.t.Helper()
	var control struct {
		Type, Reason string
		Code         int
	}
	for {
		_, data, err := s.conn.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			if closed.Code != code || closed.Text != reason {
				s.t.Fatalf("closed with %d %q, want %d %q", closed.Code, closed.Text, code, reason)
			}
			if s.v1 && (control.Type != "close" || control.Code != code || control.Reason != reason) {
				s.t.Fatalf("before the close frame: %+v", control)
			}
			return
		case err != nil:
			s.t.Fatal(err)
		case s.v1 && bytes.HasPrefix(data, []byte("c")):
			if err := json.Unmarshal(data[1:], &control); err != nil {
				s.t.Fatal(err)
			}
		default:
			s.t.Fatalf("%q, want a close", data)
		}
	}
}

// await waits for an event; what says which, should it not come.
func await[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case v := <-ch:
		return v
	case <-timeout.C:
		t.Fatalf("nothing for %v, want %s", patience, what)
		panic("unreachable")
	}
}
