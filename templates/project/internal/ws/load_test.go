package ws_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// TestOrderUnderLoad: many sockets at once, each with messages of its own and events from several senders: a sync consumer sees
// each sender's in order, one at a time, none left out. Its fields have no lock, which the race detector watches.
func TestOrderUnderLoad(t *testing.T) {
	const sockets, messages, notifiers, events = 20, 300, 3, 100
	var done sync.WaitGroup
	app, layer := newApp(t, ws.Sync("/ws", func(ws.Params) ws.SyncConsumer {
		next := make(map[string]int) // no lock: handlers do not overlap
		handled := 0
		count := func(from, number string) error {
			if want := fmt.Sprint(next[from]); number != want {
				return fmt.Errorf("number %s of %q, want %s", number, from, want)
			}
			next[from]++
			if handled++; handled == messages+notifiers*events {
				done.Done()
			}
			return nil
		}
		return syncFuncs{&funcs{
			connect: join("g"),
			receive: func(_ context.Context, _ *ws.Socket, m ws.Message) error { return count("the page", string(m.Data)) },
			event:   func(_ context.Context, _ *ws.Socket, e ws.Event) error { return count(e.Type, string(e.Data)) },
		}}
	}))
	done.Add(sockets)
	var pages []*rawPage
	for range sockets {
		pages = append(pages, dialRaw(t, app, "/ws", ""))
	}
	settle(t, app) // all have joined
	var senders sync.WaitGroup
	for _, page := range pages {
		senders.Go(func() {
			for i := range messages {
				if _, err := io.WriteString(page, frame(0x81, fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range notifiers {
		senders.Go(func() {
			for j := range events {
				if err := layer.Notify(context.Background(), "g", ws.Event{Type: fmt.Sprint("notifier ", i), Data: []byte(fmt.Sprint(j))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	finished := make(chan struct{})
	go func() { done.Wait(); close(finished) }()
	await(t, finished, "that all are handled in order")
	if st := app.Stats(); st.Sockets != sockets || st.EventOverflows+st.InboxTimeouts+st.Unhandled != 0 {
		t.Errorf("stats %+v", st)
	}
}

// TestBoundsUnderLoad: many async sockets at once: none has more handlers than its bound, all together no more than the process's,
// and each request has one handler and one reply.
func TestBoundsUnderLoad(t *testing.T) {
	const sockets, messages, bound, all = 12, 200, 4, 10
	limits := ws.DefaultLimits()
	limits.MaxHandlers = all
	var running, most, mostOfOne, handled atomic.Int32
	raise := func(to *atomic.Int32, now int32) {
		for old := to.Load(); now > old && !to.CompareAndSwap(old, now); old = to.Load() {
		}
	}
	app, _ := newAppWith(t, limits, ws.Async("/ws", func(ws.Params) ws.AsyncConsumer {
		var own atomic.Int32
		return asyncFuncs{&funcs{request: func(ctx context.Context, r *ws.Request) error {
			raise(&mostOfOne, own.Add(1))
			raise(&most, running.Add(1))
			defer running.Add(-1)
			defer own.Add(-1)
			handled.Add(1)
			return r.Reply(ctx, r.Message) // a system call at times, in which others start
		}}}
	}, ws.Concurrency(bound)))
	var pages sync.WaitGroup
	for range sockets {
		page := dialRaw(t, app, "/ws", v1Offer)
		pages.Go(func() {
			var all strings.Builder
			for i := range messages {
				all.WriteString(frame(0x81, fmt.Sprintf("r%d:", i)))
			}
			go func() { _, _ = io.WriteString(page, all.String()) }() // the replies tell whether it arrived
			seen := make(map[string]bool)
			for len(seen) < messages {
				first, payload, err := page.tryNext()
				if err != nil || first != 0x81 || seen[payload] {
					t.Errorf("frame %x %q, %v after %d replies", first, payload, err, len(seen))
					return
				}
				if strings.HasPrefix(payload, "r") {
					seen[payload] = true
				}
			}
		})
	}
	pages.Wait()
	if most.Load() > all || mostOfOne.Load() > bound || handled.Load() != sockets*messages {
		t.Errorf("%d handlers at once, %d of one socket, %d in all", most.Load(), mostOfOne.Load(), handled.Load())
	}
}

// TestDefaultBounds: what holds where nothing else is said: 16 handlers of an async socket at once, and 1 MiB that waits for a page.
func TestDefaultBounds(t *testing.T) {
	t.Run("handlers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var running atomic.Int32
			release := make(chan struct{})
			app, _ := newApp(t, asyncRoute(&funcs{request: func(context.Context, *ws.Request) error {
				running.Add(1)
				<-release
				return nil
			}}))
			sock := wstest.Connect(t, app, "/ws")
			for range 20 {
				sock.Send("x")
			}
			synctest.Wait()
			if n := running.Load(); n != 16 {
				t.Errorf("%d handlers at once", n)
			}
			close(release)
			sock.Quiet()
		})
	})
	t.Run("outbound", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent, gone := 0, make(chan ws.CloseStatus, 1)
			app, _ := newApp(t, syncRoute(&funcs{
				receive: func(ctx context.Context, s *ws.Socket, _ ws.Message) error {
					for ; ; sent++ {
						if err := s.Send(ctx, ws.Text(strings.Repeat("x", 1<<10-4))); err != nil {
							return err
						}
					}
				},
				disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
			}))
			page := shakeHands(t, pipeTo(t, app), "/ws", "")
			page.write(t, frame(0x81, "go"))
			if st := <-gone; st.Code != 4008 || sent != 1<<10 {
				t.Errorf("Disconnect got %+v after %d KiB", st, sent)
			}
			_ = page.Close()
		})
	})
}

// TestPanicsAreLogged: with the route, what was said, and the stack down to the line of the consumer.
func TestPanicsAreLogged(t *testing.T) {
	lines := captureLog(t)
	app, _ := newApp(t, syncRoute(&funcs{receive: func(context.Context, *ws.Socket, ws.Message) error { panic("of all things") }}))
	sock := wstest.Connect(t, app, "/ws")
	sock.Send("x")
	sock.ExpectClose(1011)
	text := lines.String()
	for _, want := range []string{"panic in a consumer", "route=/ws", `panic="of all things"`, "TestPanicsAreLogged", "load_test.go:"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the log:\n%s", want, text)
		}
	}
	if n := app.Stats().Panics; n != 1 {
		t.Errorf("%d counted", n)
	}
}
