package wstest_test

import (
	"context"
	"testing"

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
