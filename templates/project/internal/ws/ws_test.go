package ws_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test: it fails a test that would hang, and passes none.
const patience = time.Minute

// funcs is a consumer made of functions; what is nil does nothing, and an unset receive echoes.
type funcs struct {
	connect    func(ctx context.Context, h *ws.Handshake) error
	receive    func(ctx context.Context, s *ws.Socket, m ws.Message) error
	request    func(ctx context.Context, r *ws.Request) error
	event      func(ctx context.Context, s *ws.Socket, e ws.Event) error
	disconnect func(ctx context.Context, st ws.CloseStatus)
}

func (f *funcs) Connect(ctx context.Context, h *ws.Handshake) error {
	if f.connect == nil {
		return nil
	}
	return f.connect(ctx, h)
}

func (f *funcs) Disconnect(ctx context.Context, st ws.CloseStatus) {
	if f.disconnect != nil {
		f.disconnect(ctx, st)
	}
}

func (f *funcs) Event(ctx context.Context, s *ws.Socket, e ws.Event) error {
	if f.event == nil {
		return nil
	}
	return f.event(ctx, s, e)
}

type syncFuncs struct{ *funcs }

func (f syncFuncs) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	if f.receive == nil {
		return s.Send(ctx, m)
	}
	return f.receive(ctx, s, m)
}

type asyncFuncs struct{ *funcs }

func (f asyncFuncs) Receive(ctx context.Context, r *ws.Request) error {
	if f.request == nil {
		return r.Reply(ctx, r.Message)
	}
	return f.request(ctx, r)
}

// syncRoute and asyncRoute make routes to the consumer f, at /ws.
func syncRoute(f *funcs, o ...ws.RouteOption) ws.Route {
	return ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { return syncFuncs{f} }, o...)
}

func asyncRoute(f *funcs, o ...ws.RouteOption) ws.Route {
	return ws.Async("/ws", func(ws.Params) ws.AsyncConsumer { return asyncFuncs{f} }, o...)
}

// newApp returns a router with a layer of its own. It has drained when the test ends.
func newApp(t testing.TB, routes ...ws.Route) (*ws.Router, *ws.Layer) {
	return newAppWith(t, ws.DefaultLimits(), routes...)
}

func newAppWith(t testing.TB, limits ws.Limits, routes ...ws.Route) (*ws.Router, *ws.Layer) {
	layer := ws.NewMemoryLayer()
	app := ws.NewRouter(limits, layer, nil, routes...)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := app.Drain(ctx, 0); err != nil {
			t.Error(err)
		}
		if err := layer.Close(); err != nil {
			t.Error(err)
		}
	})
	return app, layer
}

// modes runs a test for both modes, and for a plain page as well as for one on wsgen.1.
func modes(t *testing.T, test func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option)) {
	routes := map[string]func(*funcs, ...ws.RouteOption) ws.Route{"sync": syncRoute, "async": asyncRoute}
	for name, route := range routes {
		t.Run(name+"/raw", func(t *testing.T) { test(t, route) })
		t.Run(name+"/wsgen.1", func(t *testing.T) { test(t, route, wstest.V1()) })
	}
}

// await waits for an event; what says which, should it not come.
func await[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case v, ok := <-ch:
		if !ok {
			var zero T
			return zero
		}
		return v
	case <-timeout.C:
		t.Fatalf("nothing for %v, want %s", patience, what)
		panic("unreachable")
	}
}

// journal keeps what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.lines...)
}

func TestEcho(t *testing.T) {
	modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
		app, _ := newApp(t, route(&funcs{}))
		sock := wstest.Connect(t, app, "/ws", opts...)
		for _, text := range []string{"hello", "", "grüß dich, 世界"} {
			sock.Send(text)
			sock.Expect(text)
		}
		sock.SendBinary([]byte{0, 0xff, 'm'})
		sock.ExpectBinary([]byte{0, 0xff, 'm'})
		sock.Quiet()
		sock.Close(1000)
	})
}

// settle waits until the app is at rest.
func settle(t testing.TB, app *ws.Router) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := app.Quiet(ctx); err != nil {
		t.Fatal(err)
	}
}

// newRecorder returns a ResponseWriter for answers without an upgrade.
func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// awaitSockets waits until the router has n sockets. A socket leaves it when its connection is closed, which no page can see.
func awaitSockets(t testing.TB, app *ws.Router, n int) {
	t.Helper()
	eventually(t, fmt.Sprint(n, " sockets"), func() bool { return app.Stats().Sockets == n })
}

// eventually waits for what no event tells.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("nothing for %v, want %s", patience, what)
		}
	}
}

// buffer is a place to log to.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// captureLog catches what the rest of the test logs.
func captureLog(t *testing.T) *buffer {
	old := slog.Default()
	t.Cleanup(func() { slog.SetDefault(old) })
	b := new(buffer)
	slog.SetDefault(slog.New(slog.NewTextHandler(b, nil)))
	return b
}

// tryConnect asks for a handshake that a recorder cannot take part in: it shows the refusals that come before.
func tryConnect(app *ws.Router) int {
	r := httptest.NewRequest("GET", "/ws", nil)
	r.Header = map[string][]string{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w.Code
}
