package ws

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// lineConsumer tells its socket.
type lineConsumer struct{ sockets chan *Socket }

func (c lineConsumer) Connect(_ context.Context, h *Handshake) error {
	s, err := h.Accept()
	c.sockets <- s
	return err
}
func (lineConsumer) Receive(context.Context, *Socket, Message) error { return nil }
func (lineConsumer) Disconnect(context.Context, CloseStatus)         {}

// TestSenderSkipsTheLine: who waits for room in an outbox waits for its own page alone, and not for the sockets that stand before it
// in the line of the flusher.
func TestSenderSkipsTheLine(t *testing.T) {
	limits := DefaultLimits()
	limits.OutboundBytes = 1 << 10
	layer := NewMemoryLayer()
	layer.flusher = flusher{lines: make([]line, 1)}
	c := lineConsumer{make(chan *Socket, 1)}
	app := NewRouter(limits, layer, nil, Sync("/ws", func(Params) SyncConsumer { return c }, OutboundBlock()))
	server := httptest.NewServer(app)
	defer server.Close()
	dial := func() (*websocket.Conn, *Socket) {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		return conn, <-c.sockets
	}
	ahead, first := dial()
	page, s := dial()
	text := Text(strings.Repeat("x", 600))
	if err := page.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // to fail instead of hanging
		t.Fatal(err)
	}

	first.out.mu.Lock() // the flusher gets no further than this one
	first.out.queued.Store(true)
	layer.flusher.add(first)
	sent := make(chan error, 1)
	go func() {
		if err := layer.SendTo(t.Context(), s.ID(), text); err != nil {
			sent <- err
		}
		sent <- s.Send(t.Context(), text) // for which there is no room until the first is written
	}()
	for i := range 2 {
		if _, data, err := page.ReadMessage(); err != nil || string(data) != string(text.Data) {
			t.Errorf("message %d: %d bytes, %v", i, len(data), err)
		}
	}
	first.out.mu.Unlock()
	if err := <-sent; err != nil {
		t.Error(err)
	}

	_, _ = ahead.Close(), page.Close()
	if err := app.Drain(t.Context(), 0); err != nil {
		t.Error(err)
	}
}
