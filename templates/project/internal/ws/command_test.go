package ws_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
)

// These tests run on the clock of testing/synctest: when Wait returns, the service has done all that it can do.

// bothModes runs a test in a bubble for a sync and for an async consumer. Its handler gets the socket and the text of the command.
func bothModes(t *testing.T, test func(t *testing.T, route func(handler) ws.Route)) {
	t.Run("sync", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, func(h handler) ws.Route { return syncRoute(h.funcs()) }) })
	})
	t.Run("async", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, func(h handler) ws.Route { return asyncRoute(h.funcs()) }) })
	})
}

// handler is a Receive of either mode.
type handler func(ctx context.Context, s *ws.Socket, text string) error

func (h handler) funcs() *funcs {
	return &funcs{
		receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error { return h(ctx, s, string(m.Data)) },
		request: func(ctx context.Context, r *ws.Request) error { return h(ctx, r.Socket, string(r.Message.Data)) },
	}
}

// counting is a handler that notes what it gets.
func counting(log *journal) handler {
	return func(_ context.Context, _ *ws.Socket, text string) error { log.add(text); return nil }
}

// expectLog expects the handlers to have noted this.
func expectLog(t *testing.T, log *journal, want string) {
	t.Helper()
	if got := strings.Join(log.all(), " "); got != want {
		t.Errorf("handled %q, want %q", got, want)
	}
}

// TestCommandsOnceOverConnections: what is sent again after a loss takes effect once, and is acknowledged on the new connection.
func TestCommandsOnceOverConnections(t *testing.T) {
	bothModes(t, func(t *testing.T, route func(handler) ws.Route) {
		var log journal
		app := newCommandApp(t, route(counting(&log)))
		page := connectAs(t, app, client1)
		for _, n := range []string{"1", "2"} { // one at a time: async handlers start in order, but may overtake
			page.text(t, "n"+n+":"+n)
			page.expect(t, "a"+n)
		}
		page.lose(t)

		page = connectAs(t, app, client1)
		page.text(t, "n2:2", "n3:3")
		synctest.Wait()
		page.lose(t)
		expectLog(t, &log, "1 2 3")
		if got := page.last; got != "a3" {
			t.Errorf("last came %q", got)
		}
		if n := app.Stats().Repeated; n != 1 {
			t.Errorf("%d repeated", n)
		}
	})
}

// TestAcksAreContiguous: a command is acknowledged when all before it are done too, and then at once for all.
func TestAcksAreContiguous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		app := newCommandApp(t, asyncRoute(handler(func(_ context.Context, _ *ws.Socket, text string) error {
			if text == "slow" {
				<-release
			}
			return nil
		}).funcs()))
		page := connectAs(t, app, client1)
		page.text(t, "n7:fast", "n8:slow", "n9:fast", "n10:fast")
		page.expect(t, "a7")
		synctest.Wait()
		page.expectNone(t)
		close(release)
		page.expect(t, "a10")
	})
}

// TestCommandRunsWhileThePageReturns: the command of the old connection is waited for. Where its handler ends its work, it has taken
// effect; where it gives up because its socket has ended, the one that was sent again takes effect.
func TestCommandRunsWhileThePageReturns(t *testing.T) {
	for name, test := range map[string]struct {
		err  func(context.Context) error
		want string
	}{
		"it goes on":                       {func(context.Context) error { return nil }, "begin end"},
		"it fails":                         {func(context.Context) error { return errors.New("of its own") }, "begin end"},
		"it gives up":                      {func(ctx context.Context) error { return ctx.Err() }, "begin end begin end"},
		"it gives up, and says why":        {context.Cause, "begin end begin end"},
		"it gives up, as another call did": {func(context.Context) error { return fmt.Errorf("send: %w", ws.ErrClosed) }, "begin end begin end"},
	} {
		t.Run(name, func(t *testing.T) {
			bothModes(t, func(t *testing.T, route func(handler) ws.Route) {
				var log journal
				release := make(chan struct{})
				app := newCommandApp(t, route(func(ctx context.Context, _ *ws.Socket, text string) error {
					if text != "work" {
						return nil
					}
					log.add("begin")
					defer log.add("end")
					<-release
					if ctx.Err() == nil {
						return nil
					}
					return test.err(ctx)
				}))
				page := connectAs(t, app, client1)
				page.text(t, "n1:work")
				synctest.Wait()
				page.lose(t)

				page = connectAs(t, app, client1)
				page.text(t, "n1:work", "n2:more")
				synctest.Wait()
				page.expectNone(t)
				expectLog(t, &log, "begin")
				close(release)
				synctest.Wait()
				page.lose(t)
				if page.last != "a2" {
					t.Errorf("last came %q", page.last)
				}
				expectLog(t, &log, test.want)
			})
		})
	}
}

