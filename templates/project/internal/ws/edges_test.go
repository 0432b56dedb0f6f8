package ws_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// TestHandledBeforeTheNextIsWhole: a message is handled when it is whole, wherever what follows it in the same packet breaks off.
func TestHandledBeforeTheNextIsWhole(t *testing.T) {
	next := masked(0x09|0x80, "ping") + masked(0x01, strings.Repeat("y", 130)) + masked(0x80, "z")
	for _, compressing := range []bool{false, true} {
		modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
			limits := ws.DefaultLimits()
			limits.Compression = compressing
			app, _ := newAppWith(t, limits, route(&funcs{}))
			offer, prefix := "Sec-WebSocket-Extensions: permessage-deflate\r\n", ""
			if len(opts) > 0 {
				offer, prefix = offer+v1Offer, "m"
			}
			next := strings.Replace(next, masked(0x01, strings.Repeat("y", 130)), masked(0x01, prefix+strings.Repeat("y", 130)), 1)
			page := dialRaw(t, app, "/ws", offer)
			if prefix != "" {
				answer(page) // hello
			}
			expect := func(at int, want string) {
				t.Helper()
				kind, line := answer(page)
				for kind == "pong" {
					kind, line = answer(page)
				}
				if line != "text "+brief(prefix+want) {
					t.Fatalf("cut at %d: %s", at, line)
				}
			}
			for at := range len(next) {
				text := fmt.Sprint("message ", at)
				page.write(t, masked(0x81, prefix+text)+next[:at])
				expect(at, text)
				page.write(t, next[at:])
				expect(at, strings.Repeat("y", 130)+"z")
			}
		})
	}
}

// TestTheEndIsSeenAtOnce: a handler that waits for its context alone goes on when the page is gone, however it went, and long before
// any ping: over real connections, in both modes and forms.
func TestTheEndIsSeenAtOnce(t *testing.T) {
	for name, leave := range map[string]func(*net.TCPConn) error{
		"it says no more (FIN)": (*net.TCPConn).CloseWrite,
		"it closes":             (*net.TCPConn).Close,
		"it resets (RST)":       func(c *net.TCPConn) error { return errors.Join(c.SetLinger(0), c.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
				limits := ws.DefaultLimits()
				limits.PingInterval = time.Hour
				began, ended := make(chan struct{}), make(chan error, 1)
				work := func(ctx context.Context) error {
					close(began)
					<-ctx.Done()
					ended <- context.Cause(ctx)
					return ctx.Err()
				}
				app, _ := newAppWith(t, limits, route(&funcs{
					receive: func(ctx context.Context, _ *ws.Socket, _ ws.Message) error { return work(ctx) },
					request: func(ctx context.Context, _ *ws.Request) error { return work(ctx) },
				}))
				offer := ""
				if len(opts) > 0 {
					offer = v1Offer
				}
				page := dialRaw(t, app, "/ws", offer)
				page.write(t, frame(0x81, "m"))
				await(t, began, "the handler")
				if err := leave(page.Conn.(*net.TCPConn)); err != nil {
					t.Fatal(err)
				}
				want := ws.CloseStatus{Code: 1006, Reason: "connection lost", Remote: true}
				if cause := await(t, ended, "the end of the context"); cause != error(want) {
					t.Errorf("cause %v, want %v", cause, want)
				}
			})
		})
	}
}

// TestSeveralFramesHaveTheWriteTimeout: where what waits is written together, a page that takes none of it is lost as one that does
// not take a single message.
func TestSeveralFramesHaveTheWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan ws.CloseStatus, 1)
		app, _ := newApp(t, syncRoute(&funcs{disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st }}))
		page := shakeHands(t, pipeTo(t, app), "/ws", "")
		for range 4 { // of which one is written, and the others wait in a piece each
			page.write(t, frame(0x81, strings.Repeat("x", 2000)))
			synctest.Wait()
		}
		time.Sleep(9 * time.Second)
		page.next(t) // in time; nothing from then on
		began := time.Now()
		if st := <-gone; st.Code != 1006 || time.Since(began) != 10*time.Second {
			t.Errorf("Disconnect got %+v after %v", st, time.Since(began))
		}
	})
}

// TestStuckMemberIsLost: over a real connection, where the system takes megabytes before a write waits.
func TestStuckMemberIsLost(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.OutboundBytes, limits.WriteTimeout = 64<<20, 100*time.Millisecond
	gone := make(chan ws.CloseStatus, 1)
	app, layer := newAppWith(t, limits, syncRoute(&funcs{
		connect:    join("g"),
		disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
	}))
	dialRaw(t, app, "/ws", "") // reads nothing
	text := ws.Text(strings.Repeat("x", 2000))
	for range (32 << 20) / 2000 {
		if err := layer.Send(t.Context(), "g", text); err != nil {
			t.Fatal(err)
		}
	}
	if st := await(t, gone, "Disconnect"); st.Code != 1006 {
		t.Errorf("Disconnect got %+v", st)
	}
	eventually(t, "what was left unsent", func() bool { return app.Stats().Unsent > 0 })
}

