// Package wstest is the test kit for consumers: a page in memory that connects to the real router, without a port and
// without a sleep.
//
//	sock := wstest.Connect(t, app, "/ws/chat/lobby")
//	sock.Send("hello")
//	sock.Expect("hello")
//	sock.Quiet() // nothing else came, and no handler runs
//	sock.Close(1000)
//
// A page that connects with [V1] follows streams as the generated client does: what it missed comes as messages, and
// [Return] is the same page on another connection.
//
// Everything that waits, waits for an event, and fails the test after ten seconds. What a test leaves open is closed when it
// ends, and its Disconnect has returned then.
package wstest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"

	"github.com/gorilla/websocket"
)

// patience is how long anything may take that should take no time. It is for the test that would hang otherwise.
const patience = 10 * time.Second

// host is what the pages of the test kit come from and connect to.
const host = "service.test"

// Option changes how a page connects.
type Option func(*options)

// options is what options set.
type options struct {
	header http.Header
	offers []string
	v1     bool
	page   *page // that comes back; nil for a new one
	addr   netip.AddrPort
	base   context.Context // of the request
}

// Header sets a header of the handshake, and removes it where the value is empty. The Origin is that of a page of the same
// host, unless it is set.
func Header(key, value string) Option {
	return func(o *options) {
		if value == "" {
			o.header.Del(key)
			return
		}
		o.header.Set(key, value)
	}
}

// Offer offers subprotocols, in this order, behind those that were offered before.
func Offer(subprotocols ...string) Option {
	return func(o *options) { o.offers = append(o.offers, subprotocols...) }
}

// V1 connects as the generated JavaScript client does, over the subprotocol wsgen.1; without it the page is a plain
// WebSocket.
func V1() Option {
	return func(o *options) {
		if o.v1 {
			return
		}
		o.v1 = true
		o.offers = append([]string{"wsgen.1"}, o.offers...)
	}
}

// From sets the address that the page connects from; it is 192.0.2.1 otherwise.
func From(addr netip.Addr) Option {
	return func(o *options) { o.addr = netip.AddrPortFrom(addr, o.addr.Port()) }
}

// Connect opens a socket, and returns when the consumer's Connect has returned. The path is that of the handshake with its
// query, percent-encoded. It fails the test where the handshake is refused: see [Denied].
func Connect(t testing.TB, app *ws.Router, path string, opts ...Option) *Sock {
	t.Helper()
	s, response, err := dial(t, app, path, opts)
	if err != nil {
		t.Fatalf("connect to %s: %v%s", path, err, statusOf(response))
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-s.pipe.connected:
	case <-s.over: // refused over wsgen.1, or closed at once
	case <-timeout.C:
		t.Fatalf("connect to %s: after %v Connect has not returned", path, patience)
	}
	if s.v1 {
		s.greet()
	}
	return s
}

// Denied expects the handshake to be refused with an HTTP status, such as 403, or 404 where no route takes the path. Over
// [V1] a consumer's refusal is a close code instead: use [ConnectRefused].
func Denied(t testing.TB, app *ws.Router, path string, status int, opts ...Option) {
	t.Helper()
	s, response, err := dial(t, app, path, opts)
	switch {
	case err == nil:
		s.stop()
		t.Fatalf("connect to %s: accepted, want status %d", path, status)
	case response == nil:
		t.Fatalf("connect to %s: %v, want status %d", path, err, status)
	case response.StatusCode != status:
		t.Fatalf("connect to %s: status %d, want %d", path, response.StatusCode, status)
	}
}

// ConnectRefused expects a consumer to refuse a page that connects with [V1], or its Connect to fail (1011): the socket opens, as
// a browser would hide the refusal otherwise, and closes at once with the code. It returns the reason.
func ConnectRefused(t testing.TB, app *ws.Router, path string, code int, opts ...Option) (reason string) {
	t.Helper()
	s, response, err := dial(t, app, path, append([]Option{V1()}, opts...))
	if err != nil {
		t.Fatalf("connect to %s: %v%s", path, err, statusOf(response))
	}
	return s.ExpectClose(code)
}

// dial does the handshake, through a real HTTP server on a connection in memory.
func dial(t testing.TB, app *ws.Router, path string, opts []Option) (*Sock, *http.Response, error) {
	t.Helper()
	o := options{header: make(http.Header), addr: netip.MustParseAddrPort("192.0.2.1:50000"), base: context.Background()}
	o.header.Set("Origin", "http://"+host)
	for _, set := range opts {
		set(&o)
	}
	clientEnd, serverEnd := newPipe(net.TCPAddrFromAddrPort(o.addr), net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.80:80")))
	base := func(net.Listener) context.Context { return o.base }
	server := &http.Server{Handler: app, ReadHeaderTimeout: patience, BaseContext: base}
	listener := newListener(serverEnd)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	}()
	stopServer := func() {
		_ = server.Close() // of a listener and connections that cannot fail to close
		<-served
	}
	dialer := websocket.Dialer{
		NetDialContext:   func(context.Context, string, string) (net.Conn, error) { return clientEnd, nil },
		HandshakeTimeout: patience,
		Subprotocols:     o.offers,
	}
	conn, response, err := dialer.Dial("ws://"+host+path, o.header)
	if err != nil {
		_ = clientEnd.Close()
		stopServer()
		return nil, response, err
	}
	s := newSock(t, app, conn, clientEnd, o)
	t.Cleanup(func() {
		s.stop()
		stopServer()
	})
	return s, response, nil
}

// statusOf says which status came instead of an upgrade.
func statusOf(response *http.Response) string {
	if response == nil {
		return ""
	}
	return " (" + response.Status + ")"
}

// listener is a net.Listener that accepts one connection.
type listener struct {
	conns  chan net.Conn
	closed context.Context
	close  context.CancelFunc
	addr   net.Addr
}

func newListener(c net.Conn) *listener {
	l := &listener{conns: make(chan net.Conn, 1), addr: c.LocalAddr()}
	l.closed, l.close = context.WithCancel(context.Background())
	l.conns <- c
	return l
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed.Done():
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.close()
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }
