package ws_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// The benchmarks of this file have no network: what they show is the work of the runtime, without the system calls that are most
// of the cost of a real connection. Compare them with themselves, before and after a change.

// memoryConn is a connection in memory: the page at its other end takes everything at once.
type memoryConn struct {
	sent   chan string // by the page
	unread string
	took   atomic.Int64 // bytes that the page has
	closed chan struct{}
	close  sync.Once
}

func (c *memoryConn) Read(b []byte) (int, error) {
	if c.unread == "" {
		select {
		case text, ok := <-c.sent:
			if !ok {
				return 0, io.EOF
			}
			c.unread = text
		case <-c.closed:
			return 0, net.ErrClosed
		}
	}
	n := copy(b, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

func (c *memoryConn) Write(b []byte) (int, error) {
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	default:
		c.took.Add(int64(len(b)))
		return len(b), nil
	}
}

func (c *memoryConn) Close() error {
	c.close.Do(func() { close(c.closed) })
	return nil
}

func (c *memoryConn) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 80), Port: 80} }
func (c *memoryConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 50000}
}
func (c *memoryConn) SetDeadline(time.Time) error      { return nil }
func (c *memoryConn) SetReadDeadline(time.Time) error  { return nil } // Close ends a read, and a page that leaves
func (c *memoryConn) SetWriteDeadline(time.Time) error { return nil } // a write never waits

// hijacked is the answer to a handshake on such a connection.
type hijacked struct {
	*httptest.ResponseRecorder
	conn *memoryConn
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// dialMemory opens a socket that leaves when the benchmark ends.
func dialMemory(b *testing.B, app *ws.Router, offer string) *memoryConn {
	b.Helper()
	request := httptest.NewRequest(http.MethodGet, "/ws", nil)
	request.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}, "Sec-Websocket-Protocol": {offer},
	}
	c := &memoryConn{sent: make(chan string), closed: make(chan struct{})}
	var served sync.WaitGroup
	before := app.Stats().Accepted
	served.Go(func() { app.ServeHTTP(hijacked{httptest.NewRecorder(), c}, request) })
	b.Cleanup(func() {
		select {
		case c.sent <- closeFrame(ws.CodeNormal, ""):
		case <-c.closed:
		}
		close(c.sent)
		served.Wait()
	})
	eventually(b, "an accepted socket", func() bool { return app.Stats().Accepted > before })
	return c
}

// wires are the two forms of a message of 100 bytes: what a page offers for it, and what it sends.
func wires() []struct{ form, offer, frame string } {
	text := strings.Repeat("x", 100)
	return []struct{ form, offer, frame string }{
		{"raw", "wsgen.raw", frame(0x81, text)},
		{"wsgen.1", "wsgen.1", frame(0x81, "m"+text)},
	}
}

// BenchmarkReceive is what a message costs from the bytes of the connection to the return of its handler, which does nothing.
func BenchmarkReceive(b *testing.B) {
	for _, mode := range []struct {
		name  string
		route func(*funcs, ...ws.RouteOption) ws.Route
	}{{"sync", syncRoute}, {"async", asyncRoute}} {
		for _, wire := range wires() {
			b.Run(mode.name+"/"+wire.form, func(b *testing.B) {
				var handled atomic.Int64
				done := make(chan struct{})
				count := func() error {
					if handled.Add(1) == int64(b.N) {
						close(done)
					}
					return nil
				}
				app, _ := newApp(b, mode.route(&funcs{
					receive: func(context.Context, *ws.Socket, ws.Message) error { return count() },
					request: func(context.Context, *ws.Request) error { return count() },
				}))
				page := dialMemory(b, app, wire.offer)
				const together = 64
				many := strings.Repeat(wire.frame, together)
				b.ReportAllocs()
				b.ResetTimer()
				for left := b.N; left > 0; left -= together {
					page.sent <- many[:min(left, together)*len(wire.frame)]
				}
				<-done
			})
		}
	}
}

// BenchmarkSend is what a message costs from Socket.Send to the bytes of the connection. There is no handler, so that nothing
// but the writing itself gathers several messages.
func BenchmarkSend(b *testing.B) {
	for _, wire := range wires() {
		b.Run(wire.form, func(b *testing.B) {
			sockets := make(chan *ws.Socket, 1)
			app, _ := newApp(b, syncRoute(&funcs{connect: func(_ context.Context, h *ws.Handshake) error {
				s, err := h.Accept()
				sockets <- s
				return err
			}}, ws.OutboundBlock()))
			page := dialMemory(b, app, wire.offer)
			s := <-sockets
			settle(b, app)
			before := page.took.Load()
			m := ws.Text(strings.Repeat("x", 100))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if err := s.Send(b.Context(), m); err != nil {
					b.Fatal(err)
				}
			}
			settle(b, app)
			if got, want := page.took.Load()-before, int64(b.N*(len(wire.frame)-4)); got != want { // it sends no mask
				b.Fatalf("%d bytes for %d messages, want %d", got, b.N, want)
			}
		})
	}
}

// BenchmarkPublish is what a delivery costs of a message that goes to a group, by how many its members are.
func BenchmarkPublish(b *testing.B) {
	for _, members := range []int{1, 1000} {
		b.Run(strconv.Itoa(members), func(b *testing.B) {
			app, layer := newApp(b, syncRoute(&funcs{connect: join("g")}))
			pages := make([]*memoryConn, members)
			for i := range pages {
				pages[i] = dialMemory(b, app, "wsgen.1")
			}
			settle(b, app)
			before := app.Stats().Sent
			m := ws.Text(strings.Repeat("x", 100))
			b.ReportAllocs()
			b.ResetTimer()
			sent := 0
			for ; sent*members < b.N; sent++ {
				if err := layer.Send(b.Context(), "g", m); err != nil {
					b.Fatal(err)
				}
				if sent%8 == 7 { // as many as wait at most
					settle(b, app)
				}
			}
			settle(b, app)
			if got := app.Stats().Sent - before; got != uint64(sent*members) {
				b.Fatalf("%d deliveries, want %d", got, sent*members)
			}
		})
	}
}