// TestWaitingForACommandEnds: a page that leaves again, while its command still runs on an older connection, holds nothing up, and
// the next one that comes back waits in its place.
func TestWaitingForACommandEnds(t *testing.T) {
	bothModes(t, func(t *testing.T, route func(handler) ws.Route) {
		var log journal
		release := make(chan struct{})
		app := newCommandApp(t, route(func(context.Context, *ws.Socket, string) error {
			log.add("work")
			<-release
			return nil
		}))
		for range 3 {
			page := connectAs(t, app, client1)
			page.text(t, "n1:work")
			synctest.Wait()
			page.lose(t)
		}
		synctest.Wait()
		if st := app.Stats(); st.Sockets != 1 || st.Unhandled != 2 {
			t.Errorf("%d sockets, %d unhandled: only the first still works", st.Sockets, st.Unhandled)
		}
		page := connectAs(t, app, client1)
		page.text(t, "n1:work")
		synctest.Wait()
		close(release)
		page.expect(t, "a1")
		expectLog(t, &log, "work")
	})
}

// TestCommandsBehindOneThatWaits: where a connection is lost whose command waits for an older one, those behind it do not overtake.
func TestCommandsBehindOneThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		release := make(chan struct{})
		app := newCommandApp(t, syncRoute(handler(func(_ context.Context, _ *ws.Socket, text string) error {
			log.add(text)
			if text == "one" {
				<-release
				log.add("done")
			}
			return nil
		}).funcs()))
		for _, frames := range [][]string{{"n1:one"}, {"n1:one", "n2:two"}} {
			page := connectAs(t, app, client1)
			page.text(t, frames...)
			synctest.Wait()
			page.lose(t)
			synctest.Wait()
		}
		expectLog(t, &log, "one")
		close(release)
		page := connectAs(t, app, client1)
		page.text(t, "n1:one", "n2:two")
		synctest.Wait()
		expectLog(t, &log, "one done two")
		page.lose(t)
	})
}

// TestFailedCommandsAreAcknowledged, before the close frame: sent again, they would fail again, and for ever.
func TestFailedCommandsAreAcknowledged(t *testing.T) {
	for name, test := range map[string]struct {
		handle handler
		code   int
	}{
		"error":  {func(context.Context, *ws.Socket, string) error { return errors.New("broken") }, 1011},
		"panic":  {func(context.Context, *ws.Socket, string) error { panic("broken") }, 1011},
		"goexit": {func(context.Context, *ws.Socket, string) error { runtime.Goexit(); return nil }, 1011},
		"close":  {func(context.Context, *ws.Socket, string) error { return ws.Close(4000, "again") }, 4000},
		"deny":   {func(context.Context, *ws.Socket, string) error { return ws.Deny(403, "not you") }, 4503},
	} {
		t.Run(name, func(t *testing.T) {
			bothModes(t, func(t *testing.T, route func(handler) ws.Route) {
				captureLog(t)
				var log journal
				app := newCommandApp(t, route(func(ctx context.Context, s *ws.Socket, text string) error {
					log.add(text)
					if text == "bad" {
						return test.handle(ctx, s, text)
					}
					return nil
				}))
				page := connectAs(t, app, client1)
				page.text(t, "n1:bad")
				if _, before := page.expectClosed(t, test.code); fmt.Sprint(before) != "[a1]" {
					t.Errorf("came %q before the close frame, want a1", before)
				}
				page = connectAs(t, app, client1) // the acknowledgement got lost
				page.text(t, "n1:bad", "n2:good")
				synctest.Wait()
				page.lose(t)
				if page.last != "a2" {
					t.Errorf("last came %q", page.last)
				}
				expectLog(t, &log, "bad good")
			})
		})
	}
}

