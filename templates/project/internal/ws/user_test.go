package ws_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// authFunc is an authenticator made of a function.
type authFunc func(r *http.Request) ws.Identity

func (f authFunc) Handshake(next http.Handler) http.Handler { return f.Requests(next) }

func (f authFunc) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(ws.WithIdentity(r.Context(), f(r))))
	})
}

// nobody is an authenticator that knows nobody: the users are those of the test kit.
func nobody(*http.Request) ws.Identity { return ws.Identity{} }

// finder is a Deps with FindUser, made of a function.
type finder struct {
	find func(ctx context.Context, id string) (any, error)
}

func (f finder) FindUser(ctx context.Context, id string) (any, error) { return f.find(ctx, id) }

// pointerFinder has the method by its pointer.
type pointerFinder struct{ data string }

func (f *pointerFinder) FindUser(context.Context, string) (any, error) { return f.data, nil }

// newUsersApp returns a router that knows its users, with an open route and one for members. The order is that of the generated
// code.
func newUsersApp(t testing.TB, auth ws.Authenticator, deps any, f *funcs) *ws.Router {
	t.Helper()
	layer := ws.NewMemoryLayer()
	users := ws.NewUsers(auth, deps)
	make := func(ws.Params) ws.SyncConsumer { return syncFuncs{f} }
	app := ws.NewRouter(ws.DefaultLimits(), layer, []ws.Middleware{users.Handshake},
		ws.Sync("/open", make), ws.Sync("/members", make, ws.RequireUser()), ws.Sync("/members/{id}", make, ws.RequireUser()),
		ws.Sync("/open/{rest:path}", make)).Guard(users)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(app.Drain(ctx, 0), layer.Close()); err != nil {
			t.Error(err)
		}
	})
	return app
}

// who answers with who the handshake's user is, by the scope and by the context.
func who() *funcs {
	return &funcs{receive: func(ctx context.Context, s *ws.Socket, _ ws.Message) error {
		return s.Send(ctx, ws.Text(describe(s.Scope().User())+", "+describe(ws.UserOf(ctx))))
	}}
}

func describe(u *ws.User) string {
	if u == nil {
		return "nobody"
	}
	return fmt.Sprintf("%s (%v)", u.ID, u.Data)
}

func TestUser(t *testing.T) {
	for name, test := range map[string]struct {
		deps any
		want string
	}{
		"nothing to find them with": {nil, "alice (<nil>)"},
		"a Deps without the method": {struct{ Layer *ws.Layer }{}, "alice (<nil>)"},
		"a method of Deps":          {finder{func(_ context.Context, id string) (any, error) { return "data of " + id, nil }}, "alice (data of alice)"},
		"a method of its pointer":   {pointerFinder{"by pointer"}, "alice (by pointer)"},
		"a pointer to Deps":         {&pointerFinder{"as pointer"}, "alice (as pointer)"},
	} {
		t.Run(name, func(t *testing.T) {
			app := newUsersApp(t, authFunc(nobody), test.deps, who())
			for _, path := range []string{"/open", "/members", "/members/7", "/open/a/b"} {
				sock := wstest.Connect(t, app, path, wstest.User("alice"))
				sock.Send("who")
				sock.Expect(test.want + ", " + test.want)
			}
			for _, path := range []string{"/open", "/open/a"} {
				sock := wstest.Connect(t, app, path)
				sock.Send("who")
				sock.Expect("nobody, nobody")
			}
			for _, path := range []string{"/members", "/members/7"} {
				wstest.Denied(t, app, path, http.StatusUnauthorized)
				if reason := wstest.ConnectRefused(t, app, path, ws.CodeUnauthorized); reason != "not signed in" {
					t.Errorf("reason %q", reason)
				}
			}
		})
	}
}

// What FindUser says decides, before the consumer is made.
func TestFindUserDecides(t *testing.T) {
	var made atomic.Int32
	for _, test := range []struct {
		name         string
		err          error
		status, code int // of the open route; 0 where it lets nobody in, but in
		members      int // the status of the other one
		reason       string
	}{
		{"no such user", fmt.Errorf("row 7: %w", ws.ErrNoUser), 0, 0, 401, "not signed in"},
		{"denied", fmt.Errorf("row 7: %w", ws.Deny(403, "locked")), 403, 4503, 403, "locked"},
		{"denied for now", ws.Deny(503, "later"), 503, 1013, 503, "later"},
		{"failed", errors.New("the database is down"), 500, 1011, 500, "internal error"},
		{"an answer for a socket", ws.Close(4000, "x"), 500, 1011, 500, "internal error"},
		{"panic", nil, 500, 1011, 500, "internal error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			deps := finder{func(context.Context, string) (any, error) {
				if test.err == nil {
					panic("FindUser")
				}
				return "data", test.err
			}}
			app := newUsersApp(t, authFunc(nobody), deps, &funcs{connect: func(_ context.Context, h *ws.Handshake) error {
				made.Add(1)
				if h.Scope().User() != nil {
					t.Errorf("the user is %v", h.Scope().User())
				}
				return nil
			}})
			log := captureLog(t)
			alice := wstest.User("alice")
			if test.status == 0 {
				made.Store(0)
				wstest.Connect(t, app, "/open", alice).Close(1000)
				if made.Swap(0) != 1 {
					t.Error("nobody was not let in")
				}
			} else {
				wstest.Denied(t, app, "/open", test.status, alice)
				if reason := wstest.ConnectRefused(t, app, "/open", test.code, alice); reason != test.reason {
					t.Errorf("reason %q", reason)
				}
			}
			wstest.Denied(t, app, "/members", test.members, alice)
			if made.Load() != 0 {
				t.Error("a consumer was made for who may not come")
			}
			if want := test.status == 500; strings.Contains(log.String(), "level=ERROR") != want {
				t.Errorf("logged: %s", log)
			}
			awaitSockets(t, app, 0)
		})
	}
}