// TestHandledEventsGiveTheirRoomBack: the bound of events is of those that wait, not of all that ever came.
func TestHandledEventsGiveTheirRoomBack(t *testing.T) {
	handled := 0
	app, layer := newApp(t, syncRoute(&funcs{
		connect: join("g"),
		event:   func(context.Context, *ws.Socket, ws.Event) error { handled++; return nil },
	}))
	sock := wstest.Connect(t, app, "/ws")
	for range 40 {
		if err := layer.Notify(t.Context(), "g", ws.Event{Type: "x", Data: make([]byte, 100_000)}); err != nil {
			t.Fatal(err)
		}
		sock.Quiet()
	}
	if st := app.Stats(); handled != 40 || st.EventOverflows != 0 {
		t.Errorf("%d events handled, stats %+v", handled, st)
	}
}

// TestNoNoticeOfThePagesOwnClose: over wsgen.1 the service says why it closes before it does, and nothing where the page closes: a
// browser that goes offline closes with 1000, and its page must not take that for the service's word, which would be final.
func TestNoNoticeOfThePagesOwnClose(t *testing.T) {
	app := mustApp(t, syncRoute(&funcs{}))
	for sent, want := range map[string]string{
		maskedClose(1000, ""): "close 1000", maskedClose(1001, "bye"): "close 1001 bye", masked(0x88, ""): "close",
	} {
		page := dialRaw(t, app, "/ws", v1Offer)
		answer(page) // hello
		page.write(t, sent)
		if _, line := answer(page); line != want {
			t.Errorf("came %s, want %s", line, want)
		}
		page.expectEOF(t)
	}
}

// TestAcceptDuringADrain: a handshake that was under way when the service began to stop opens a socket that is told so at once, and
// the drain ends with it.
func TestAcceptDuringADrain(t *testing.T) {
	for form, offer := range map[string]string{"raw": "", "wsgen.1": v1Offer} {
		t.Run(form, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, drained := make(chan struct{}), make(chan error, 1)
				app := ws.NewRouter(ws.DefaultLimits(), nil, nil, syncRoute(&funcs{connect: func(context.Context, *ws.Handshake) error {
					close(asked)
					time.Sleep(time.Second)
					return nil
				}}))
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				go func() {
					<-asked
					drained <- app.Drain(ctx, 5*time.Second)
				}()
				began := time.Now()
				page := shakeHands(t, pipeTo(t, app), "/ws", offer)
				_, line := answer(page)
				for strings.HasPrefix(line, "text ") { // what wsgen.1 says before
					_, line = answer(page)
				}
				if line != "close 1012 service restart" {
					t.Errorf("came %s", line)
				}
				page.write(t, closeFrame(1012, ""))
				if err := <-drained; err != nil || time.Since(began) != time.Second {
					t.Errorf("Drain: %v after %v", err, time.Since(began))
				}
			})
		})
	}
}

// TestWhatWaitsGoesBeforeTheDrain: what was sent to a slow page before the service began to stop reaches it, and 1012 behind it.
func TestWhatWaitsGoesBeforeTheDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := ws.NewRouter(ws.DefaultLimits(), nil, nil, syncRoute(&funcs{}))
		page := shakeHands(t, pipeTo(t, app), "/ws", "")
		const messages = 5
		for i := range messages {
			page.write(t, frame(0x81, fmt.Sprint(i, strings.Repeat("x", 2000))))
		}
		synctest.Wait()
		drained := make(chan error, 1)
		go func() { drained <- app.Drain(context.Background(), 0) }()
		synctest.Wait()
		for i := range messages {
			if _, text := page.next(t); text != fmt.Sprint(i, strings.Repeat("x", 2000)) {
				t.Errorf("message %d is %.10q", i, text)
			}
		}
		page.expectClose(t, 1012)
		page.write(t, closeFrame(1012, ""))
		if err := <-drained; err != nil {
			t.Error(err)
		}
	})
}

// TestThrottledPageIsNotSilent: a page whose messages are read one a second, long after they came, answers the pings meanwhile, and is
// not given up because its answers are not read yet.
func TestThrottledPageIsNotSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages = 120
		limits := ws.DefaultLimits()
		limits.MessageRate = 1
		handled := make(chan struct{}, messages)
		app, _ := newAppWith(t, limits, syncRoute(&funcs{receive: func(context.Context, *ws.Socket, ws.Message) error {
			handled <- struct{}{}
			return nil
		}}))
		page := dialSilent(t, app, "")
		go func() {
			_, _ = page.Write([]byte(strings.Repeat(frame(0x81, ""), messages))) // in one packet
			for line := range page.came {
				if strings.Contains(line, `89 ""`) {
					_, _ = page.Write([]byte(frame(0x8a, ""))) // which waits until the service reads on
				}
			}
		}()
		for range messages {
			<-handled
		}
		if st := app.Stats(); st.PongTimeouts != 0 || st.Sockets != 1 {
			t.Errorf("stats %+v", st)
		}
		_ = page.Close()
	})
}

// TestSendWithAnEndedContext: what is asked for in a context that has ended is not sent, and its cause is the answer.
func TestSendWithAnEndedContext(t *testing.T) {
	cause := errors.New("enough")
	answers := make(chan error, 1)
	app, _ := newApp(t, syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error {
		own, cancel := context.WithCancelCause(ctx)
		cancel(cause)
		answers <- s.Send(own, m)
		return nil
	}}))
	sock := wstest.Connect(t, app, "/ws")
	sock.Send("hello")
	if err := await(t, answers, "the answer of Send"); !errors.Is(err, cause) {
		t.Errorf("Send: %v, want %v", err, cause)
	}
	sock.Quiet()
}
