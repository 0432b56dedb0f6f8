package ws_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// The three faults of Django Channels that the service cures.

// TestProgressWhileTheHandlerRuns: what a handler sends to its group reaches the page while the handler still runs, and
// other sockets go on meanwhile.
func TestProgressWhileTheHandlerRuns(t *testing.T) {
	modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
		seen, done := make(chan int), make(chan struct{})
		var layer *ws.Layer
		work := func(ctx context.Context, m ws.Message, reply func(context.Context, ws.Message) error) error {
			if string(m.Data) != "work" {
				return reply(ctx, m)
			}
			defer close(done)
			for i := range 5 {
				if err := layer.Send(ctx, "progress", ws.Text(fmt.Sprint("step ", i))); err != nil {
					return err
				}
				if got := <-seen; got != i { // the page has it, and this handler has not returned
					return fmt.Errorf("step %d was seen, want %d", got, i)
				}
			}
			return nil
		}
		app, l := newApp(t, route(&funcs{
			connect: func(ctx context.Context, h *ws.Handshake) error {
				s, err := h.Accept()
				if err != nil {
					return err
				}
				return s.Join(ctx, "progress")
			},
			receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error { return work(ctx, m, s.Send) },
			request: func(ctx context.Context, r *ws.Request) error { return work(ctx, r.Message, r.Reply) },
		}))
		layer = l
		sock, other := wstest.Connect(t, app, "/ws", opts...), wstest.Connect(t, app, "/ws", opts...)
		sock.Send("work")
		for i := range 5 {
			sock.Expect(fmt.Sprint("step ", i))
			other.Expect(fmt.Sprint("step ", i))
			other.Send("echo")
			other.Expect("echo") // the other socket is not held up
			seen <- i
		}
		await(t, done, "the end of the handler")
		sock.Quiet()
	})
}

// TestNothingIsLostOf300: each of 300 group sends from one handler arrives, in order.
func TestNothingIsLostOf300(t *testing.T) {
	modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
		var layer *ws.Layer
		burst := func(ctx context.Context) error {
			var errs []error
			for i := range 300 {
				errs = append(errs, layer.Send(ctx, "all", ws.Text(fmt.Sprint(i))))
			}
			return errors.Join(errs...)
		}
		app, l := newApp(t, route(&funcs{
			connect: func(ctx context.Context, h *ws.Handshake) error {
				s, err := h.Accept()
				if err != nil {
					return err
				}
				return s.Join(ctx, "all")
			},
			receive: func(ctx context.Context, _ *ws.Socket, _ ws.Message) error { return burst(ctx) },
			request: func(ctx context.Context, _ *ws.Request) error { return burst(ctx) },
		}))
		layer = l
		sender, member := wstest.Connect(t, app, "/ws", opts...), wstest.Connect(t, app, "/ws", opts...)
		sender.Send("go")
		for i := range 300 {
			sender.Expect(fmt.Sprint(i))
			member.Expect(fmt.Sprint(i))
		}
		sender.Quiet()
		member.Quiet()
		if st := app.Stats(); st.Sent != 600 || st.Dropped+st.Slow+st.Replaced != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestThePageClosesInALongHandler: the handler sees its context end, is not killed, and Disconnect runs once, after it.
func TestThePageClosesInALongHandler(t *testing.T) {
	ends := map[string]struct {
		end  func(*wstest.Sock)
		want ws.CloseStatus
	}{
		"closes": {func(s *wstest.Sock) { go s.Close(1001) }, ws.CloseStatus{Code: 1001, Remote: true}},
		"is cut": {func(s *wstest.Sock) { go s.Drop() }, ws.CloseStatus{Code: 1006, Reason: "connection lost", Remote: true}},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
				var log journal
				started, cancelled, release, gone := make(chan struct{}), make(chan error), make(chan struct{}), make(chan ws.CloseStatus)
				work := func(ctx context.Context) error {
					close(started)
					<-ctx.Done()
					cancelled <- context.Cause(ctx)
					<-release // the handler takes its time
					log.add("handler returns")
					return ctx.Err()
				}
				app, _ := newApp(t, route(&funcs{
					receive: func(ctx context.Context, _ *ws.Socket, _ ws.Message) error { return work(ctx) },
					request: func(ctx context.Context, _ *ws.Request) error { return work(ctx) },
					disconnect: func(ctx context.Context, st ws.CloseStatus) {
						if ctx.Err() != nil {
							log.add("the context of Disconnect has ended")
						}
						log.add("disconnect")
						gone <- st
					},
				}))
				sock := wstest.Connect(t, app, "/ws", opts...)
				sock.Send("work")
				await(t, started, "the handler")
				end.end(sock)
				cause := await(t, cancelled, "the end of the handler's context")
				if !errors.Is(cause, ws.ErrClosed) || cause != error(end.want) {
					t.Errorf("cause %#v, want %#v", cause, end.want)
				}
				close(release)
				if st := await(t, gone, "Disconnect"); st != end.want {
					t.Errorf("Disconnect got %+v, want %+v", st, end.want)
				}
				settle(t, app)
				if got := log.all(); fmt.Sprint(got) != "[handler returns disconnect]" {
					t.Errorf("happened: %q", got)
				}
			})
		})
	}
}
