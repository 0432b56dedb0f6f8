package ws_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"

	"github.com/coder/websocket"
)

// visitor is one connection of a storm. What it does not send, read or close is part of it; it cannot fail.
type visitor func(conn net.Conn, random *rand.Rand)

const handshakeLines = "GET /ws HTTP/1.1\r\nHost: service.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

// enter does a handshake, and sends what follows. It stays outside where there is no room.
func enter(conn net.Conn, data string) {
	_, _ = io.WriteString(conn, handshakeLines)
	answer := make([]byte, 512)
	if n, _ := conn.Read(answer); strings.HasPrefix(string(answer[:n]), "HTTP/1.1 101") {
		_, _ = io.WriteString(conn, data)
	} else {
		_ = conn.Close()
	}
}

// visitors are the ways to come and go.
var visitors = []visitor{
	func(conn net.Conn, random *rand.Rand) { // a part of a handshake
		_, _ = io.WriteString(conn, handshakeLines[:random.IntN(len(handshakeLines))])
	},
	func(conn net.Conn, _ *rand.Rand) { // all of it, and not waiting for the answer
		_, _ = io.WriteString(conn, handshakeLines)
	},
	func(conn net.Conn, _ *rand.Rand) { // data before the answer
		_, _ = io.WriteString(conn, handshakeLines+frame(0x81, "early"))
	},
	func(conn net.Conn, _ *rand.Rand) { enter(conn, "") },
	func(conn net.Conn, random *rand.Rand) { // garbage
		data := make([]byte, random.IntN(2000))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		enter(conn, string(data))
	},
	func(conn net.Conn, _ *rand.Rand) { // a thousand pings without reading
		enter(conn, strings.Repeat(frame(0x89, strings.Repeat("x", 125)), 1000))
	},
	func(conn net.Conn, _ *rand.Rand) { // many goodbyes
		enter(conn, strings.Repeat(closeFrame(1000, "bye"), 100))
	},
	func(conn net.Conn, _ *rand.Rand) { // messages without reading
		enter(conn, strings.Repeat(frame(0x81, strings.Repeat("x", 1000)), 60))
	},
	func(conn net.Conn, _ *rand.Rand) { // a frame byte by byte, and half of another
		enter(conn, "")
		for _, b := range []byte(frame(0x81, "slow") + frame(0x81, "half")[:7]) {
			_, _ = conn.Write([]byte{b})
		}
	},
	func(conn net.Conn, _ *rand.Rand) { // in order
		enter(conn, frame(0x81, "hello")+closeFrame(1000, ""))
		_, _ = io.Copy(io.Discard, conn)
	},
}

// TestStorm: whatever comes and goes, in whatever way, leaves nothing behind: no socket, no member of a group, no place of an
// address, and (see TestMain) no goroutine; and a page that behaves is served all the while.
func TestStorm(t *testing.T) {
	const storms, each = 8, 50
	b := &orderedBackend{t: t, topics: make(map[string]bool), busy: make(map[string]bool)}
	layer, err := ws.NewLayer(b)
	if err != nil {
		t.Fatal(err)
	}
	limits := ws.DefaultLimits()
	limits.MaxPerIP = storms + 1
	app := ws.NewRouter(limits, layer, nil, syncRoute(&funcs{
		connect: func(ctx context.Context, h *ws.Handshake) error {
			if err := join("storm")(ctx, h); err != nil && ctx.Err() == nil {
				return err
			}
			return nil
		},
	}))
	address := serve(t, app)
	one := dialTo(t, address+"/ws", nil)
	settle(t, app) // it has joined
	var wg sync.WaitGroup
	for i := range storms {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 2))
			for range each {
				visit(t, strings.TrimPrefix(address, "ws://"), visitors[random.IntN(len(visitors))], random)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for going := true; going; {
		select {
		case <-done:
			going = false
		default:
		}
		if err := layer.Send(t.Context(), "storm", ws.Text(strings.Repeat("x", 2000))); err != nil {
			t.Fatal(err)
		}
		for got := ""; len(got) < 2000; got = one.read(t) { // its echoes come between
			one.send(t, "echo")
		}
	}
	awaitSockets(t, app, 1)
	pages := []*page{one}
	for range storms { // each place of the address is free again
		pages = append(pages, dialTo(t, address+"/ws", nil))
	}
	if _, response, err := websocket.Dial(one.ctx, address+"/ws", nil); err == nil || response == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one more: %v %v", response, err)
	}
	for _, p := range pages {
		_ = p.conn.CloseNow()
	}
	awaitSockets(t, app, 0)
	if b.topics["group:storm"] {
		t.Error("a member remains in the group")
	}
	if n := app.Stats().Panics; n != 0 {
		t.Errorf("%d panics", n)
	}
}

// visit lets a visitor come, and go at a moment of its own, often with a reset.
func visit(t *testing.T, address string, v visitor, random *rand.Rand) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Error(err)
	}
	if random.IntN(2) == 0 {
		if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // Close resets the connection
			t.Error(err)
		}
	}
	v(conn, random)
}

// TestOverTLS: the service's handler behind an http.Server with TLS, as a program of one's own may have it.
func TestOverTLS(t *testing.T) {
	gone := make(chan ws.CloseStatus, 1)
	app, layer := newApp(t, syncRoute(&funcs{
		connect:    join("g"),
		disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
	}))
	server := httptest.NewUnstartedServer(app)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	address := "wss" + strings.TrimPrefix(server.URL, "https")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: server.Client().Transport.(*http.Transport).TLSClientConfig}}
	t.Cleanup(client.CloseIdleConnections)
	for _, offer := range []string{"wsgen.1", "wsgen.raw"} {
		page := dialTo(t, address+"/ws", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{offer}})
		prefix := ""
		if offer == "wsgen.1" {
			page.read(t) // hello
			prefix = "m"
		}
		long := prefix + strings.Repeat("x", 60_000)
		const burst = 16 // which fits into the outbox, since nobody reads meanwhile
		for range burst {
			page.send(t, long)
		}
		for range burst {
			if got := page.read(t); got != long {
				t.Fatalf("%d bytes came back", len(got))
			}
		}
		for i := range 100 {
			if err := layer.Send(t.Context(), "g", ws.Text(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 100 {
			if got := page.read(t); got != prefix+fmt.Sprint(i) {
				t.Fatalf("message %q, want %d", got, i)
			}
		}
		if err := page.conn.Close(4000, "bye"); err != nil {
			t.Error(err)
		}
		if st := await(t, gone, "Disconnect"); st != (ws.CloseStatus{Code: 4000, Reason: "bye", Remote: true}) {
			t.Errorf("Disconnect got %+v", st)
		}
	}
	conn, err := tls.Dial("tcp", strings.TrimPrefix(address, "wss://"), client.Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	page := shakeHands(t, conn, "/ws", "")
	page.write(t, "\x81\x01x") // without a mask
	page.expectClose(t, 1002)
	page.write(t, closeFrame(1002, ""))
	_ = page.Close()
	if st := await(t, gone, "Disconnect"); st.Code != 1002 {
		t.Errorf("Disconnect got %+v", st)
	}
}
