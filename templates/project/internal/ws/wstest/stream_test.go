package wstest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// newStreams returns an app whose group "all" keeps the newest three messages, and its layer.
func newStreams() (*ws.Router, *ws.Layer) {
	layer := ws.NewMemoryLayer()
	layer.Keep("all", ws.History{Messages: 3, Bytes: 1 << 20, TTL: time.Hour})
	return ws.NewRouter(ws.DefaultLimits(), layer, nil, ws.Async("/ws", func(ws.Params) ws.AsyncConsumer { return parrot{layer} })), layer
}

// TestPageThatReturns: it goes on where it was, is told what it missed, and other pages are other pages.
func TestPageThatReturns(t *testing.T) {
	app, layer := newStreams()
	sock := wstest.Connect(t, app, "/ws", wstest.V1())
	if at := sock.Position("all"); at.Offset != 0 { // the epoch is known as soon as the service has answered the page
		t.Errorf("at %+v before it began", at)
	}
	sock.Send("group one")
	sock.Expect("one")
	sock.ExpectAcks()
	first := sock.Position("all")
	if first.Epoch == "" || first.Offset == 0 {
		t.Errorf("at %+v", first)
	}
	sock.Drop()
	other := wstest.Connect(t, app, "/ws", wstest.V1())
	other.Expect("one")
	other.Send("group two")
	other.Expect("two")
	sock = wstest.Connect(t, app, "/ws", wstest.Return(sock))
	sock.Expect("two")
	sock.Quiet()

	// It comes back before the service has noticed that it was gone.
	again := wstest.Connect(t, app, "/ws", wstest.Return(sock))
	sock.ExpectClose(ws.CodeReplaced)
	again.Send("group three")
	again.Expect("three")
	again.Drop()
	if err := layer.Stream("all").Save(t.Context(), ws.Text("state")); err != nil {
		t.Fatal(err)
	}
	other.Expect("three")
	for range 5 {
		other.Send("group more")
		other.Expect("more")
	}
	again = wstest.Connect(t, app, "/ws", wstest.Return(again))
	if snapshot := again.ExpectReset("trimmed"); snapshot == nil || string(snapshot.Data) != "state" {
		t.Errorf("snapshot %+v", snapshot)
	}
	for range 3 {
		again.Expect("more")
	}
	if at := again.Position("all"); at.Epoch != first.Epoch || at.Offset <= first.Offset {
		t.Errorf("at %+v after %+v", at, first)
	}
}

// stubborn takes note of each message; its first handler waits for the end of its socket.
type stubborn struct {
	parrot
	seen    chan string
	running chan struct{} // closed when the first handler runs
}

func (c stubborn) Receive(ctx context.Context, r *ws.Request) error {
	c.seen <- string(r.Message.Data)
	if len(c.seen) > 1 {
		return nil
	}
	close(c.running)
	<-ctx.Done()
	return ctx.Err()
}

// TestReturnSendsAgain: what was not acknowledged comes again, in order, and is acknowledged then.
func TestReturnSendsAgain(t *testing.T) {
	layer := ws.NewMemoryLayer()
	layer.Keep("all", ws.History{Messages: 3, Bytes: 1 << 20, TTL: time.Hour})
	c := stubborn{parrot{layer}, make(chan string, 10), make(chan struct{})}
	app := ws.NewRouter(ws.DefaultLimits(), layer, nil, ws.Async("/ws", func(ws.Params) ws.AsyncConsumer { return c }, ws.Concurrency(1)))
	sock := wstest.Connect(t, app, "/ws", wstest.V1())
	sock.Send("first")
	<-c.running
	sock.Drop()
	sock.SendBinary([]byte("second")) // is lost on this connection, and kept
	sock = wstest.Connect(t, app, "/ws", wstest.Return(sock))
	sock.ExpectAcks()
	for _, want := range []string{"first", "first", "second"} {
		if got := <-c.seen; got != want {
			t.Errorf("handled %q, want %q", got, want)
		}
	}
}

func TestStreamFailures(t *testing.T) {
	fresh := func(t testing.TB) *wstest.Sock {
		app, _ := newStreams()
		return wstest.Connect(t, app, "/ws", wstest.V1())
	}
	said := func(t testing.TB) *wstest.Sock {
		s := fresh(t)
		s.Send("group a")
		return s
	}
	reset := func(t testing.TB) *wstest.Sock {
		app, layer := newStreams()
		for _, text := range []string{"a", "b", "c", "d"} {
			_ = layer.Send(context.Background(), "all", ws.Text(text))
		}
		_ = layer.Stream("all").Save(context.Background(), ws.Text("state"))
		return wstest.Connect(t, app, "/ws", wstest.V1())
	}
	for _, test := range []struct {
		name string
		do   func(testing.TB)
		want string
	}{
		{"no reset", func(t testing.TB) { said(t).ExpectReset("trimmed") }, `message "a", want reset "trimmed"`},
		{"no end", func(t testing.TB) { said(t).ExpectEnd(ws.JobDone) }, `message "a", want end "done"`},
		{"a reset too many", func(t testing.TB) { reset(t).Expect("a") }, `reset "trimmed" with the snapshot "state", want "a"`},
		{"another reset", func(t testing.TB) { reset(t).ExpectReset("ahead") }, `reset "trimmed" with the snapshot "state", want reset "ahead"`},
		{"a reset at rest", func(t testing.TB) { reset(t).Quiet() }, `1 came, the first is reset "trimmed"`},
		{"acks of a plain page", func(t testing.TB) {
			app, _ := newStreams()
			wstest.Connect(t, app, "/ws").ExpectAcks()
		}, "wstest.V1()"},
		{"acks of a service without streams", func(t testing.TB) { wstest.Connect(t, newApp(), "/ws", wstest.V1()).ExpectAcks() }, "streams"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := failure(t, test.do); !strings.Contains(got, test.want) {
				t.Errorf("failed with %q, want %q", got, test.want)
			}
		})
	}
}
