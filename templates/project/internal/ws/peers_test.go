package ws_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// Peers that are slow, loud or impolite, and those beside them.

// TestReaderOfAByteASecond: it is let go when one write has waited for 10 s, and what was left is counted; the other members of
// its group get each message at the moment when it is sent.
func TestReaderOfAByteASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages = 300
		gone := make(chan ws.CloseStatus, 1)
		app, layer := newApp(t, syncRoute(&funcs{connect: join("g")}), ws.Sync("/slow", func(ws.Params) ws.SyncConsumer {
			return syncFuncs{&funcs{connect: join("g"), disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st }}}
		}))
		var others []*wstest.Sock
		for range 5 {
			others = append(others, wstest.Connect(t, app, "/ws"))
		}
		slow := shakeHands(t, pipeTo(t, app), "/slow", "")
		synctest.Wait()
		began := time.Now()
		go func() {
			for b := make([]byte, 1); ; time.Sleep(time.Second) {
				if _, err := slow.Read(b); err != nil {
					return
				}
			}
		}()
		for i := range messages {
			text := fmt.Sprint(i, strings.Repeat("x", 1000))
			at := time.Now()
			if err := layer.Send(t.Context(), "g", ws.Text(text)); err != nil {
				t.Fatal(err)
			}
			for _, other := range others {
				other.Expect(text)
			}
			if late := time.Since(at); late != 0 {
				t.Fatalf("message %d reached the others after %v", i, late)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if st := await(t, gone, "Disconnect"); st.Code != 1006 || !st.Remote {
			t.Errorf("Disconnect got %+v", st)
		}
		if st := app.Stats(); st.Sockets != len(others) || st.Unsent == 0 || st.Slow != 0 {
			t.Errorf("stats after %v: %+v", time.Since(began), st)
		}
	})
}

// TestFloods: pages that send as fast as they can have all they sent handled, in order, and a page beside them is served.
func TestFloods(t *testing.T) {
	const floods, each = 4, 5000
	var mu sync.Mutex
	next := make(map[string]int)
	app, _ := newApp(t, syncRoute(&funcs{}), ws.Sync("/flood/{name:slug}", func(p ws.Params) ws.SyncConsumer {
		return syncFuncs{&funcs{receive: func(_ context.Context, _ *ws.Socket, m ws.Message) error {
			mu.Lock()
			defer mu.Unlock()
			if want := fmt.Sprint(next[p.String("name")]); string(m.Data) != want {
				return fmt.Errorf("message %q, want %q", m.Data, want)
			}
			next[p.String("name")]++
			return nil
		}}}
	}))
	quiet := dialTCP(t, app, "/ws")
	var wg sync.WaitGroup
	for i := range floods {
		page := dialRaw(t, app, fmt.Sprint("/flood/", i), "")
		wg.Go(func() {
			var all strings.Builder
			for i := range each {
				all.WriteString(frame(0x81, fmt.Sprint(i)))
			}
			if _, err := io.WriteString(page, all.String()+closeFrame(1000, "")); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range 200 {
		quiet.send(t, fmt.Sprint(i))
		if got := quiet.read(t); got != fmt.Sprint(i) {
			t.Fatalf("echo %q, want %d", got, i)
		}
	}
	wg.Wait()
	awaitSockets(t, app, 1)
	mu.Lock()
	defer mu.Unlock()
	for i := range floods {
		if n := next[fmt.Sprint(i)]; n != each {
			t.Errorf("flood %d: %d messages handled", i, n)
		}
	}
}

// TestBothClose: the close frames of both sides pass each other. Each side has seen one, so that the connection ends at once,
// and the consumer is told the end that the server saw first.
func TestBothClose(t *testing.T) {
	for name, test := range map[string]struct {
		service bool // closes first
		want    ws.CloseStatus
	}{
		"the service first": {true, ws.CloseStatus{Code: 4000, Reason: "ours"}},
		"the page first":    {false, ws.CloseStatus{Code: 4100, Reason: "theirs", Remote: true}},
	} {
		for form, offer := range map[string]string{"raw": "", "wsgen.1": v1Offer} {
			t.Run(name+"/"+form, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sockets, gone := make(chan *ws.Socket, 1), make(chan ws.CloseStatus, 2)
					app, _ := newApp(t, syncRoute(&funcs{
						connect: func(_ context.Context, h *ws.Handshake) error {
							s, err := h.Accept()
							sockets <- s
							return err
						},
						disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
					}))
					page := shakeHands(t, pipeTo(t, app), "/ws", offer)
					s := <-sockets
					began := time.Now()
					closeIt := func() {
						if err := s.Close(4000, "ours"); err != nil {
							t.Error(err)
						}
					}
					if test.service {
						closeIt()
					}
					page.write(t, closeFrame(4100, "theirs")) // nothing was read before
					synctest.Wait()
					closeIt()
					closes := 0
					for {
						first, payload, err := page.tryNext()
						if err != nil {
							break
						}
						if first == 0x88 {
							closes++
							if got := describeClose(payload); got != fmt.Sprint("close ", test.want.Code, " ", test.want.Reason) {
								t.Errorf("came: %s", got)
							}
						}
					}
					if took := time.Since(began); closes != 1 || took != 0 {
						t.Errorf("%d close frames, the end after %v", closes, took)
					}
					if st := <-gone; st != test.want {
						t.Errorf("Disconnect got %+v, want %+v", st, test.want)
					}
					synctest.Wait()
					if len(gone) > 0 || app.Stats().Sockets != 0 {
						t.Errorf("Disconnect ran %d times more, %d sockets", len(gone), app.Stats().Sockets)
					}
				})
			})
		}
	}
}

// TestForeignOrigin: a page of another site gets 403 in both forms, before any consumer is made; the test kit's own page is of the
// service's host.
func TestForeignOrigin(t *testing.T) {
	made := 0
	app := ws.NewRouter(ws.DefaultLimits(), nil, []ws.Middleware{ws.OriginValidator(ws.Origins{}, false)},
		ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { made++; return syncFuncs{&funcs{}} }))
	foreign := wstest.Header("Origin", "https://evil.test")
	wstest.Denied(t, app, "/ws", 403, foreign)
	wstest.Denied(t, app, "/ws", 403, foreign, wstest.V1())
	wstest.Denied(t, app, "/ws", 403, foreign, wstest.V1(), wstest.Header("Authorization", "Bearer x"))
	if made != 0 {
		t.Errorf("%d consumers made", made)
	}
	wstest.Connect(t, app, "/ws").Close(1000)
	wstest.Connect(t, app, "/ws", wstest.V1()).Close(1000)
}
