package ws

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// hijackable answers a request over a connection, as net/http's own http.ResponseWriter does.
type hijackable struct {
	http.ResponseWriter
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// farewells counts how often Disconnect runs.
type farewells struct{ n *atomic.Int64 }

func (farewells) Connect(context.Context, *Handshake) error { return nil }

func (farewells) Receive(context.Context, *Socket, Message) error { return nil }

func (c farewells) Disconnect(context.Context, CloseStatus) { c.n.Add(1) }

// TestLostWithItsAnswer: a socket whose connection is gone when the answer to its handshake is to be written ends as any other does,
// and is kept nowhere. Often, since it ends on another goroutine than the one that makes it.
func TestLostWithItsAnswer(t *testing.T) {
	const sockets = 500
	var c farewells
	c.n = new(atomic.Int64)
	layer := NewMemoryLayer()
	app := NewRouter(DefaultLimits(), layer, nil, Sync("/ws", func(Params) SyncConsumer { return c }))
	for range sockets {
		accepted, peer := tcpPair(t)
		// Closed so, it resets the connection, and the first write already fails.
		if err := peer.(*net.TCPConn).SetLinger(0); err != nil {
			t.Fatal(err)
		}
		if err := peer.Close(); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/ws", nil)
		r.Header = http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}, "Sec-Websocket-Protocol": {protocolV1},
		}
		app.ServeHTTP(hijackable{httptest.NewRecorder(), accepted.net}, r)
	}
	if err := app.Drain(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if n := c.n.Load(); n != sockets {
		t.Errorf("Disconnect ran %d times for %d sockets", n, sockets)
	}
	layer.mu.RLock()
	defer layer.mu.RUnlock()
	if n := len(layer.sockets); n > 0 {
		t.Errorf("the layer still knows %d of %d sockets", n, sockets)
	}
}
