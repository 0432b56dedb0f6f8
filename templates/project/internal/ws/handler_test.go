package ws_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// join is a Connect that joins groups.
func join(groups ...string) func(context.Context, *ws.Handshake) error {
	return func(ctx context.Context, h *ws.Handshake) error {
		s, err := h.Accept()
		if err != nil {
			return err
		}
		for _, g := range groups {
			if err := s.Join(ctx, g); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestSyncIsFirstInFirstOut: messages and events of one socket are handled one at a time, in order of arrival.
func TestSyncIsFirstInFirstOut(t *testing.T) {
	var running atomic.Int32
	var log journal // without a lock of its own the race detector would see an overlap; the counter says it in words
	handle := func(what string) error {
		if running.Add(1) > 1 {
			t.Error("two handlers of a sync socket run at once")
		}
		log.add(what)
		runtime.Gosched()
		running.Add(-1)
		return nil
	}
	app, layer := newApp(t, syncRoute(&funcs{
		connect: join("g"),
		receive: func(_ context.Context, _ *ws.Socket, m ws.Message) error { return handle(string(m.Data)) },
		event:   func(_ context.Context, _ *ws.Socket, e ws.Event) error { return handle(e.Type + string(e.Data)) },
	}))
	sock := wstest.Connect(t, app, "/ws")
	var want []string
	for i := range 100 {
		sock.Send(fmt.Sprint(i))
		want = append(want, fmt.Sprint(i))
		if i%10 == 9 {
			sock.Quiet() // so that the order of arrival is known
			data := []byte{byte('a' + i/10)}
			if err := layer.Notify(t.Context(), "g", ws.Event{Type: "event ", Data: data}); err != nil {
				t.Fatal(err)
			}
			data[0] = '!' // it has been copied
			want = append(want, "event "+string(rune('a'+i/10)))
		}
	}
	sock.Quiet()
	if got := log.all(); strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("handled %q\nwant %q", got, want)
	}
}

// TestAsyncOverlapsWithinItsBound: as many handlers run at once as the route says, the next starts when one returns, and
// they start in order of arrival.
func TestAsyncOverlapsWithinItsBound(t *testing.T) {
	const bound, messages = 3, 10
	started, release := make(chan string, messages), make(chan struct{})
	var running, most atomic.Int32
	app, _ := newApp(t, asyncRoute(&funcs{request: func(ctx context.Context, r *ws.Request) error {
		now := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		started <- string(r.Message.Data)
		<-release
		return nil
	}}, ws.Concurrency(bound)))
	sock := wstest.Connect(t, app, "/ws")
	for i := range bound {
		sock.Send(fmt.Sprint(i))
		if got := await(t, started, "a handler"); got != fmt.Sprint(i) {
			t.Fatalf("handler of %s started, want %d", got, i)
		}
	}
	for i := bound; i < messages; i++ {
		sock.Send(fmt.Sprint(i))
	}
	for i := bound; i < messages; i++ {
		select {
		case got := <-started:
			t.Fatalf("handler of %s started beyond the bound", got)
		default:
		}
		release <- struct{}{}
		if got := await(t, started, "the next handler"); got != fmt.Sprint(i) {
			t.Fatalf("handler of %s started, want %d", got, i)
		}
	}
	close(release)
	sock.Quiet()
	if most.Load() != bound {
		t.Errorf("%d handlers ran at once, want %d", most.Load(), bound)
	}
}

// TestHandlersOfTheWholeProcess: MaxHandlers bounds the handlers of all async sockets; every socket gets its turn, and sync
// sockets are not concerned.
func TestHandlersOfTheWholeProcess(t *testing.T) {
	synctest.Test(t, testHandlersOfTheWholeProcess)
}

func testHandlersOfTheWholeProcess(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.MaxHandlers = 2
	started, release := make(chan string, 100), make(chan struct{})
	app, _ := newAppWith(t, limits,
		ws.Async("/async", func(ws.Params) ws.AsyncConsumer {
			return asyncFuncs{&funcs{request: func(_ context.Context, r *ws.Request) error {
				started <- string(r.Message.Data)
				<-release
				return nil
			}}}
		}),
		syncRoute(&funcs{}))
	var socks []*wstest.Sock
	for i := range 4 {
		s := wstest.Connect(t, app, "/async")
		socks = append(socks, s)
		for j := range 3 {
			s.Send(fmt.Sprint(i, "/", j))
		}
		if i == 0 { // it takes both places
			await(t, started, "a handler")
			await(t, started, "a handler")
		}
	}
	plain := wstest.Connect(t, app, "/ws")
	plain.Send("hello")
	plain.Expect("hello")
	synctest.Wait() // until the server has read everything
	count := map[string]int{}
	for i := range 10 {
		release <- struct{}{}
		count[await(t, started, "the next handler")[:1]]++
		if i == 3 && len(count) < 4 {
			t.Errorf("a socket had its turn again before others had one: %v", count)
		}
	}
	close(release)
	for _, s := range socks {
		s.Quiet()
	}
	if fmt.Sprint(count) != "map[0:1 1:3 2:3 3:3]" {
		t.Errorf("handled %v", count)
	}
}

// TestConnectReturnsFirst: what a page sends while Connect still runs waits for it.
func TestConnectReturnsFirst(t *testing.T) {
	modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, _ ...wstest.Option) {
		var log journal
		accepted, release := make(chan struct{}), make(chan struct{})
		app, _ := newApp(t, route(&funcs{
			connect: func(_ context.Context, h *ws.Handshake) error {
				if _, err := h.Accept(); err != nil {
					return err
				}
				close(accepted)
				<-release
				log.add("connect returns")
				return nil
			},
			receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error { log.add("receive"); return s.Send(ctx, m) },
			request: func(ctx context.Context, r *ws.Request) error { log.add("receive"); return r.Reply(ctx, r.Message) },
		}))
		page := dialTCP(t, app, "/ws")
		await(t, accepted, "the accept")
		page.send(t, "early")
		eventually(t, "that the server has read it", func() bool { return app.Stats().Received == 1 })
		close(release)
		if got := page.read(t); got != "early" {
			t.Errorf("read %q", got)
		}
		if got := log.all(); fmt.Sprint(got) != "[connect returns receive]" {
			t.Errorf("happened: %q", got)
		}
	})
}

