package ws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// narrow is a limit that a page which does not read is beyond soon.
func narrow() ws.Limits {
	limits := ws.DefaultLimits()
	limits.OutboundBytes = 256 << 10
	return limits
}

// numbered returns a message of about 4 KiB that starts with a number.
func numbered(i int, key string) ws.Message {
	m := ws.Text(fmt.Sprintf("%d %s %s", i, key, strings.Repeat("x", 4000)))
	m.Key = key
	return m
}

// numberOf reads the number and the key back.
func numberOf(t *testing.T, text string) (i int, key string) {
	t.Helper()
	if _, err := fmt.Sscan(text, &i, &key); err != nil {
		t.Fatalf("%.20q: %v", text, err)
	}
	return i, key
}

// TestClientThatNeverReads: it is closed with 4008, nobody else is held up, and what it gets when it reads after all is in
// order, without a gap, and ends with that code.
func TestClientThatNeverReads(t *testing.T) {
	for name, send := range map[string]func(context.Context, *ws.Layer, *ws.Socket, ws.Message) error{
		"by itself":  func(ctx context.Context, _ *ws.Layer, s *ws.Socket, m ws.Message) error { return s.Send(ctx, m) },
		"by a group": func(ctx context.Context, l *ws.Layer, _ *ws.Socket, m ws.Message) error { return l.Send(ctx, "g", m) },
	} {
		for policy, option := range map[string][]ws.RouteOption{"disconnect": nil, "block": {ws.OutboundBlock()}} {
			if policy == "block" && name == "by itself" {
				continue // TestOutboundBlock
			}
			t.Run(name+"/"+policy, func(t *testing.T) {
				var layer *ws.Layer
				gone := make(chan ws.CloseStatus, 2)
				app, l := newAppWith(t, narrow(), syncRoute(&funcs{
					connect: join("g"),
					receive: func(ctx context.Context, s *ws.Socket, _ ws.Message) error {
						for i := 0; ; i++ {
							if err := send(ctx, layer, s, numbered(i, "-")); err != nil {
								return err
							}
						}
					},
					disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
				}, option...), ws.Sync("/other", func(ws.Params) ws.SyncConsumer { return syncFuncs{&funcs{}} }))
				layer = l
				page := dialPipe(t, app, "/ws")
				page.send(t, "go")
				if st := await(t, gone, "Disconnect"); st.Code != 4008 || st.Remote {
					t.Errorf("Disconnect got %+v", st)
				}
				other := wstest.Connect(t, app, "/other")
				other.Send("hello")
				other.Expect("hello")
				for i := 0; ; i++ {
					_, data, err := page.conn.Read(page.ctx)
					if err != nil {
						if codeOf(err) != 4008 {
							t.Errorf("after %d messages: %v", i, err)
						}
						break
					}
					if got, _ := numberOf(t, string(data)); got != i {
						t.Fatalf("message %d, want %d", got, i)
					}
				}
				if st := app.Stats(); st.Slow != 1 {
					t.Errorf("stats %+v", st)
				}
			})
		}
	}
}

// TestOutboundBlock: Send waits for a slow page, and nothing is lost.
func TestOutboundBlock(t *testing.T) {
	const messages = 500
	sent := make(chan error, 1)
	app, _ := newAppWith(t, narrow(), syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, _ ws.Message) error {
		for i := range messages {
			if err := s.Send(ctx, numbered(i, "-")); err != nil {
				sent <- err
				return err
			}
		}
		sent <- nil
		return nil
	}}, ws.OutboundBlock()))
	page := dialPipe(t, app, "/ws")
	page.send(t, "go")
	for i := range messages {
		if got, _ := numberOf(t, page.read(t)); got != i {
			t.Fatalf("message %d, want %d", got, i)
		}
	}
	if err := await(t, sent, "the end of the handler"); err != nil {
		t.Error(err)
	}
}