// FindUser is asked once for each handshake, with a context that ends with it; and over HTTP only where somebody wants to know.
func TestFindUserIsAskedOnce(t *testing.T) {
	var asked atomic.Int32
	deps := finder{func(ctx context.Context, _ string) (any, error) {
		asked.Add(1)
		return nil, ctx.Err()
	}}
	app := newUsersApp(t, authFunc(nobody), deps, who())
	sock := wstest.Connect(t, app, "/members", wstest.User("alice"))
	for range 3 {
		sock.Send("who")
		sock.Expect("alice (<nil>), alice (<nil>)")
	}
	if n := asked.Swap(0); n != 1 {
		t.Errorf("asked %d times", n)
	}
	users := ws.NewUsers(authFunc(func(*http.Request) ws.Identity { return ws.Identity{UserID: "alice"} }), deps)
	for want, f := range map[int32]http.HandlerFunc{
		0: func(http.ResponseWriter, *http.Request) {},
		1: func(_ http.ResponseWriter, r *http.Request) {
			for range 2 {
				if u := ws.UserOf(r.Context()); u == nil {
					t.Error("it is nobody")
				}
			}
		},
	} {
		users.Requests(f).ServeHTTP(newRecorder(), newRequest(t, "/"))
		if n := asked.Swap(0); n != want {
			t.Errorf("asked %d times, want %d", n, want)
		}
	}
}

func newRequest(t *testing.T, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// In an HTTP handler a user who cannot be found out is nobody, and the log says why.
func TestUserOfFails(t *testing.T) {
	log := captureLog(t)
	users := ws.NewUsers(authFunc(func(*http.Request) ws.Identity { return ws.Identity{UserID: "alice"} }),
		finder{func(context.Context, string) (any, error) { return "data", errors.New("the database is down") }})
	users.Requests(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if u := ws.UserOf(r.Context()); u != nil {
			t.Errorf("it is %v", u)
		}
	})).ServeHTTP(newRecorder(), newRequest(t, "/"))
	if !strings.Contains(log.String(), "the database is down") {
		t.Errorf("logged: %s", log)
	}
}

// A refusal of the authenticator counts on every route, and the consumer's own middlewares may know the user before.
func TestRefusal(t *testing.T) {
	app := newUsersApp(t, authFunc(func(r *http.Request) ws.Identity {
		return ws.Identity{UserID: "alice", Refusal: ws.Deny(401, "expired "+r.Header.Get("X-Case"))}
	}), nil, who())
	for _, path := range []string{"/open", "/members"} {
		wstest.Denied(t, app, path, 401)
		if reason := wstest.ConnectRefused(t, app, path, 4401, wstest.Header("X-Case", "7")); reason != "expired 7" {
			t.Errorf("reason %q", reason)
		}
	}
}

// RequireUser lets nobody in where nobody is asked.
func TestRequireUserWithoutGuard(t *testing.T) {
	app, _ := newApp(t, syncRoute(&funcs{}, ws.RequireUser()))
	wstest.Denied(t, app, "/ws", 401)
	wstest.Denied(t, app, "/ws", 401, wstest.User("alice"))
}

// watches notes what becomes of the watches of handshakes.
type watches struct {
	mu      sync.Mutex
	started int
	stopped int
	end     func(reason string)
}

func (w *watches) identity(*http.Request) ws.Identity {
	return ws.Identity{UserID: "alice", Watch: func(end func(string)) func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.started++
		w.end = end
		return func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.stopped++
		}
	}}
}

func (w *watches) counts() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("%d started, %d stopped", w.started, w.stopped)
}