func TestEndsAskedByHandlers(t *testing.T) {
	modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
		for _, test := range []struct {
			name string
			end  func() error
			want int
		}{
			{"close", func() error { return ws.Close(4000, "bye") }, 4000},
			{"close, wrapped", func() error { return fmt.Errorf("so: %w", ws.Close(1000, "done")) }, 1000},
			{"deny", func() error { return ws.Deny(401, "log in") }, 4401},
			{"error", func() error { return errors.New("secret detail") }, 1011},
			{"an error of a context of its own", func() error { return context.Canceled }, 1011},
			{"panic", func() error { panic("secret detail") }, 1011},
			{"panic with nil", func() error { panic(nil) }, 1011}, //nolint:govet // what Go makes of it is the test
			{"goexit", func() error { runtime.Goexit(); return nil }, 1011},
		} {
			for _, by := range []string{"receive", "event"} {
				t.Run(by+"/"+test.name, func(t *testing.T) {
					gone := make(chan ws.CloseStatus, 2)
					f := &funcs{connect: join("g"), disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st }}
					switch by {
					case "receive":
						f.receive = func(context.Context, *ws.Socket, ws.Message) error { return test.end() }
						f.request = func(context.Context, *ws.Request) error { return test.end() }
					case "event":
						f.event = func(context.Context, *ws.Socket, ws.Event) error { return test.end() }
					}
					app, layer := newApp(t, route(f), ws.Sync("/other", func(ws.Params) ws.SyncConsumer { return syncFuncs{&funcs{}} }))
					other := wstest.Connect(t, app, "/other", opts...)
					sock := wstest.Connect(t, app, "/ws", opts...)
					if by == "event" {
						if err := layer.Notify(t.Context(), "g", ws.Event{Type: "end"}); err != nil {
							t.Fatal(err)
						}
					} else {
						sock.Send("end")
					}
					if reason := sock.ExpectClose(test.want); strings.Contains(reason, "secret") {
						t.Errorf("the page was told %q", reason)
					}
					if st := await(t, gone, "Disconnect"); st.Code != test.want || st.Remote {
						t.Errorf("Disconnect got %+v", st)
					}
					other.Send("hello")
					other.Expect("hello")
					other.Quiet()
					if len(gone) > 0 {
						t.Error("Disconnect ran twice")
					}
				})
			}
		}
	})
}