// TestOutboundBlockEnds: a Send that waits returns when its context ends, and when the socket does.
func TestOutboundBlockEnds(t *testing.T) {
	for _, by := range []string{"context", "close", "page"} {
		t.Run(by, func(t *testing.T) {
			sockets, stuck := make(chan *ws.Socket, 1), make(chan error, 1)
			own, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			app, _ := newAppWith(t, narrow(), asyncRoute(&funcs{request: func(_ context.Context, r *ws.Request) error {
				sockets <- r.Socket
				for i := 0; ; i++ {
					if err := r.Socket.Send(own, numbered(i, "-")); err != nil {
						stuck <- err
						return err
					}
				}
			}}, ws.OutboundBlock()))
			page := dialPipe(t, app, "/ws")
			page.send(t, "go")
			s := await(t, sockets, "the socket")
			eventually(t, "that it is full", func() bool { return app.Stats().Sent > 60 })
			want := errors.New("enough")
			switch by {
			case "context":
				cancel(want)
			case "close":
				want = ws.ErrClosed
				if err := s.Close(1000, ""); err != nil {
					t.Error(err)
				}
			case "page":
				want = ws.ErrClosed
				_ = page.conn.CloseNow()
			}
			if err := await(t, stuck, "the end of Send"); !errors.Is(err, want) {
				t.Errorf("Send: %v, want %v", err, want)
			}
		})
	}
}

// TestOutboundDrop: what has no room is left out and counted, the rest arrives in order.
func TestOutboundDrop(t *testing.T) {
	total := make(chan int, 1)
	var app *ws.Router
	app, _ = newAppWith(t, narrow(), syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, _ ws.Message) error {
		i := 0
		for ; app.Stats().Dropped < 10; i++ {
			if err := s.Send(ctx, numbered(i, "-")); err != nil {
				return err
			}
		}
		total <- i
		return nil
	}}, ws.OutboundDrop()))
	page := dialPipe(t, app, "/ws")
	page.send(t, "go")
	sent := await(t, total, "the end of the handler")
	before := -1
	for range sent - 10 {
		i, _ := numberOf(t, page.read(t))
		if i <= before {
			t.Fatalf("message %d after %d", i, before)
		}
		before = i
	}
	if st := app.Stats(); st.Dropped != 10 || int(st.Sent) != sent-10 || st.Slow != 0 {
		t.Errorf("stats %+v", st)
	}
}

// TestOutboundLatest: of each key the newest arrives, in the order of sending, and a message without a key is not replaced.
func TestOutboundLatest(t *testing.T) {
	const last = 5000
	done := make(chan struct{})
	app, _ := newAppWith(t, narrow(), syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, _ ws.Message) error {
		defer close(done)
		for i := range last + 1 {
			if err := s.Send(ctx, numbered(i, []string{"a", "b"}[i%2])); err != nil {
				return err
			}
		}
		return s.Send(ctx, numbered(last+1, ""))
	}}, ws.OutboundLatest()))
	page := dialPipe(t, app, "/ws")
	page.send(t, "go")
	await(t, done, "the end of the handler")
	newest, before, n := map[string]int{}, -1, 0
	for before <= last {
		i, key := numberOf(t, page.read(t))
		if i <= before {
			t.Fatalf("message %d after %d", i, before)
		}
		newest[key], before = i, i
		n++
	}
	if newest["a"] != last || newest["b"] != last-1 {
		t.Errorf("newest %v", newest)
	}
	if st := app.Stats(); int(st.Replaced) != last+2-n || st.Replaced == 0 || st.Slow != 0 {
		t.Errorf("%d messages read, stats %+v", n, st)
	}
}

// TestAnyMessageFitsAnEmptyOutbox: a message larger than the bound arrives where nothing else waits.
func TestAnyMessageFitsAnEmptyOutbox(t *testing.T) {
	big := strings.Repeat("y", 1<<20)
	app, _ := newAppWith(t, narrow(), syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, _ ws.Message) error {
		return s.Send(ctx, ws.Text(big))
	}}))
	page := dialTCP(t, app, "/ws")
	page.send(t, "go")
	if page.read(t) != big {
		t.Error("another message came")
	}
}

// TestFailedRequestsAreBounded: a page that asks and never reads does not fill the memory with what became of its requests.
func TestFailedRequestsAreBounded(t *testing.T) {
	limits := narrow()
	limits.OutboundBytes = 1 << 10
	gone := make(chan ws.CloseStatus, 1)
	app, _ := newAppWith(t, limits, asyncRoute(&funcs{
		request:    func(context.Context, *ws.Request) error { return nil },
		disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
	}, ws.OutboundDrop()))
	page := dialPipe(t, app, "/ws", "wsgen.1")
	go func() {
		for i := 0; ; i++ { // ends with the connection
			if err := page.conn.Write(page.ctx, 1, fmt.Appendf(nil, "r%d:", i)); err != nil {
				return
			}
		}
	}()
	if st := await(t, gone, "Disconnect"); st.Code != 4008 {
		t.Errorf("Disconnect got %+v", st)
	}
}
