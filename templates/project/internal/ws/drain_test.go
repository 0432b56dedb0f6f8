package ws_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// TestDrain: new handshakes get 503, what was received is still handled and its answers still sent, every page is told 1012,
// and Drain returns when every Disconnect has.
func TestDrain(t *testing.T) {
	oneAtATime := func(f *funcs, o ...ws.RouteOption) ws.Route { return asyncRoute(f, append(o, ws.Concurrency(1))...) }
	test := func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
		started, release := make(chan struct{}, 4), make(chan struct{})
		var log journal
		work := func(ctx context.Context, m ws.Message) error {
			if string(m.Data) == "work" {
				started <- struct{}{}
				<-release
			}
			log.add("handled " + string(m.Data))
			if ctx.Err() == nil {
				t.Error("the context of a handler has not ended")
			}
			return ctx.Err()
		}
		app := ws.NewRouter(ws.DefaultLimits(), nil, nil, route(&funcs{
			receive:    func(ctx context.Context, _ *ws.Socket, m ws.Message) error { return work(ctx, m) },
			request:    func(ctx context.Context, r *ws.Request) error { return work(ctx, r.Message) },
			disconnect: func(_ context.Context, st ws.CloseStatus) { log.add(fmt.Sprint("disconnect ", st.Code)) },
		}))
		sock := wstest.Connect(t, app, "/ws", opts...)
		sock.Send("work")
		await(t, started, "the handler")
		sock.Send("queued")
		synctest.Wait() // until the server has read it
		drained := make(chan error, 1)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		go func() { drained <- app.Drain(ctx, 0) }()
		synctest.Wait() // until it waits for the handler
		if status := tryConnect(app); status != http.StatusServiceUnavailable {
			t.Errorf("status %d while draining", status)
		}
		select {
		case err := <-drained:
			t.Fatalf("Drain did not wait for the handler: %v", err)
		default:
		}
		close(release)
		sock.ExpectClose(1012)
		if err := await(t, drained, "the end of the drain"); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(log.all()); got != "[handled work handled queued disconnect 1012]" {
			t.Errorf("happened: %s", got)
		}
		if err := app.Drain(ctx, time.Hour); err != nil { // nothing is left to be spread
			t.Errorf("second Drain: %v", err)
		}
		wstest.Denied(t, app, "/ws", 503, opts...)
	}
	t.Run("sync/raw", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, syncRoute) }) })
	t.Run("async/wsgen.1", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, oneAtATime, wstest.V1()) }) })
}

// TestDrainSpreadsItsCloses: evenly over the window, whatever the number of sockets.
func TestDrainSpreadsItsCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := ws.NewRouter(ws.DefaultLimits(), nil, nil, syncRoute(&funcs{}))
		const n = 10
		ends := make(chan time.Duration, n)
		var began time.Time
		for range n {
			page := shakeHands(t, pipeTo(t, app), "/ws", "")
			go func() {
				page.expectClose(t, 1012)
				ends <- time.Since(began)
				page.write(t, closeFrame(1012, ""))
			}()
		}
		synctest.Wait()
		began = time.Now()
		if err := app.Drain(context.Background(), 5*time.Second); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if got, want := <-ends, time.Duration(i)*500*time.Millisecond; got != want {
				t.Errorf("close %d after %v, want %v", i, got, want)
			}
		}
	})
}

// TestDrainWithinItsWindow: it is over when the last page has left, and the end of its context cuts the window short.
func TestDrainWithinItsWindow(t *testing.T) {
	for name, test := range map[string]struct {
		leave bool
		want  time.Duration
		code  int
	}{
		"the pages leave":  {true, 10 * time.Second, 4000},
		"the context ends": {false, time.Minute, 1012},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gone := make(chan ws.CloseStatus, 2)
				app := ws.NewRouter(ws.DefaultLimits(), nil, nil, syncRoute(&funcs{
					disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st }}))
				first, second := wstest.Connect(t, app, "/ws"), wstest.Connect(t, app, "/ws")
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began, drained := time.Now(), make(chan error, 1)
				go func() { drained <- app.Drain(ctx, time.Hour) }()
				first.ExpectClose(1012)
				<-gone
				if test.leave {
					time.Sleep(test.want)
					second.Close(test.code)
				}
				if err := <-drained; err != nil || time.Since(began) != test.want {
					t.Errorf("Drain: %v after %v", err, time.Since(began))
				}
				if st := <-gone; st.Code != test.code {
					t.Errorf("Disconnect got %+v", st)
				}
			})
		})
	}
}

