package ws_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
)

// flooded returns a page for which more waits than there is room for; it has read nothing of the first message, which is long. gone gets
// the end that its consumer was told.
func flooded(t *testing.T, limits ws.Limits) (app *ws.Router, page *rawPage, gone chan ws.CloseStatus) {
	t.Helper()
	gone = make(chan ws.CloseStatus, 1)
	app, layer := newAppWith(t, limits, syncRoute(&funcs{
		connect:    join("g"),
		disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
	}))
	page = shakeHands(t, pipeTo(t, app), "/ws", "")
	for synctest.Wait(); app.Stats().Slow == 0; synctest.Wait() {
		if err := layer.Send(t.Context(), "g", ws.Text(strings.Repeat("x", 900_000))); err != nil {
			t.Fatal(err)
		}
	}
	return app, page, gone
}

// TestSlowPageIsLetGo: two seconds after there was no room for it, whether it reads nothing or some of what is being written, part by
// part.
func TestSlowPageIsLetGo(t *testing.T) {
	short := ws.DefaultLimits()
	short.WriteTimeout = time.Second
	for name, test := range map[string]struct {
		limits ws.Limits
		reads  int // bytes in a tenth of a second
		within time.Duration
	}{
		"reads nothing":                        {ws.DefaultLimits(), 0, 2 * time.Second},
		"reads a byte at a time":               {ws.DefaultLimits(), 1, 2 * time.Second},
		"reads several parts":                  {ws.DefaultLimits(), 20_000, 2 * time.Second},
		"reads nothing, short write timeout":   {short, 0, time.Second},
		"reads some parts, long write timeout": {longWrites(), 20_000, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, page, gone := flooded(t, test.limits)
				began := time.Now()
				if st := <-gone; st.Code != ws.CodeSlow || st.Remote || time.Since(began) != 0 {
					t.Errorf("after %v Disconnect got %+v", time.Since(began), st)
				}
				for app.Stats().Sockets > 0 {
					time.Sleep(100 * time.Millisecond)
					// An error is the end that is waited for.
					_, _ = io.ReadFull(page.r, make([]byte, test.reads))
					synctest.Wait()
				}
				if took := time.Since(began); took != test.within {
					t.Errorf("let go after %v, want %v", took, test.within)
				}
			})
		})
	}
}

// longWrites returns limits under which a write may take a minute.
func longWrites() ws.Limits {
	limits := ws.DefaultLimits()
	limits.WriteTimeout = time.Minute
	return limits
}

// TestSlowPageHearsWhy: one that takes within two seconds what was being written learns that it was too slow.
func TestSlowPageHearsWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, page, _ := flooded(t, ws.DefaultLimits())
		time.Sleep(1900 * time.Millisecond)
		if first, payload := page.next(t); first != 0x81 || len(payload) != 900_000 {
			t.Fatalf("frame %x of %d bytes", first, len(payload))
		}
		page.expectClose(t, ws.CodeSlow)
		page.write(t, closeFrame(ws.CodeSlow, ""))
		page.expectEOF(t)
	})
}
