package ws_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

func TestDenials(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int // for others
		code   int // for wsgen.1
		reason string
	}{
		{ws.Deny(401, "who are you"), 401, 4401, "who are you"},
		{ws.Deny(403, "members only"), 403, 4503, "members only"},
		{ws.Deny(429, "slowly"), 429, 1013, "slowly"},
		{ws.Deny(503, "later"), 503, 1013, "later"},
		{ws.Deny(418, "teapot"), 418, 1008, "teapot"},
		{ws.Deny(500, "broken"), 500, 1008, "broken"},
		{ws.Deny(200, "not a refusal"), 500, 1008, "not a refusal"},
		{fmt.Errorf("wrapped: %w", ws.Deny(403, "inside")), 403, 4503, "inside"},
		{errors.New("secret detail"), 500, 1011, "internal error"},
	} {
		t.Run(test.err.Error(), func(t *testing.T) {
			app, _ := newApp(t, syncRoute(&funcs{
				connect:    func(context.Context, *ws.Handshake) error { return test.err },
				disconnect: func(context.Context, ws.CloseStatus) { t.Error("Disconnect of a socket that was not accepted") },
			}))
			wstest.Denied(t, app, "/ws", test.status)
			wstest.Denied(t, app, "/ws", test.status, wstest.Offer("wsgen.raw"))
			if reason := wstest.ConnectRefused(t, app, "/ws", test.code); reason != test.reason {
				t.Errorf("reason %q, want %q", reason, test.reason)
			}
			if st := app.Stats(); st.Accepted != 0 || st.Denied != 3 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func TestCloseInConnect(t *testing.T) {
	modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
		for _, test := range []struct {
			name    string
			connect func(context.Context, *ws.Handshake) error
			want    int
		}{
			{"before the accept", func(context.Context, *ws.Handshake) error { return ws.Close(4000, "bye") }, 4000},
			{"after the accept", accepting(ws.Close(4000, "bye")), 4000},
			{"deny after the accept", accepting(ws.Deny(403, "bye")), 4503},
			{"failure after the accept", accepting(errors.New("secret detail")), 1011},
			{"a code that may not be sent", accepting(ws.Close(1006, "bye")), 1011},
		} {
			t.Run(test.name, func(t *testing.T) {
				gone := make(chan ws.CloseStatus, 2)
				app, _ := newApp(t, route(&funcs{
					connect:    test.connect,
					disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
				}))
				sock := wstest.Connect(t, app, "/ws", opts...)
				if reason := sock.ExpectClose(test.want); strings.Contains(reason, "secret") {
					t.Errorf("the page was told %q", reason)
				}
				if st := await(t, gone, "Disconnect"); st.Code != test.want || st.Remote {
					t.Errorf("Disconnect got %+v", st)
				}
				if len(gone) > 0 {
					t.Error("Disconnect ran twice")
				}
			})
		}
	})
}

// accepting returns a Connect that accepts, sends a greeting, and returns err.
func accepting(err error) func(context.Context, *ws.Handshake) error {
	return func(_ context.Context, h *ws.Handshake) error {
		if _, err := h.Accept(); err != nil {
			return err
		}
		return err
	}
}

// TestConnectFailsAfterThePageIsGone: what the page sent is not handled, and Disconnect runs.
func TestConnectFailsAfterThePageIsGone(t *testing.T) {
	gone := make(chan ws.CloseStatus, 2)
	app, _ := newApp(t, syncRoute(&funcs{
		connect: func(ctx context.Context, h *ws.Handshake) error {
			if _, err := h.Accept(); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		},
		receive:    func(context.Context, *ws.Socket, ws.Message) error { t.Error("handled"); return nil },
		disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
	}))
	page := dialRaw(t, app, "/ws", "")
	page.write(t, frame(0x81, "x")+closeFrame(1000, ""))
	page.expectClose(t, 1000)
	if st := await(t, gone, "Disconnect"); st.Code != 1000 || !st.Remote {
		t.Errorf("Disconnect got %+v", st)
	}
	if st := app.Stats(); st.Unhandled != 1 {
		t.Errorf("stats %+v", st)
	}
}

func TestAcceptTwice(t *testing.T) {
	var kept *ws.Handshake
	app, _ := newApp(t, syncRoute(&funcs{connect: func(_ context.Context, h *ws.Handshake) error {
		kept = h
		if _, err := h.Accept(); err != nil {
			return err
		}
		if _, err := h.Accept(); !errors.Is(err, ws.ErrHandshakeOver) {
			t.Errorf("second Accept: %v", err)
		}
		return nil
	}}))
	sock := wstest.Connect(t, app, "/ws")
	if _, err := kept.Accept(); !errors.Is(err, ws.ErrHandshakeOver) {
		t.Errorf("Accept after Connect: %v", err)
	}
	sock.Send("still open")
	sock.Expect("still open")
}

func TestScope(t *testing.T) {
	scopes := make(chan *ws.Scope, 1)
	limits := ws.DefaultLimits()
	limits.TrustedProxies = ws.Proxies{netip.MustParsePrefix("192.0.2.0/24")}
	app, _ := newAppWith(t, limits, ws.Sync("/ws/{room:slug}/{n:int}", func(p ws.Params) ws.SyncConsumer {
		if p.String("room") != "lobby" || p.Int64("n") != 7 || p.String("n") != "007" {
			t.Errorf("params %+v", p)
		}
		return syncFuncs{&funcs{connect: func(_ context.Context, h *ws.Handshake) error { scopes <- h.Scope(); return nil }}}
	}))
	wstest.Connect(t, app, "/ws/lobby/007?q=1&q=2&x=%20", wstest.Header("Cookie", "session=abc; b=c"), wstest.Header("X-Custom", "yes"),
		wstest.Header("X-Forwarded-For", "198.51.100.7, 192.0.2.9"), wstest.Offer("chat.v2", "wsgen.raw", "wsgen.bearer.secret", "chat.v1"))
	s := await(t, scopes, "the scope")
	session, ok := s.Cookie("session")
	none, found := s.Cookie("none")
	for what, got := range map[string][2]any{
		"path":           {s.Path(), "/ws/lobby/007"},
		"route":          {s.Route(), "/ws/{room:slug}/{n:int}"},
		"room":           {s.Params().String("room"), "lobby"},
		"query":          {fmt.Sprint(s.Query()["q"], s.Query().Get("x") == " "), "[1 2] true"},
		"host":           {s.Host(), "service.test"},
		"header":         {s.Header().Get("X-Custom"), "yes"},
		"cookie":         {fmt.Sprint(session, " ", ok), "abc true"},
		"missing cookie": {fmt.Sprint(none, " ", found), " false"},
		"address":        {s.ClientAddr().String(), "198.51.100.7"},
		"subprotocols":   {fmt.Sprint(s.Subprotocols()), "[chat.v2 chat.v1]"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}
}

func TestSubprotocols(t *testing.T) {
	choose := func(name string) *funcs {
		return &funcs{connect: func(_ context.Context, h *ws.Handshake) error {
			_, err := h.Accept(ws.Subprotocol(name), ws.ResponseHeader("X-Greeting", "hello"))
			return err
		}}
	}
	for _, test := range []struct {
		name   string
		choose string
		opts   []wstest.Option
		want   string
	}{
		{"none offered", "", nil, ""},
		{"none chosen", "", []wstest.Option{wstest.Offer("chat.v1")}, ""},
		{"chosen", "chat.v1", []wstest.Option{wstest.Offer("chat.v2", "chat.v1")}, "chat.v1"},
		{"wsgen.raw", "", []wstest.Option{wstest.Offer("wsgen.raw", "wsgen.bearer.secret")}, "wsgen.raw"},
		{"chosen beside wsgen.raw", "chat.v1", []wstest.Option{wstest.Offer("wsgen.raw", "chat.v1")}, "chat.v1"},
		{"told in hello", "chat.v1", []wstest.Option{wstest.V1(), wstest.Offer("chat.v1")}, "chat.v1"},
		{"none in hello", "", []wstest.Option{wstest.V1(), wstest.Offer("chat.v1")}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			app, _ := newApp(t, syncRoute(choose(test.choose)))
			sock := wstest.Connect(t, app, "/ws", test.opts...)
			if sock.Protocol() != test.want {
				t.Errorf("protocol %q, want %q", sock.Protocol(), test.want)
			}
			sock.Send("hello")
			sock.Expect("hello")
		})
	}
	t.Run("not offered", func(t *testing.T) {
		app, _ := newApp(t, syncRoute(choose("chat.v3")))
		wstest.Denied(t, app, "/ws", 500, wstest.Offer("chat.v1"))
	})
	t.Run("a header of the handshake", func(t *testing.T) {
		app, _ := newApp(t, syncRoute(&funcs{connect: func(_ context.Context, h *ws.Handshake) error {
			_, err := h.Accept(ws.ResponseHeader("sec-websocket-extensions", "x"))
			return err
		}}))
		wstest.Denied(t, app, "/ws", 500)
	})
}

func TestPlainHTTP(t *testing.T) {
	app, _ := newApp(t, syncRoute(&funcs{}), ws.Sync("/n/{n:int}", func(ws.Params) ws.SyncConsumer { return syncFuncs{&funcs{}} }))
	ok := map[string]string{"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
	for _, test := range []struct {
		name, method, path string
		change             map[string]string
		want               int
	}{
		{"no upgrade", "GET", "/ws", map[string]string{"Connection": "", "Upgrade": ""}, 426},
		{"POST", "POST", "/ws", nil, 426},
		{"HTTP/1.0", "GET", "/ws", nil, 426},
		{"version 8", "GET", "/ws", map[string]string{"Sec-Websocket-Version": "8"}, 426},
		{"no key", "GET", "/ws", map[string]string{"Sec-Websocket-Key": ""}, 400},
		{"short key", "GET", "/ws", map[string]string{"Sec-Websocket-Key": "AAAA"}, 400},
		{"no route", "GET", "/none", nil, 404},
		{"failed converter", "GET", "/n/x", nil, 404},
		{"failed converter over HTTP", "GET", "/n/x", map[string]string{"Upgrade": ""}, 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequest(test.method, "http://service.test"+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range ok {
				r.Header.Set(k, v)
			}
			for k, v := range test.change {
				r.Header.Set(k, v)
			}
			if test.name == "HTTP/1.0" { // RFC 6455, section 4.1, wants 1.1
				r.ProtoMinor = 0
			}
			w := newRecorder()
			app.ServeHTTP(w, r)
			if w.Code != test.want {
				t.Errorf("status %d, want %d", w.Code, test.want)
			}
			if test.want == 426 && (w.Header().Get("Upgrade") != "websocket" || w.Header().Get("Sec-WebSocket-Version") != "13") {
				t.Errorf("header %v", w.Header())
			}
			if got := app.Handles(r); got != (test.path != "/none") {
				t.Errorf("Handles: %v", got)
			}
		})
	}
}

func TestPanicsInConnect(t *testing.T) {
	t.Run("constructor", func(t *testing.T) {
		app, _ := newApp(t, ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { panic("secret detail") }))
		wstest.Denied(t, app, "/ws", 500)
		wstest.ConnectRefused(t, app, "/ws", 1011)
		if n := app.Stats().Panics; n != 2 {
			t.Errorf("%d panics counted", n)
		}
	})
	ends := map[string]func(){"panic": func() { panic("secret detail") }, "goexit": runtime.Goexit}
	for name, end := range ends {
		t.Run(name+" before the accept", func(t *testing.T) {
			app, _ := newApp(t, asyncRoute(&funcs{connect: func(context.Context, *ws.Handshake) error { end(); return nil }}))
			wstest.Denied(t, app, "/ws", 500)
			wstest.ConnectRefused(t, app, "/ws", 1011)
		})
		t.Run(name+" after the accept", func(t *testing.T) {
			gone := make(chan ws.CloseStatus, 2)
			app, _ := newApp(t, asyncRoute(&funcs{
				connect: func(_ context.Context, h *ws.Handshake) error {
					if _, err := h.Accept(); err != nil {
						return err
					}
					end()
					return nil
				},
				disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
			}))
			sock := wstest.Connect(t, app, "/ws", wstest.V1())
			sock.ExpectClose(1011)
			if st := await(t, gone, "Disconnect"); st.Code != 1011 {
				t.Errorf("Disconnect got %+v", st)
			}
		})
	}
}

// TestMiddlewareThatHidesTheConnection: the log says what it lacks.
func TestMiddlewareThatHidesTheConnection(t *testing.T) {
	lines := captureLog(t)
	hide := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
		})
	}
	app := ws.NewRouter(ws.DefaultLimits(), nil, []ws.Middleware{hide}, syncRoute(&funcs{}))
	wstest.Denied(t, app, "/ws", 500)
	settle(t, app)
	if !strings.Contains(lines.String(), "needs a method Unwrap") {
		t.Errorf("log:\n%s", lines)
	}
	lost := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.Background()))
		})
	}
	app = ws.NewRouter(ws.DefaultLimits(), nil, []ws.Middleware{lost}, syncRoute(&funcs{}))
	wstest.Denied(t, app, "/ws", 500)
	if !strings.Contains(lines.String(), "lost the values") {
		t.Errorf("log:\n%s", lines)
	}
}

