package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// handshakes are the requests from which the fuzzer starts.
var handshakes = []string{
	handshakeLines,
	strings.Replace(handshakeLines, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: wsgen.1, chat\r\nOrigin: http://service.test\r\n\r\n", 1),
	strings.Replace(handshakeLines, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: wsgen.raw\r\nSec-WebSocket-Protocol: ,wsgen.bearer.x\r\n\r\n", 1),
	strings.Replace(handshakeLines, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=8, x; y=\"z\"\r\n\r\n", 1),
	strings.Replace(handshakeLines, "\r\n\r\n", "\r\nX-Forwarded-For: ::1, 192.0.2.1, x\r\nCookie: a=b; =; c\r\n\r\n", 1),
	strings.Replace(handshakeLines, "GET /ws", "GET /n/007?q=%zz", 1),
	strings.Replace(handshakeLines, "GET /ws", "GET /%6e/7", 1),
	strings.Replace(handshakeLines, "GET", "POST", 1),
	strings.Replace(handshakeLines, "HTTP/1.1", "HTTP/1.0", 1),
	strings.Replace(handshakeLines, "Version: 13", "Version: 8", 1),
	strings.Replace(handshakeLines, "AAAAAAAAAAAAAAAAAAAAAA==", "AAAA", 1),
	strings.Replace(handshakeLines, "websocket", "h2c, websocket", 1),
	strings.Replace(handshakeLines, "\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello", 1),
	handshakeLines + frame(0x81, "early"),
	handshakeLines[:40],
}

// FuzzHandshake: whatever a client sends as its handshake, it gets nothing, or an answer that HTTP knows; it is accepted only where
// RFC 6455, section 4.2.1, allows it, and then with the right proof and a subprotocol that it offered. Nothing stays behind.
func FuzzHandshake(f *testing.F) {
	for _, h := range handshakes {
		f.Add([]byte(h))
	}
	limits := ws.DefaultLimits()
	limits.Compression = true
	app, _ := newAppWith(f, limits, asyncRoute(&funcs{connect: func(_ context.Context, h *ws.Handshake) error {
		for _, offer := range h.Scope().Subprotocols() {
			_, err := h.Accept(ws.Subprotocol(offer))
			return err
		}
		return nil
	}}), ws.Sync("/n/{n:int}", func(ws.Params) ws.SyncConsumer { return syncFuncs{&funcs{}} }))
	f.Fuzz(func(t *testing.T, data []byte) {
		conn := pipeTo(t, app)
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		type result struct {
			response *http.Response
			err      error
		}
		answered := make(chan result, 1)
		go func() {
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			answered <- result{response, err}
			_, _ = io.Copy(io.Discard, conn) // until the end of the connection
		}()
		_, _ = conn.Write(data) // it may be closed before all is read
		if !bytes.Contains(data, []byte("\n\n")) && !bytes.Contains(data, []byte("\n\r\n")) {
			_ = conn.Close() // the header has no end, so that no answer comes
		}
		var got result
		select {
		case got = <-answered:
		case <-timer(t):
			_ = conn.Close()
			got = <-answered
		}
		if got.err == nil {
			judge(t, data, got.response)
		}
		_ = conn.Close()
		awaitSockets(t, app, 0)
		settle(t, app)
		if n := app.Stats().Panics; n != 0 {
			t.Fatalf("%d panics", n)
		}
	})
}

// timer ends the wait for an answer where net/http waits for more of the request.
func timer(t *testing.T) <-chan time.Time {
	timer := time.NewTimer(time.Second)
	t.Cleanup(func() { timer.Stop() })
	return timer.C
}

// judge says whether the answer was the right one.
func judge(t *testing.T, data []byte, response *http.Response) {
	t.Helper()
	if !slices.Contains([]int{101, 400, 403, 404, 405, 408, 413, 414, 417, 426, 431, 500, 501, 503, 505}, response.StatusCode) {
		t.Fatalf("answered with %s", response.Status)
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
	if err != nil {
		t.Fatalf("accepted what is no request: %v", err)
	}
	has := func(key, token string) bool {
		return strings.Contains(strings.ToLower(strings.Join(r.Header.Values(key), ",")), token)
	}
	key := r.Header.Get("Sec-Websocket-Key")
	raw, err := base64.StdEncoding.DecodeString(key)
	if r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) || !has("Connection", "upgrade") || !has("Upgrade", "websocket") ||
		r.Header.Get("Sec-Websocket-Version") != "13" || err != nil || len(raw) != 16 {
		t.Fatalf("accepted %q", data)
	}
	proof := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if got := response.Header.Get("Sec-Websocket-Accept"); got != base64.StdEncoding.EncodeToString(proof[:]) {
		t.Errorf("Sec-WebSocket-Accept: %s", got)
	}
	if got := response.Header.Values("Sec-Websocket-Protocol"); len(got) > 1 || len(got) == 1 && !has("Sec-Websocket-Protocol", strings.ToLower(got[0])) {
		t.Errorf("subprotocol %q", got)
	}
	if got := response.Header.Get("Sec-Websocket-Extensions"); got != "" && !has("Sec-Websocket-Extensions", "permessage-deflate") {
		t.Errorf("extension %q", got)
	}
}
