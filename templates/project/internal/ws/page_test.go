package ws_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
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
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, serve(t, app)+path, o)
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

// expectClose expects the server's close frame.
func (p *page) expectClose(t testing.TB, code int) {
	t.Helper()
	_, data, err := p.conn.Read(p.ctx)
	if err == nil {
		t.Fatalf("read %q, want close with %d", data, code)
	}
	var closed websocket.CloseError
	if !errors.As(err, &closed) || int(closed.Code) != code {
		t.Fatalf("%v, want close with %d", err, code)
	}
}
