package ws_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// stuck is a consumer that answers with more than a narrow outbox holds.
func stuck() *funcs {
	return &funcs{receive: func(ctx context.Context, s *ws.Socket, _ ws.Message) error {
		for i := range 200 {
			if err := s.Send(ctx, numbered(i, "k")); err != nil {
				return err
			}
		}
		return nil
	}}
}

// idle is a consumer whose handlers wait for the end of their socket.
func idle(connect func(context.Context, *ws.Handshake) error) *funcs {
	return &funcs{connect: connect, receive: func(ctx context.Context, _ *ws.Socket, _ ws.Message) error { <-ctx.Done(); return nil }}
}

// TestEveryLossIsCountedAndLogged: nothing is left out without a counter and a line that tells the route, how many, and, where there
// is one, the setting.
func TestEveryLossIsCountedAndLogged(t *testing.T) {
	for _, test := range []struct {
		name  string
		route ws.Route
		send  string // of the page, which never reads
		count func(ws.Stats) uint64
		line  string
	}{
		{"drop", syncRoute(stuck(), ws.OutboundDrop()), frame(0x81, "go"), func(st ws.Stats) uint64 { return st.Dropped }, "messages dropped for slow sockets"},
		{"slow", syncRoute(stuck()), frame(0x81, "go"), func(st ws.Stats) uint64 { return st.Slow }, "OUTBOUND_BYTES"},
		{"unsent", syncRoute(stuck()), frame(0x81, "go"), func(st ws.Stats) uint64 { return st.Unsent }, "frames left unsent"},
		{"inbox", syncRoute(idle(nil)), strings.Repeat(frame(0x81, "x"), 40), func(st ws.Stats) uint64 { return st.InboxTimeouts }, "INBOX_TIMEOUT"},
		{"rate", syncRoute(&funcs{}), strings.Repeat(frame(0x81, "x"), 25), func(st ws.Stats) uint64 { return st.Throttled }, "MESSAGE_RATE"},
		{"unhandled", syncRoute(&funcs{receive: func(context.Context, *ws.Socket, ws.Message) error {
			time.Sleep(time.Second)
			return ws.Close(4000, "")
		}}), strings.Repeat(frame(0x81, "x"), 5), func(st ws.Stats) uint64 { return st.Unhandled }, "left unhandled"},
		{"events", syncRoute(idle(join("g"))), frame(0x81, "x"), func(st ws.Stats) uint64 { return st.EventOverflows }, "EVENT_BYTES"},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines := captureLog(t)
			synctest.Test(t, func(t *testing.T) {
				limits := narrow()
				limits.MessageRate, limits.EventBytes = 20, 1000
				app, layer := newAppWith(t, limits, test.route)
				page := shakeHands(t, pipeTo(t, app), "/ws", "")
				go func() { _, _ = page.Write([]byte(test.send)) }()
				synctest.Wait()
				for range 20 {
					if err := layer.Notify(t.Context(), "g", ws.Event{Type: "x"}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Minute)
				if n := test.count(app.Stats()); n == 0 {
					t.Errorf("stats %+v", app.Stats())
				}
				_ = page.Close()
			})
			found := ""
			for line := range strings.Lines(lines.String()) {
				if strings.Contains(line, test.line) {
					found = line
				}
			}
			if !strings.Contains(found, "route=/ws ") || !strings.Contains(found, "count=") || !strings.Contains(found, "total=") {
				t.Errorf("log:\n%s", lines)
			}
		})
	}
}

// TestRefusalsAreLogged: handshakes beyond the caps too.
func TestRefusalsAreLogged(t *testing.T) {
	lines := captureLog(t)
	synctest.Test(t, func(t *testing.T) {
		limits := ws.DefaultLimits()
		limits.MaxConnections = 1
		app, _ := newAppWith(t, limits, syncRoute(&funcs{}))
		wstest.Connect(t, app, "/ws")
		wstest.Denied(t, app, "/ws", 503)
		synctest.Wait()
		if n := app.Stats().Refused; n != 1 {
			t.Errorf("%d refused", n)
		}
	})
	if !strings.Contains(lines.String(), "MAX_CONNECTIONS") {
		t.Errorf("log:\n%s", lines)
	}
}

// TestSizeLimit: 64 KiB is taken and one byte more is not, whether the message comes in one frame or many, compressed or not.
func TestSizeLimit(t *testing.T) {
	plain := func(data string) string { return data }
	for name, test := range map[string]struct {
		offer       string
		flags       byte
		encode      func(string) string
		compressing bool
	}{
		"plain":                             {"", 0, plain, false},
		"plain, where compression is on":    {"", 0, plain, true},
		"plain, though compressed might be": {"Sec-WebSocket-Extensions: permessage-deflate\r\n", 0, plain, true},
		"compressed":                        {"Sec-WebSocket-Extensions: permessage-deflate\r\n", 0x40, func(data string) string { return unmarked(deflate(t, data)) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			limits := ws.DefaultLimits()
			limits.Compression = test.compressing
			sizes := make(chan int, 9)
			app, _ := newAppWith(t, limits, syncRoute(&funcs{receive: func(_ context.Context, _ *ws.Socket, m ws.Message) error {
				sizes <- len(m.Data)
				return nil
			}}))
			for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1} {
				body := test.encode(strings.Repeat("x", size))
				third := len(body) / 3
				for form, data := range map[string]string{
					"one frame":    frame(0x82|test.flags, body),
					"three frames": frame(0x02|test.flags, body[:third]) + frame(0x00, body[third:2*third]) + frame(0x80, body[2*third:]),
				} {
					page := dialRaw(t, app, "/ws", test.offer)
					page.write(t, data)
					if size > 64<<10 {
						page.expectClose(t, 1009)
						continue
					}
					if got := await(t, sizes, form); got != size {
						t.Errorf("%s: %d bytes were handled, want %d", form, got, size)
					}
				}
			}
			if len(sizes) > 0 {
				t.Errorf("a message of %d bytes was handled", <-sizes)
			}
		})
	}
}
