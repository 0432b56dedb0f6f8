package ws_test

import (
	"context"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// TestWhatIsNeverLeftOut: where the policy would drop the end of a stream, or the frame that says that one is joined or left, the
// socket closes instead, and the page comes back for it.
func TestWhatIsNeverLeftOut(t *testing.T) {
	end := func(t *testing.T, log *fakeLog, _ *ws.Socket) {
		a := ws.Append{History: long(), Envelope: ws.Envelope{Data: []byte("result"), End: ws.JobDone}}
		if _, err := log.Append(t.Context(), "group:job:1", a); err != nil {
			t.Error(err)
		}
	}
	for name, test := range map[string]struct {
		raw  bool
		send func(*testing.T, *fakeLog, *ws.Socket)
	}{
		"the end":                {false, end},
		"the end, to a raw page": {true, end},
		"joined": {false, func(t *testing.T, _ *fakeLog, s *ws.Socket) {
			if err := s.Join(t.Context(), "job:2"); err == nil {
				t.Error("joined")
			}
		}},
		"left": {false, func(t *testing.T, _ *fakeLog, s *ws.Socket) {
			if err := s.Leave(t.Context(), "job:1"); err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(fakeLog)
			layer, err := ws.NewLayer(log)
			if err != nil {
				t.Fatal(err)
			}
			layer.Keep("job", long())
			sockets := make(chan *ws.Socket, 1)
			app := ws.NewRouter(narrow(), layer, nil, syncRoute(&funcs{connect: func(ctx context.Context, h *ws.Handshake) error {
				s, err := h.Accept()
				err = errorsOf(err, s.Join(ctx, "job:1"))
				sockets <- s
				return err
			}}, ws.OutboundDrop()))
			var page *page
			if test.raw {
				page = dialPipe(t, app, "/ws")
			} else {
				page = resume(t, dialPipe, app, "/ws")
			}
			s := await(t, sockets, "the socket")
			settle(t, app)
			fill := func(m ws.Message) {
				t.Helper()
				for before := app.Stats().Dropped; app.Stats().Dropped == before; {
					if err := s.Send(t.Context(), m); err != nil {
						t.Fatal(err)
					}
				}
			}
			fill(numbered(0, ""))
			fill(ws.Text("x"))
			if st := app.Stats(); st.Slow != 0 {
				t.Fatalf("stats %+v", st)
			}
			test.send(t, log, s)
			for err := error(nil); err == nil; {
				if _, _, err = page.conn.Read(page.ctx); err != nil && codeOf(err) != 4008 {
					t.Errorf("closed with %v", err)
				}
			}
			awaitSockets(t, app, 0)
		})
	}
}