// TestDrainRunsOut: at the deadline nobody waits for handlers any more. Disconnect runs all the same, once, and Drain says how
// many were left behind a second later.
func TestDrainRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		release, gone := make(chan struct{}), make(chan string, 9)
		app := ws.NewRouter(ws.DefaultLimits(), nil, nil, syncRoute(&funcs{
			receive: func(context.Context, *ws.Socket, ws.Message) error { <-release; return nil },
			disconnect: func(ctx context.Context, st ws.CloseStatus) {
				gone <- fmt.Sprint(st.Code, " after ", time.Since(began), " ", ctx.Err())
				<-ctx.Done()
				gone <- fmt.Sprint("cut after ", time.Since(began))
			},
		}))
		sock := wstest.Connect(t, app, "/ws")
		sock.Send("work")
		sock.Send("never handled")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		err := app.Drain(ctx, time.Second)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 sockets left behind") {
			t.Errorf("Drain: %v", err)
		}
		if took := time.Since(began); took != 21*time.Second {
			t.Errorf("Drain took %v", took)
		}
		for _, want := range []string{"1012 after 20s <nil>", "cut after 21s"} {
			if got := <-gone; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		if st := app.Stats(); st.Unhandled != 1 {
			t.Errorf("stats %+v", st)
		}
		close(release)
		synctest.Wait()
		if len(gone) > 0 {
			t.Error("Disconnect ran twice")
		}
	})
}

// TestDrainCutsConnections: a page that never answers costs a drain no more than its deadline.
func TestDrainCutsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		app := ws.NewRouter(ws.DefaultLimits(), nil, nil, syncRoute(&funcs{}))
		shakeHands(t, pipeTo(t, app), "/ws", "") // it reads nothing, and answers nothing
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if err := app.Drain(ctx, 0); err != nil {
			t.Errorf("Drain: %v", err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("Drain took %v", took)
		}
	})
}

// TestDrainOfNothing returns at once.
func TestDrainOfNothing(t *testing.T) {
	app := ws.NewRouter(ws.DefaultLimits(), nil, nil)
	if err := app.Drain(t.Context(), time.Hour); err != nil {
		t.Error(err)
	}
}

// TestLongHandlersAreLogged: a socket that waits for its handlers says so every 10 s, and waits on.
func TestLongHandlersAreLogged(t *testing.T) {
	lines := captureLog(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var end time.Duration
		app := ws.NewRouter(ws.DefaultLimits(), nil, nil, syncRoute(&funcs{
			receive:    func(context.Context, *ws.Socket, ws.Message) error { <-release; return nil },
			disconnect: func(context.Context, ws.CloseStatus) { end = time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) },
		}))
		page := dialSilent(t, app, "")
		page.write(t, frame(0x81, "x")+closeFrame(1000, ""))
		time.Sleep(65 * time.Second)
		close(release)
		if err := app.Quiet(t.Context()); err != nil {
			t.Error(err)
		}
		if end != 65*time.Second {
			t.Errorf("Disconnect after %v", end)
		}
	})
	if got := strings.Count(lines.String(), "handlers still run"); got != 6 {
		t.Errorf("%d lines:\n%s", got, lines)
	}
}

// TestLossesAreLogged: one line in 10 s for each kind of loss, with how many there were.
func TestLossesAreLogged(t *testing.T) {
	lines := captureLog(t)
	synctest.Test(t, func(t *testing.T) {
		app, layer := newApp(t, ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { return plainConsumer{} }))
		sock := wstest.Connect(t, app, "/ws")
		for range 3 {
			for range 100 {
				if err := layer.Notify(t.Context(), "g", ws.Event{Type: "x"}); err != nil {
					t.Fatal(err)
				}
				sock.Quiet()
			}
			time.Sleep(10 * time.Second)
		}
	})
	got := lines.String()
	if strings.Count(got, "without a method Event") != 3 || !strings.Contains(got, "count=1 total=1\n") ||
		!strings.Contains(got, "count=100 total=101\n") || !strings.Contains(got, "count=100 total=201\n") {
		t.Errorf("log:\n%s", got)
	}
}
