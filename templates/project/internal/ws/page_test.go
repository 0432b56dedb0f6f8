package ws_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"wsgen/templates/project/internal/ws"

	"github.com/coder/websocket"
)

// page is a foreign client, coder/websocket, over a real connection on the loopback.
type page struct {
	conn *websocket.Conn
	ctx  context.Context
}

// mustApp is newApp without the layer.
func mustApp(t testing.TB, routes ...ws.Route) *ws.Router {
	app, _ := newApp(t, routes...)
	return app
}

// serve starts an HTTP server, and returns the address of its WebSockets.
func serve(t testing.TB, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// dialTCP connects to the app.
func dialTCP(t testing.TB, app *ws.Router, path string, subprotocols ...string) *page {
	t.Helper()
	return dialWith(t, app, path, &websocket.DialOptions{Subprotocols: subprotocols})
}

func dialWith(t testing.TB, app *ws.Router, path string, o *websocket.DialOptions) *page {
	t.Helper()
	return dialTo(t, serve(t, app)+path, o)
}

// dialTo connects to an address.
func dialTo(t testing.TB, address string, o *websocket.DialOptions) *page {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, address, o)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &page{conn: conn, ctx: ctx}
}

// send sends a text message.
func (p *page) send(t testing.TB, text string) {
	t.Helper()
	if err := p.conn.Write(p.ctx, websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// read returns the next message.
func (p *page) read(t testing.TB) string {
	t.Helper()
	_, data, err := p.conn.Read(p.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// dialPipe connects over a connection that holds nothing on its way: a page that does not read is felt at once.
func dialPipe(t testing.TB, app *ws.Router, path string, subprotocols ...string) *page {
	t.Helper()
	clientEnd := pipeTo(t, app)
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return clientEnd, nil }}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, "ws://service.test"+path, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, Subprotocols: subprotocols,
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &page{conn: conn, ctx: ctx}
}

// pipeTo returns the client's end of a net.Pipe to an HTTP server.
func pipeTo(t testing.TB, h http.Handler) net.Conn {
	clientEnd, serverEnd := net.Pipe()
	listener := &pipeListener{conns: make(chan net.Conn, 1)}
	listener.conns <- serverEnd
	server := &http.Server{Handler: h}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }() // returns when the listener closes
	t.Cleanup(func() { _ = server.Close(); <-served })
	return clientEnd
}

// pipeListener accepts the connections that are put into it.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.conns) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// expectClose expects the server's close frame.
func (p *page) expectClose(t testing.TB, code int) {
	t.Helper()
	_, data, err := p.conn.Read(p.ctx)
	if err == nil {
		t.Fatalf("read %q, want close with %d", data, code)
	}
	if got := codeOf(err); got != code {
		t.Fatalf("%v, want close with %d", err, code)
	}
}

// codeOf returns the code of the close frame that an error of reading speaks of, 0 where it does not.
func codeOf(err error) int {
	var closed websocket.CloseError
	if !errors.As(err, &closed) {
		return 0
	}
	return int(closed.Code)
}
