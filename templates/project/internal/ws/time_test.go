package ws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// These tests run on the clock of testing/synctest, which moves only when everything waits: the times are exact, and cost
// none.

// silent is a page that reads and notes when what came, and answers nothing by itself.
type silent struct {
	*rawPage
	came chan string
}

// dialSilent connects within a bubble of synctest.
func dialSilent(t *testing.T, app *ws.Router, extra string) *silent {
	t.Helper()
	p := &silent{rawPage: shakeHands(t, pipeTo(t, app), "/ws", extra), came: make(chan string, 1000)}
	began := time.Now()
	go func() {
		defer close(p.came)
		for {
			first, payload, err := p.tryNext()
			p.came <- fmt.Sprintf("%v %x %q %v", time.Since(began).Round(time.Second), first, payload, err)
			if err != nil {
				return
			}
		}
	}()
	return p
}

const v1Offer = "Sec-WebSocket-Protocol: wsgen.1\r\n"

// TestHalfOpen: a peer from which nothing comes is pinged, and given up after 33 s at the latest. Its handlers see it then,
// and its connection is closed 5 s later.
func TestHalfOpen(t *testing.T) {
	for form, want := range map[string]struct{ offer, ping, end string }{
		"raw":     {"", "89 \"\"", ""},
		"wsgen.1": {v1Offer, "81 \"p\"", `81 "c{\"type\":\"close\",\"code\":1001,\"reason\":\"no answer to a ping in 8 s\"}"`},
	} {
		t.Run(form, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var after time.Duration
				var began time.Time
				gone := make(chan ws.CloseStatus, 1)
				app, _ := newApp(t, ws.Sync("/early", func(ws.Params) ws.SyncConsumer { return plainConsumer{} }), syncRoute(&funcs{
					receive: func(context.Context, *ws.Socket, ws.Message) error { return nil },
					disconnect: func(_ context.Context, st ws.CloseStatus) {
						after = time.Since(began)
						gone <- st
					}}))
				wstest.Connect(t, app, "/early")
				time.Sleep(500 * time.Millisecond) // between two looks of the sweeper
				began = time.Now()
				page := dialSilent(t, app, want.offer)
				page.write(t, frame(0x81, "m and then nothing more"))
				if st := <-gone; st != (ws.CloseStatus{Code: 1006, Reason: "no answer to a ping in 8 s", Remote: true}) {
					t.Errorf("Disconnect got %+v", st)
				}
				if after > 33*time.Second || after < 29*time.Second {
					t.Errorf("given up after %v", after)
				}
				var lines []string
				for line := range page.came {
					lines = append(lines, line)
				}
				got := strings.Join(lines, "\n")
				if !strings.Contains(got, want.ping+" <nil>") || !strings.Contains(got, want.end) {
					t.Errorf("came:\n%s", got)
				}
				if !strings.Contains(got, `88 "\x03\xe9no answer to a ping in 8 s" <nil>`) || !strings.HasSuffix(got, "EOF") {
					t.Errorf("came:\n%s", got)
				}
				if n := app.Stats().PongTimeouts; n != 1 {
					t.Errorf("%d counted", n)
				}
			})
		})
	}
}

// TestAnswersKeepASocketOpen: for hours, in both forms, whichever frame the peer answers with; and the pings come as often as
// the client was told.
func TestAnswersKeepASocketOpen(t *testing.T) {
	for name, test := range map[string]struct{ offer, answer string }{
		"raw, with pongs":        {"", frame(0x8a, "")},
		"raw, with messages":     {"", frame(0x81, "x")},
		"wsgen.1, with pongs":    {v1Offer, frame(0x81, "q")},
		"wsgen.1, with messages": {v1Offer, frame(0x81, "mx")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, _ := newApp(t, syncRoute(&funcs{receive: func(context.Context, *ws.Socket, ws.Message) error { return nil }}))
				page := dialSilent(t, app, test.offer)
				pings, last := 0, time.Now()
				for began := time.Now(); time.Since(began) < 2*time.Hour; {
					line := <-page.came
					switch {
					case strings.Contains(line, "hello"):
						continue
					case !strings.Contains(line, `89 "" <nil>`) && !strings.Contains(line, `81 "p" <nil>`):
						t.Fatalf("came: %s", line)
					}
					if since := time.Since(last); since > 25*time.Second || since < 20*time.Second {
						t.Errorf("ping after %v", since)
					}
					last = time.Now()
					pings++
					time.Sleep(6 * time.Second) // within the pong deadline
					page.write(t, test.answer)
				}
				if pings < 2*3600/25 {
					t.Errorf("%d pings", pings)
				}
				page.write(t, closeFrame(1000, ""))
			})
		})
	}
}

