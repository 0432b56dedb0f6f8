package wstest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// counter counts the ends of its sockets.
type counter struct{ ends *int }

func (counter) Connect(context.Context, *ws.Handshake) error                  { return nil }
func (counter) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error { return s.Send(ctx, m) }
func (c counter) Disconnect(context.Context, ws.CloseStatus)                  { *c.ends++ }

// TestWhatIsLeftOpenEnds: with the test that opened it, and when that is over, Disconnect has returned. (That no goroutine is left,
// TestMain sees.)
func TestWhatIsLeftOpenEnds(t *testing.T) {
	for name, opts := range map[string][]wstest.Option{"raw": nil, "wsgen.1": {wstest.V1()}} {
		ends := 0 // no lock: the race detector sees whether the test was over too early
		app := ws.NewRouter(ws.DefaultLimits(), nil, nil, ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { return counter{&ends} }))
		t.Run(name, func(t *testing.T) {
			for range 3 {
				sock := wstest.Connect(t, app, "/ws", opts...)
				sock.Send("never read by the test")
			}
		})
		if ends != 3 {
			t.Errorf("%s: Disconnect has returned on %d of 3 sockets", name, ends)
		}
	}
}

// slow is a counter that closes the socket when it is told to, and whose Disconnect takes a second.
type slow struct{ counter }

func (slow) Receive(context.Context, *ws.Socket, ws.Message) error { return ws.Close(4000, "") }
func (c slow) Disconnect(ctx context.Context, st ws.CloseStatus) {
	time.Sleep(time.Second)
	c.counter.Disconnect(ctx, st)
}

// TestTheEndWaitsForDisconnect: whoever closes, and however, Disconnect has returned when the test goes on.
func TestTheEndWaitsForDisconnect(t *testing.T) {
	for name, end := range map[string]func(*wstest.Sock){
		"Close":       func(s *wstest.Sock) { s.Close(1000) },
		"ExpectClose": func(s *wstest.Sock) { s.Send("close"); s.ExpectClose(4000) },
		"Drop":        func(s *wstest.Sock) { s.Drop() },
	} {
		for form, opts := range map[string][]wstest.Option{"raw": nil, "wsgen.1": {wstest.V1()}} {
			t.Run(name+"/"+form, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ends := 0
					app := ws.NewRouter(ws.DefaultLimits(), nil, nil, ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { return slow{counter{&ends}} }))
					end(wstest.Connect(t, app, "/ws", opts...))
					if ends != 1 {
						t.Errorf("Disconnect has returned %d times", ends)
					}
				})
			})
		}
	}
}
