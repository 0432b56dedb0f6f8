package ws

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// answerConsumer sends as many messages as the length of what it gets, and tells what it saw of its outbox: whether its first Send was
// to write itself, and whether it did.
type answerConsumer struct{ saw chan [2]bool }

func (c answerConsumer) Connect(context.Context, *Handshake) error { return nil }

func (c answerConsumer) Receive(ctx context.Context, s *Socket, m Message) error {
	var saw [2]bool
	saw[0] = s.out.prompt.Load()
	for i := range m.Data {
		if err := s.Send(ctx, Text("answer")); err != nil {
			return err
		}
		if i == 0 {
			s.out.mu.Lock()
			saw[1] = !s.out.writing
			s.out.mu.Unlock()
		}
	}
	c.saw <- saw
	return nil
}

func (c answerConsumer) Disconnect(context.Context, CloseStatus) {}

// TestAnswerWritesItself: the only message of a handler is on its way when Send returns; where the last handler sent several, they leave
// together, and so do those of the next one.
func TestAnswerWritesItself(t *testing.T) {
	c := answerConsumer{make(chan [2]bool, 1)}
	layer := NewMemoryLayer()
	app := NewRouter(DefaultLimits(), layer, nil, Sync("/ws", func(Params) SyncConsumer { return c }))
	server := httptest.NewServer(app)
	defer server.Close()
	page, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := page.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // to fail instead of hanging
		t.Fatal(err)
	}
	sent := uint64(0)
	for i, test := range []struct {
		messages int
		itself   bool
	}{
		{1, true}, {1, true}, {300, true}, {2, false}, {1, false}, {1, true}, {0, true}, {2, true}, {1, false},
	} {
		if err := page.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", test.messages))); err != nil {
			t.Fatal(err)
		}
		for range test.messages {
			if _, text, err := page.ReadMessage(); err != nil || string(text) != "answer" {
				t.Fatalf("handler %d: %q, %v", i, text, err)
			}
		}
		sent += uint64(test.messages)
		if got := app.Stats().Sent; test.itself && test.messages == 1 && got != sent {
			t.Errorf("handler %d: the page has its answer, and %d are counted, not %d", i, got, sent)
		}
		saw := <-c.saw
		if saw[0] != test.itself || test.itself && test.messages > 0 && !saw[1] {
			t.Errorf("handler %d with %d messages: its first to write itself %v, want %v; written when Send returned: %v",
				i, test.messages, saw[0], test.itself, saw[1])
		}
		if err := app.Quiet(t.Context()); err != nil { // the page may read a message before its writer has ended
			t.Fatal(err)
		}
	}
	if err := page.Close(); err != nil {
		t.Error(err)
	}
	if err := app.Drain(t.Context(), 0); err != nil {
		t.Error(err)
	}
}