// TestFullInbox: the server stops reading, is not misled by the silence, and closes with 1013 after 30 s; what it had taken is
// still handled, in order.
func TestFullInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var log journal
		began := time.Now()
		seen, gone := make(chan time.Duration, 1), make(chan ws.CloseStatus, 1)
		app, _ := newApp(t, syncRoute(&funcs{
			receive: func(ctx context.Context, _ *ws.Socket, m ws.Message) error {
				log.add(string(m.Data))
				if string(m.Data) == "0" {
					<-ctx.Done()
					seen <- time.Since(began)
					<-release
				}
				return nil
			},
			disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
		}))
		page := dialSilent(t, app, "")
		var all string
		for i := range 40 {
			all += frame(0x81, fmt.Sprint(i))
		}
		go func() { _, _ = page.Write([]byte(all)) }() // waits while the server does not read
		synctest.Wait()
		if n := app.Stats().Received; n != 33 {
			t.Errorf("%d taken: 1 in its handler and 32 waiting are the bound", n)
		}
		for line := range page.came {
			if strings.Contains(line, "88 ") {
				if !strings.Contains(line, `88 "\x03\xf5inbox full"`) {
					t.Errorf("came %s", line)
				}
				break
			}
		}
		if after := <-seen; after != 30*time.Second {
			t.Errorf("closed after %v", after)
		}
		page.write(t, closeFrame(1000, ""))
		close(release)
		if st := <-gone; st.Code != 1013 {
			t.Errorf("Disconnect got %+v", st)
		}
		if got := log.all(); len(got) != 33 || got[32] != "32" {
			t.Errorf("handled %q", got)
		}
		if st := app.Stats(); st.InboxTimeouts != 1 || st.PongTimeouts != 0 || st.Unhandled != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestInboxBytes: the inbox is bounded in bytes too, and a page that is held back goes on when there is room.
func TestInboxBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		limits := ws.DefaultLimits()
		limits.InboxTimeout = 5 * time.Minute
		app, _ := newAppWith(t, limits, syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error {
			<-release
			return s.Send(ctx, ws.Text(fmt.Sprint(len(m.Data))))
		}}))
		page := dialSilent(t, app, "")
		go func() { _, _ = page.Write([]byte(strings.Repeat(frame(0x82, strings.Repeat("x", 60_000)), 10))) }()
		synctest.Wait()
		if n := app.Stats().Received; n != 6 {
			t.Errorf("%d taken: 1 in its handler and 256 KiB waiting are the bound", n)
		}
		time.Sleep(4 * time.Minute) // pings go out, and their answers are not read
		close(release)
		for range 10 {
			for line := range page.came {
				if strings.Contains(line, `81 "60000"`) {
					break
				}
			}
		}
		page.write(t, closeFrame(1000, ""))
	})
}

// TestEventsAreBounded: beyond their bound the socket closes with 4008.
func TestEventsAreBounded(t *testing.T) {
	for name, size := range map[string]int{"large": 100_000, "empty": 0} {
		t.Run(name, func(t *testing.T) {
			release, gone := make(chan struct{}), make(chan ws.CloseStatus, 1)
			app, layer := newApp(t, syncRoute(&funcs{
				connect:    join("g"),
				event:      func(ctx context.Context, _ *ws.Socket, _ ws.Event) error { <-release; return nil },
				disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
			}))
			sock := wstest.Connect(t, app, "/ws", wstest.V1())
			for i := 0; app.Stats().EventOverflows == 0; i++ {
				if err := layer.Notify(t.Context(), "g", ws.Event{Type: "x", Data: make([]byte, size)}); err != nil {
					t.Fatal(err)
				}
				if i*(size+1) > 2<<20 {
					t.Fatal("no bound")
				}
			}
			if taken := int(app.Stats().Events); taken*(size+1+64) > 1<<20+2*(size+65) {
				t.Errorf("%d events taken", taken)
			}
			close(release)
			sock.ExpectClose(4008)
			if st := await(t, gone, "Disconnect"); st.Code != 4008 {
				t.Errorf("Disconnect got %+v", st)
			}
		})
	}
}

