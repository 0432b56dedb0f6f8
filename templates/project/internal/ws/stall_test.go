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

// TestPingsGoOnWhileTheInboxIsFull: the server does not read, and so judges no silence; but its pings come, since a client
// takes a connection without them for dead. Once it reads again, a peer that is gone is given up as any other.
func TestPingsGoOnWhileTheInboxIsFull(t *testing.T) {
	for name, test := range map[string]struct {
		stall time.Duration // after which the handlers go on; 0 for never
		end   string
		least time.Duration
		most  time.Duration
	}{
		"until INBOX_TIMEOUT": {0, `c{\"type\":\"close\",\"code\":1013,`, 5 * time.Minute, 5 * time.Minute},
		"for a while":         {2 * time.Minute, `c{\"type\":\"close\",\"code\":1001,`, 2*time.Minute + 8*time.Second, 2*time.Minute + 33*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := ws.DefaultLimits()
				limits.InboxTimeout = 5 * time.Minute
				release := make(chan struct{})
				if test.stall > 0 {
					time.AfterFunc(test.stall, func() { close(release) })
				}
				app, _ := newAppWith(t, limits, syncRoute(&funcs{receive: func(ctx context.Context, _ *ws.Socket, _ ws.Message) error {
					select {
					case <-release:
					case <-ctx.Done():
					}
					return nil
				}}))
				page := dialSilent(t, app, v1Offer)
				began := time.Now()
				for last := began; ; last = time.Now() {
					line := <-page.came
					if gap := time.Since(last); gap > 25*time.Second {
						t.Errorf("nothing for %v", gap)
					}
					if strings.Contains(line, "hello") {
						go func() { _, _ = page.Write([]byte(strings.Repeat(frame(0x81, "m"), 40))) }()
						continue
					}
					if !strings.Contains(line, `"p"`) {
						if !strings.Contains(line, test.end) {
							t.Errorf("came %s", line)
						}
						break
					}
				}
				if took := time.Since(began); took < test.least || took > test.most {
					t.Errorf("closed after %v", took)
				}
				page.write(t, closeFrame(1000, ""))
			})
		})
	}
}

// TestBreachDuringAWrite: what is being written when a page breaks the framing reaches it whole, and the close frame behind it,
// although the page takes seconds.
func TestBreachDuringAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.Repeat("x", 500)
		app, _ := newApp(t, syncRoute(&funcs{connect: func(ctx context.Context, h *ws.Handshake) error {
			s, err := h.Accept()
			if err != nil {
				return err
			}
			return s.Send(ctx, ws.Text(text))
		}}))
		page := shakeHands(t, pipeTo(t, app), "/ws", "")
		synctest.Wait() // the server is writing, and the page does not read
		page.write(t, "\x81\x01x")
		time.Sleep(5 * time.Second)
		if first, payload := page.next(t); first != 0x81 || payload != text {
			t.Errorf("frame %x of %d bytes", first, len(payload))
		}
		page.expectClose(t, 1002)
		_ = page.Close()
	})
}

// TestSlowPeerOfALongMessage: each part of a message has the write timeout, also where short messages went before it.
func TestSlowPeerOfALongMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.Repeat("x", 900_000)
		app, _ := newApp(t, syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error {
			if string(m.Data) == "long" {
				return s.Send(ctx, ws.Text(text))
			}
			return s.Send(ctx, m)
		}}))
		page := shakeHands(t, pipeTo(t, app), "/ws", "")
		page.write(t, frame(0x81, "being written"))
		synctest.Wait()
		page.write(t, frame(0x81, "waits")+frame(0x81, "long"))
		synctest.Wait()
		for _, want := range []string{"being written", "waits"} {
			if _, got := page.next(t); got != want {
				t.Errorf("message %q, want %q", got, want)
			}
		}
		for rest := 900_000; rest > 0; rest -= 50_000 {
			time.Sleep(4 * time.Second)
			if _, err := io.ReadFull(page.r, make([]byte, 50_000)); err != nil {
				t.Fatalf("with %d bytes to come: %v", rest, err)
			}
		}
		_ = page.Close()
	})
}