// TestDisconnectPanics: it takes nothing else with it, and the socket's place is free again.
func TestDisconnectPanics(t *testing.T) {
	app, _ := newApp(t, syncRoute(&funcs{disconnect: func(context.Context, ws.CloseStatus) { panic("secret detail") }}))
	wstest.Connect(t, app, "/ws").Close(1000)
	awaitSockets(t, app, 0)
	if n := app.Stats().Panics; n != 1 {
		t.Errorf("%d panics counted", n)
	}
}

// TestNoEventMethod: an event to a consumer without Event is counted, and nothing else.
func TestNoEventMethod(t *testing.T) {
	app, layer := newApp(t, ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { return plainConsumer{} }))
	sock := wstest.Connect(t, app, "/ws")
	if err := layer.Notify(t.Context(), "g", ws.Event{Type: "x"}); err != nil {
		t.Fatal(err)
	}
	sock.Send("hello")
	sock.Expect("hello")
	if n := app.Stats().NoEventMethod; n != 1 {
		t.Errorf("%d counted", n)
	}
}

// plainConsumer has no Event method.
type plainConsumer struct{}

func (plainConsumer) Connect(ctx context.Context, h *ws.Handshake) error { return join("g")(ctx, h) }
func (plainConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return s.Send(ctx, m)
}
func (plainConsumer) Disconnect(context.Context, ws.CloseStatus) {}

func TestRequests(t *testing.T) {
	var late *ws.Request
	app, _ := newApp(t, asyncRoute(&funcs{request: func(ctx context.Context, r *ws.Request) error {
		switch string(r.Message.Data) {
		case "twice":
			if err := r.Reply(ctx, ws.Text("first")); err != nil {
				return err
			}
			if err := r.Reply(ctx, ws.Text("second")); !errors.Is(err, ws.ErrReplied) {
				t.Errorf("second reply: %v", err)
			}
			return nil
		case "never":
			late = r
			return nil
		case "bad":
			if err := r.Reply(ctx, ws.JSON(func() {})); err == nil {
				t.Error("a function has become JSON")
			}
			return r.Reply(ctx, ws.Text("after all"))
		}
		return r.Reply(ctx, ws.Message{Data: append([]byte("re: "), r.Message.Data...)})
	}}))
	sock := wstest.Connect(t, app, "/ws", wstest.V1())
	for ask, want := range map[string]string{"": "re: ", "a:b": "re: a:b", "twice": "first", "bad": "after all"} {
		if got := sock.Request(ask); got != want {
			t.Errorf("request %q: %q, want %q", ask, got, want)
		}
	}
	sock.RequestFails("never")
	sock.Quiet()
	if err := late.Reply(t.Context(), ws.Text("too late")); !errors.Is(err, ws.ErrReplied) {
		t.Errorf("reply after the handler: %v", err)
	}
	sock.Send("no request")
	sock.Expect("re: no request")
	sock.Quiet()
}

// TestRequestThatFails: a handler that fails, or panics, leaves no promise waiting.
func TestRequestThatFails(t *testing.T) {
	for name, end := range map[string]func() error{"error": func() error { return errors.New("x") }, "panic": func() error { panic("x") }} {
		t.Run(name, func(t *testing.T) {
			app, _ := newApp(t, asyncRoute(&funcs{request: func(context.Context, *ws.Request) error { return end() }}))
			sock := wstest.Connect(t, app, "/ws", wstest.V1())
			sock.RequestFails("x")
			sock.ExpectClose(1011)
		})
	}
}

func TestRequestToASyncConsumer(t *testing.T) {
	page := dialTCP(t, mustApp(t, syncRoute(&funcs{})), "/ws", "wsgen.1")
	page.read(t) // hello
	page.send(t, "r1:x")
	if got := page.read(t); got != `c{"type":"close","code":1002,"reason":"requests need an async consumer"}` {
		t.Errorf("read %q", got)
	}
	page.expectClose(t, 1002)
}