// TestMessageRate: beyond it the page is held back, and nothing is lost.
func TestMessageRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := ws.DefaultLimits()
		limits.MessageRate = 10
		began := time.Now()
		var handled []time.Duration
		app, _ := newAppWith(t, limits, syncRoute(&funcs{receive: func(context.Context, *ws.Socket, ws.Message) error {
			handled = append(handled, time.Since(began))
			return nil
		}}))
		page := dialSilent(t, app, "")
		page.write(t, strings.Repeat(frame(0x81, "x"), 500)) // returns when the server has read it all
		page.write(t, closeFrame(1000, ""))
		for range page.came {
		}
		synctest.Wait()
		if len(handled) != 500 || handled[9] != 0 {
			t.Fatalf("%d handled, the tenth after %v", len(handled), handled[9])
		}
		if last := handled[499]; last < 48*time.Second || last > 50*time.Second {
			t.Errorf("the last was handled after %v, want 49 s", last)
		}
		if st := app.Stats(); st.Throttled == 0 || st.PongTimeouts != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestPageDoesNotAnswerTheClose: the connection is closed 5 s after the close frame, however much the page goes on sending.
func TestPageDoesNotAnswerTheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, _ := newApp(t, syncRoute(&funcs{receive: func(context.Context, *ws.Socket, ws.Message) error { return ws.Close(4000, "") }}))
		page := dialSilent(t, app, "")
		page.write(t, frame(0x81, "x"))
		began := time.Now()
		for {
			if _, err := page.Write([]byte(frame(0x81, "and on"))); err != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(began).Round(time.Second); took != 5*time.Second {
			t.Errorf("closed after %v", took)
		}
		for range page.came {
		}
	})
}

// TestWriteTimeout: a page that takes nothing is lost after the write timeout, and what waited for it is counted and logged.
func TestWriteTimeout(t *testing.T) {
	lines := captureLog(t)
	synctest.Test(t, func(t *testing.T) {
		began, gone := time.Now(), make(chan ws.CloseStatus, 1)
		app, _ := newApp(t, syncRoute(&funcs{disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st }}))
		page := shakeHands(t, pipeTo(t, app), "/ws", "")
		page.write(t, frame(0x81, strings.Repeat("x", 60_000)))
		synctest.Wait()
		page.write(t, frame(0x81, "this waits"))
		if st := <-gone; st.Code != 1006 || time.Since(began) != 10*time.Second {
			t.Errorf("Disconnect got %+v after %v", st, time.Since(began))
		}
		synctest.Wait()
		if n := app.Stats().Unsent; n != 1 {
			t.Errorf("%d frames unsent", n)
		}
	})
	if got := lines.String(); !strings.Contains(got, "frames left unsent") || !strings.Contains(got, "count=1 total=1") {
		t.Errorf("log:\n%s", got)
	}
}

// TestHandshakeTimeout: Connect has so long; then the client gets 503, and an accept after that fails.
func TestHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		late := make(chan error, 1)
		limits := ws.DefaultLimits()
		limits.HandshakeTimeout = 4 * time.Second
		app, _ := newAppWith(t, limits, syncRoute(&funcs{
			connect: func(ctx context.Context, h *ws.Handshake) error {
				<-ctx.Done()
				if took := time.Since(began); took != 4*time.Second {
					t.Errorf("the context ended after %v", took)
				}
				time.Sleep(time.Minute)
				_, err := h.Accept()
				late <- err
				return err
			},
			disconnect: func(context.Context, ws.CloseStatus) { t.Error("Disconnect of a socket that was not accepted") },
		}))
		wstest.Denied(t, app, "/ws", 503)
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("answered after %v", took)
		}
		if err := <-late; err == nil || !strings.Contains(err.Error(), "HANDSHAKE_TIMEOUT") {
			t.Errorf("Accept: %v", err)
		}
	})
}

// TestClientGoesAwayInHandshake: Connect's context ends with it.
func TestClientGoesAwayInHandshake(t *testing.T) {
	cause := make(chan error, 1)
	started := make(chan struct{})
	app, _ := newApp(t, syncRoute(&funcs{connect: func(ctx context.Context, _ *ws.Handshake) error {
		close(started)
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return ctx.Err()
	}}))
	conn := pipeTo(t, app)
	go func() {
		_, _ = conn.Write([]byte("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	}()
	await(t, started, "Connect")
	_ = conn.Close()
	if err := await(t, cause, "the end of the context"); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cause %v", err)
	}
}