// The end of a login closes its socket, whenever it comes, and what is in the way does not delay it; the end of the socket, or of a
// handshake that came to nothing, ends the watch.
func TestWatch(t *testing.T) {
	modes(t, func(t *testing.T, _ func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
		w := new(watches)
		handling, gone := make(chan struct{}), make(chan ws.CloseStatus, 1)
		var late atomic.Bool
		app := newUsersApp(t, authFunc(w.identity), nil, &funcs{
			connect: func(context.Context, *ws.Handshake) error {
				if late.Load() {
					w.end("during Connect")
					for range 1000 { // for what it started, should that not wait
						runtime.Gosched()
					}
				}
				return nil
			},
			receive: func(ctx context.Context, _ *ws.Socket, m ws.Message) error {
				if string(m.Data) != "first" {
					t.Errorf("%q was handled after the end of the login", m.Data)
				}
				handling <- struct{}{}
				<-ctx.Done()
				return nil
			},
			disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
		})
		sock := wstest.Connect(t, app, "/members", opts...)
		sock.Send("first")
		await(t, handling, "Receive")
		sock.Send("second")
		w.end("signed out")
		w.end("signed out")
		if reason := sock.ExpectClose(ws.CodeUnauthorized); reason != "signed out" {
			t.Errorf("reason %q", reason)
		}
		if st := await(t, gone, "Disconnect"); st != (ws.CloseStatus{Code: ws.CodeUnauthorized, Reason: "signed out"}) {
			t.Errorf("Disconnect got %+v", st)
		}
		eventually(t, "the watch to end", func() bool { return w.counts() == "1 started, 1 stopped" })

		late.Store(true)
		sock = wstest.Connect(t, app, "/members", opts...)
		if reason := sock.ExpectClose(ws.CodeUnauthorized); reason != "during Connect" {
			t.Errorf("reason %q", reason)
		}
		await(t, gone, "Disconnect")
		late.Store(false)
		wstest.Connect(t, app, "/open", opts...).Close(1000)
		await(t, gone, "Disconnect")
		eventually(t, "the watch to end", func() bool { return w.counts() == "3 started, 3 stopped" })
	})
}

// A handshake that the consumer denies, or whose user there is not, ends its watch or begins none.
func TestWatchOfADenial(t *testing.T) {
	w := new(watches)
	app := newUsersApp(t, authFunc(w.identity), nil, &funcs{connect: func(context.Context, *ws.Handshake) error { return ws.Deny(403, "no") }})
	wstest.Denied(t, app, "/members", 403)
	wstest.ConnectRefused(t, app, "/members", 4503)
	eventually(t, "the watches to end", func() bool { return w.counts() == "2 started, 2 stopped" })
	w.end("nobody is there")

	w = new(watches)
	app = newUsersApp(t, authFunc(w.identity), finder{func(context.Context, string) (any, error) { return nil, ws.ErrNoUser }}, &funcs{})
	wstest.Denied(t, app, "/members", 401)
	wstest.Connect(t, app, "/open").Close(1000)
	if got := w.counts(); got != "0 started, 0 stopped" {
		t.Error(got)
	}
}

// A client is known again within one user only: whoever learns its id takes over nothing of another's.
func TestClientOfAnotherUser(t *testing.T) {
	app := newUsersApp(t, authFunc(nobody), nil, who())
	first := wstest.Connect(t, app, "/open", wstest.V1(), wstest.User("alice"))
	other := wstest.Connect(t, app, "/open", wstest.Return(first), wstest.User("bob"))
	for sock, want := range map[*wstest.Sock]string{first: "alice", other: "bob"} {
		sock.Send("who")
		sock.Expect(want + " (<nil>), " + want + " (<nil>)")
	}
	again := wstest.Connect(t, app, "/open", wstest.Return(first), wstest.User("alice"))
	first.ExpectClose(ws.CodeReplaced)
	other.Send("who")
	other.Expect("bob (<nil>), bob (<nil>)")
	again.Close(1000)
}

// Serve tells the handlers beside the routes who is there.
func TestServeKnowsUsers(t *testing.T) {
	log := captureLog(t)
	app := newUsersApp(t, authFunc(func(r *http.Request) ws.Identity { return ws.Identity{UserID: r.Header.Get("X-User")} }), nil, who())
	mux := http.NewServeMux()
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, describe(ws.UserOf(r.Context())))
	})
	c := ws.DefaultServerConfig()
	c.Addr, c.DrainWindow = "127.0.0.1:0", 0
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- ws.Serve(ctx, c, app, mux) }()
	url := ""
	eventually(t, "the service to listen", func() bool {
		_, rest, ok := strings.Cut(log.String(), "url=")
		url, _, _ = strings.Cut(rest, " ")
		return ok
	})
	r := newRequest(t, url+"/me")
	r.Header.Set("X-User", "alice")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.Body.Close() != nil || string(body) != "alice (<nil>)" {
		t.Errorf("%q, %v", body, err)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := await(t, served, "the end"); err != nil {
		t.Error(err)
	}
}