// TestThrownAwayCommands: what waited at the end of a socket that the service ended is not handled then, but when it comes again.
func TestThrownAwayCommands(t *testing.T) {
	ends := map[string]func(ctx context.Context, s *ws.Socket) error{
		"closed by its consumer": func(_ context.Context, s *ws.Socket) error { return s.Close(4000, "again") },
		"closed by the handler":  func(context.Context, *ws.Socket) error { return ws.Close(4000, "again") },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log journal
				release := make(chan struct{})
				app := newCommandApp(t, syncRoute(handler(func(ctx context.Context, s *ws.Socket, text string) error {
					log.add(text)
					if text == "end" {
						<-release
						return end(ctx, s)
					}
					return nil
				}).funcs()))
				page := connectAs(t, app, client1)
				page.text(t, "n1:end", "n2:two", "n3:three")
				synctest.Wait()
				close(release)
				page.expectClosed(t, 4000)
				synctest.Wait()
				expectLog(t, &log, "end")

				page = connectAs(t, app, client1)
				page.text(t, "n1:end", "n2:two", "n3:three")
				synctest.Wait()
				page.lose(t)
				if page.last != "a3" {
					t.Errorf("last came %q", page.last)
				}
				expectLog(t, &log, "end two three")
			})
		})
	}
}

// TestWaitingCommandsAtTheEnd: where the page leaves, what it sent before is handled, as any message is. Where the service ends the
// socket, the page knows that it must send again what was not acknowledged, perhaps to another process.
func TestWaitingCommandsAtTheEnd(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*testing.T, *commander, *ws.Router)
		want string
	}{
		"lost":               {func(t *testing.T, p *commander, _ *ws.Router) { p.lose(t) }, "work waiting"},
		"closed by the page": {func(t *testing.T, p *commander, _ *ws.Router) { p.write(t, closeFrame(1000, "")) }, "work waiting"},
		"a service that stops": {func(t *testing.T, _ *commander, app *ws.Router) {
			go func() {
				if err := app.Drain(t.Context(), 0); err != nil {
					t.Error(err)
				}
			}()
		}, "work"},
		"a newer connection": {func(t *testing.T, _ *commander, app *ws.Router) { connectAs(t, app, client1) }, "work"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log journal
				release := make(chan struct{})
				app := newCommandApp(t, syncRoute(handler(func(_ context.Context, _ *ws.Socket, text string) error {
					log.add(text)
					<-release
					return nil
				}).funcs()))
				page := connectAs(t, app, client1)
				page.text(t, "n1:work", "n2:waiting")
				synctest.Wait()
				test.end(t, page, app)
				synctest.Wait()
				close(release)
				synctest.Wait()
				expectLog(t, &log, test.want)
				if n, want := app.Stats().Unhandled, uint64(2-len(strings.Fields(test.want))); n != want {
					t.Errorf("%d unhandled, want %d", n, want)
				}
				_ = page.Close()
			})
		})
	}
}

// TestCommandWindow: two minutes after its last connection a client is forgotten, and its commands are handled again.
func TestCommandWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		app := newCommandApp(t, syncRoute(counting(&log).funcs()))
		send := func() {
			page := connectAs(t, app, client1)
			page.text(t, "n1:x")
			page.expect(t, "a1")
			time.Sleep(10 * time.Minute) // while it is there nothing is forgotten
			page.lose(t)
			synctest.Wait()
		}
		send()
		time.Sleep(2*time.Minute - time.Second)
		send()
		expectLog(t, &log, "x")
		time.Sleep(2 * time.Minute)
		send()
		expectLog(t, &log, "x x")
	})
}
