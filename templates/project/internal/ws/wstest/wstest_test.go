package wstest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parrot is a consumer that does what it is told: "close CODE" closes, "group TEXT" sends to all, "late TEXT" sends after a
// while, "nothing" does nothing, and anything else comes back.
type parrot struct{ layer *ws.Layer }

func (p parrot) Connect(ctx context.Context, h *ws.Handshake) error {
	if h.Scope().Query().Has("deny") {
		return ws.Deny(403, "no")
	}
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, "all")
}

func (p parrot) Receive(ctx context.Context, r *ws.Request) error {
	verb, rest, _ := strings.Cut(string(r.Message.Data), " ")
	switch verb {
	case "close":
		var code int
		if _, err := fmt.Sscan(rest, &code); err != nil {
			return err
		}
		return ws.Close(code, "as told")
	case "group":
		return p.layer.Send(ctx, "all", ws.Text(rest))
	case "late":
		for range 1000 {
			runtime.Gosched()
		}
		return p.layer.Send(ctx, "all", ws.Text(rest))
	case "nothing":
		return nil
	}
	return r.Reply(ctx, r.Message)
}

func (p parrot) Disconnect(context.Context, ws.CloseStatus) {}

func newApp() *ws.Router {
	layer := ws.NewMemoryLayer()
	return ws.NewRouter(ws.DefaultLimits(), layer, nil, ws.Async("/ws", func(ws.Params) ws.AsyncConsumer { return parrot{layer} }))
}

func TestEverythingExpected(t *testing.T) {
	for name, opts := range map[string][]wstest.Option{"raw": nil, "wsgen.1": {wstest.V1()}} {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			sock, other := wstest.Connect(t, app, "/ws", opts...), wstest.Connect(t, app, "/ws", opts...)
			sock.Send("hello")
			sock.Expect("hello")
			sock.SendBinary([]byte{1, 2})
			sock.ExpectBinary([]byte{1, 2})
			sock.SendJSON(map[string]any{"b": 1, "a": []int{2}})
			sock.ExpectJSON(map[string]any{"a": []int{2}, "b": 1.0})
			sock.Send("group one")
			other.Expect("one")
			if m := sock.Receive(); string(m.Data) != "one" || m.Binary {
				t.Errorf("received %+v", m)
			}
			sock.Send("nothing")
			sock.Quiet()
			other.Send("close 4000")
			if reason := other.ExpectClose(4000); reason != "as told" {
				t.Errorf("reason %q", reason)
			}
			other.Send("lost, as in a browser")
			if (sock.ID() != "") != (name == "wsgen.1") {
				t.Errorf("id %q", sock.ID())
			}
			sock.Close(1000)
			wstest.Denied(t, app, "/none", 404, opts...)
		})
	}
	wstest.Denied(t, newApp(), "/ws?deny", 403)
	wstest.ConnectRefused(t, newApp(), "/ws?deny", 4503)
	sock := wstest.Connect(t, newApp(), "/ws", wstest.V1())
	if got := sock.Request("hello"); got != "hello" {
		t.Errorf("reply %q", got)
	}
	sock.RequestFails("nothing")
	sock.Drop()
}

// TestQuietWaits: what a page caused, however late, is here when Quiet looks.
func TestQuietWaits(t *testing.T) {
	app := newApp()
	sock, other := wstest.Connect(t, app, "/ws"), wstest.Connect(t, app, "/ws")
	for i := range 50 {
		sock.Send("late news")
		if err := app.Quiet(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := app.Stats(); got.Sent != uint64(2*(i+1)) {
			t.Fatalf("Quiet did not wait: stats %+v", got)
		}
		sock.Expect("news")
		other.Expect("news")
	}
}

// recorder is a testing.TB that keeps its failure to itself.
type recorder struct {
	testing.TB
	text string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatal(args ...any) {
	r.text = fmt.Sprint(args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

// failure runs f, and returns how it failed; "" where it did not.
func failure(t *testing.T, f func(testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.text
}

func TestFailures(t *testing.T) {
	connect := func(t testing.TB, opts ...wstest.Option) *wstest.Sock {
		return wstest.Connect(t, newApp(), "/ws", opts...)
	}
	for _, test := range []struct {
		name string
		do   func(testing.TB)
		want string
	}{
		{"another text", func(t testing.TB) { s := connect(t); s.Send("a"); s.Expect("b") }, `message "a", want "b"`},
		{"binary for text", func(t testing.TB) { s := connect(t); s.SendBinary([]byte("a")); s.Expect("a") }, `message binary 61, want "a"`},
		{"text for binary", func(t testing.TB) { s := connect(t); s.Send("a"); s.ExpectBinary([]byte("a")) }, `message "a", want binary 61`},
		{"another JSON", func(t testing.TB) { s := connect(t); s.Send("[1]"); s.ExpectJSON([]int{2}) }, `message "[1]", want [2]`},
		{"no JSON", func(t testing.TB) { s := connect(t); s.Send("["); s.ExpectJSON([]int{2}) }, `message "[", want [2]`},
		{"JSON that cannot be sent", func(t testing.TB) { connect(t).SendJSON(func() {}) }, "unsupported type"},
		{"a message too many", func(t testing.TB) { s := connect(t); s.Send("a"); s.Quiet() }, `1 came, the first is message "a"`},
		{"closed instead", func(t testing.TB) { s := connect(t); s.Send("close 4000"); s.Expect("a") }, `closed with 4000 "as told", want "a"`},
		{"another code", func(t testing.TB) { s := connect(t); s.Send("close 4000"); s.ExpectClose(4001) }, `closed with 4000 "as told", want 4001`},
		{"a message before the close", func(t testing.TB) { s := connect(t); s.Send("a"); s.ExpectClose(4001) }, `message "a", want close with 4001`},
		{"refused", func(t testing.TB) { wstest.Connect(t, newApp(), "/none") }, "(404 Not Found)"},
		{"refused with another status", func(t testing.TB) { wstest.Denied(t, newApp(), "/none", 403) }, "status 404, want 403"},
		{"not refused", func(t testing.TB) { wstest.Denied(t, newApp(), "/ws", 403) }, "accepted, want status 403"},
		{"refused over wsgen.1", func(t testing.TB) { wstest.Connect(t, newApp(), "/ws?deny", wstest.V1()) }, `closed with 4503 "no"`},
		{"a request over raw", func(t testing.TB) { connect(t).Request("a") }, "wstest.V1()"},
		{"a request that fails", func(t testing.TB) { connect(t, wstest.V1()).Request("nothing") }, "returned without a reply"},
		{"a request that does not", func(t testing.TB) { connect(t, wstest.V1()).RequestFails("a") }, `answered with "a"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := failure(t, test.do); !strings.Contains(got, test.want) {
				t.Errorf("failed with %q, want %q", got, test.want)
			}
		})
	}
}
