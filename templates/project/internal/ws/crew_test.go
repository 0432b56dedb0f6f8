package ws_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// goroutine returns the number of the goroutine that calls it.
func goroutine() string {
	text := make([]byte, 64)
	return strings.Fields(string(text[:runtime.Stack(text, false)]))[1] // "goroutine 7 [running]:"
}

// TestHandlersReuseGoroutines: one that is done runs the next handler, of whichever socket; one that is not needed any more ends, and
// all end with the last socket, or the bubble of the test would not.
func TestHandlersReuseGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := make(chan string, 2)
		hold := make(chan struct{})
		app, _ := newApp(t, syncRoute(&funcs{receive: func(_ context.Context, _ *ws.Socket, m ws.Message) error {
			ran <- goroutine()
			if string(m.Data) == "hold" {
				<-hold
			}
			return nil
		}}))
		pages := []*wstest.Sock{wstest.Connect(t, app, "/ws"), wstest.Connect(t, app, "/ws")}
		run := func(page int, text string) string {
			pages[page].Send(text)
			synctest.Wait()
			return <-ran
		}
		first := run(0, "short")
		for i := range 20 {
			if got := run(i%2, "short"); got != first {
				t.Errorf("handler %d ran on goroutine %s, the first on %s", i, got, first)
			}
		}
		run(0, "hold")
		second := run(1, "short")
		if second == first {
			t.Error("two handlers at once on one goroutine")
		}
		close(hold)
		synctest.Wait()
		time.Sleep(3 * time.Second) // two looks of the sweeper
		if got := run(0, "short"); got == first || got == second {
			t.Error("a goroutine waited on, and nobody needed it")
		}
	})
}

// TestEndedGoroutineIsNotReused: a consumer that ends its goroutine, as testing.T.FailNow does, takes no other handler with it.
func TestEndedGoroutineIsNotReused(t *testing.T) {
	app, _ := newApp(t, syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error {
		if string(m.Data) == "end" {
			runtime.Goexit()
		}
		return s.Send(ctx, m)
	}}))
	other := wstest.Connect(t, app, "/ws")
	for range 5 {
		page := wstest.Connect(t, app, "/ws")
		page.Send("end")
		page.ExpectClose(1011)
		other.Send("hello")
		other.Expect("hello")
	}
}