// TestMiddleware: the first is the outermost, its context values reach every handler, and it ends with the upgrade.
func TestMiddleware(t *testing.T) {
	type key struct{}
	returned := make(chan string, 2)
	layer := func(name string) ws.Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				before, _ := r.Context().Value(key{}).(string)
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, before+name)))
				returned <- name
			})
		}
	}
	deny := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("deny") {
				http.Error(w, "no", http.StatusPaymentRequired)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	seen := make(chan string, 4)
	look := func(ctx context.Context, where string) {
		seen <- fmt.Sprint(where, " ", ctx.Value(key{}), " ", ctx.Err())
	}
	app := ws.NewRouter(ws.DefaultLimits(), nil, []ws.Middleware{layer("a"), layer("b"), deny}, syncRoute(&funcs{
		connect: func(ctx context.Context, _ *ws.Handshake) error { look(ctx, "connect"); return nil },
		receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error {
			look(ctx, "receive")
			return s.Send(ctx, m)
		},
		disconnect: func(ctx context.Context, _ ws.CloseStatus) { look(ctx, "disconnect") },
	}))
	sock := wstest.Connect(t, app, "/ws")
	if first, second := await(t, returned, "b"), await(t, returned, "a"); first != "b" || second != "a" {
		t.Errorf("returned in the order %s, %s", first, second)
	}
	sock.Send("hello") // long after net/http has ended the request's own context
	sock.Expect("hello")
	sock.Close(1000)
	for _, want := range []string{"connect ab <nil>", "receive ab <nil>", "disconnect ab <nil>"} {
		if got := await(t, seen, want); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	wstest.Denied(t, app, "/ws?deny", http.StatusPaymentRequired)
}
