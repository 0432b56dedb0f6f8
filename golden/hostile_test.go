package golden

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// What a running service has to survive. Every test ends by asking whether it still serves everybody else.
func TestHostileClients(t *testing.T) {
	bin := build(t, "minimal")
	tests := []struct {
		name string
		env  []string
		run  func(t *testing.T, s *service)
	}{
		{"origins", []string{"ALLOWED_ORIGINS=https://example.com,.example.org"}, testOrigins},
		{"same host", nil, testSameHost},
		{"any origin", []string{"ALLOWED_ORIGINS=*"}, testAnyOrigin},
		{"a message too big", []string{"MAX_MESSAGE_BYTES=1000"}, testTooBig},
		{"text that is not UTF-8", nil, testBadUTF8},
		{"broken handshakes", nil, testBrokenHandshakes},
		{"a client that never reads", []string{"WRITE_TIMEOUT=200ms"}, testNeverReads},
		{"a client that vanishes", nil, testVanishes},
		{"more sockets than allowed", []string{"MAX_CONNECTIONS=2"}, testTooMany},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, bin, append(test.env, "CLOSE_TIMEOUT=200ms")...) // the clients here do not answer a close
			test.run(t, s)
			if resp, _ := s.request(t, "GET", "/healthz", nil); resp.StatusCode != http.StatusOK {
				t.Errorf("afterwards /healthz says %s", resp.Status)
			}
			if code := s.stop(t); code != 0 {
				t.Errorf("it exited %d, want 0", code)
			}
		})
	}
}

// origin is a handshake with the header given; an empty one stands for none.
func origin(value string, more ...string) *websocket.DialOptions {
	header := make(http.Header)
	if value != "" {
		header.Set("Origin", value)
	}
	for i := 0; i < len(more); i += 2 {
		header.Set(more[i], more[i+1])
	}
	return &websocket.DialOptions{HTTPHeader: header}
}

// admits fails the test unless the handshake is accepted.
func admits(t *testing.T, s *service, o *websocket.DialOptions) {
	t.Helper()
	conn, resp, err := s.tryDial(t, "/ws/echo", o)
	if err != nil {
		t.Errorf("%v is refused: %s (%v)", o.HTTPHeader, status(resp), err)
		return
	}
	echoes(t, conn)
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

// refuses fails the test unless the handshake is answered 403 and the log says whose and why.
func refuses(t *testing.T, s *service, o *websocket.DialOptions) {
	t.Helper()
	_, resp, err := s.tryDial(t, "/ws/echo", o)
	if err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("%v: got %s (%v), want 403", o.HTTPHeader, status(resp), err)
		return
	}
	s.log.waitFor(t, "ALLOWED_ORIGINS", strconv.Quote(o.HTTPHeader.Get("Origin")))
}

func testOrigins(t *testing.T, s *service) {
	for _, allowed := range []string{"https://example.com", "HTTPS://EXAMPLE.COM:443", "http://example.org", "https://deep.sub.example.org:8443"} {
		admits(t, s, origin(allowed))
	}
	for _, foreign := range []string{
		"", "null", "https://evil.example", "http://example.com", "https://example.com:444", "https://example.com.evil.example",
		"https://evilexample.org", "not an origin", "https://", "file://", s.url,
	} {
		refuses(t, s, origin(foreign))
	}
	admits(t, s, origin("", "Authorization", "Bearer x")) // no browser can send that header
	refuses(t, s, origin("null", "Authorization", "Bearer x"))
}

func testSameHost(t *testing.T, s *service) {
	admits(t, s, origin(s.url))
	refuses(t, s, origin("http://127.0.0.1:1"))
	refuses(t, s, origin(""))
	refuses(t, s, origin("null"))
}

func testAnyOrigin(t *testing.T, s *service) {
	for _, any := range []string{"", "null", "https://evil.example"} {
		admits(t, s, origin(any))
	}
}

func testTooBig(t *testing.T, s *service) {
	conn, other := s.dial(t, "/ws/echo", nil), s.dial(t, "/ws/echo", nil)
	if err := conn.Write(deadline(t), websocket.MessageText, bytes.Repeat([]byte("x"), 1000)); err != nil {
		t.Fatal(err)
	}
	if _, data, err := conn.Read(deadline(t)); err != nil || len(data) != 1000 {
		t.Fatalf("a message of just the limit: got %d bytes, %v", len(data), err)
	}
	if err := conn.Write(deadline(t), websocket.MessageBinary, bytes.Repeat([]byte("x"), 1001)); err != nil {
		t.Fatal(err)
	}
	closedWith(t, conn, websocket.StatusMessageTooBig)
	echoes(t, other)
}

func testBadUTF8(t *testing.T, s *service) {
	for _, text := range []string{"\xff", "good\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80"} {
		conn := s.dial(t, "/ws/echo", nil)
		if err := conn.Write(deadline(t), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		closedWith(t, conn, websocket.StatusInvalidFramePayloadData)
	}
}

// testBrokenHandshakes asks for an upgrade in ways that no client library does.
func testBrokenHandshakes(t *testing.T, s *service) {
	good := http.Header{
		"Origin": {s.url}, "Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}
	tests := []struct {
		method, name, value string // the header that is different
		want                int
	}{
		{"GET", "Upgrade", "h2c", http.StatusUpgradeRequired},
		{"GET", "Connection", "keep-alive", http.StatusUpgradeRequired},
		{"GET", "Sec-Websocket-Version", "8", http.StatusUpgradeRequired},
		{"GET", "Sec-Websocket-Key", "short", http.StatusBadRequest},
		{"POST", "", "", http.StatusUpgradeRequired},
	}
	for _, test := range tests {
		header := good.Clone()
		if test.name != "" {
			header.Set(test.name, test.value)
		}
		resp, body := s.request(t, test.method, "/ws/echo", header)
		if resp.StatusCode != test.want {
			t.Errorf("%s with %s: %q: got %s, want %d\n%s", test.method, test.name, test.value, resp.Status, test.want, body)
		}
	}
}

// testNeverReads floods an echo without reading an answer, until the service ends the connection. It must not let anybody
// else wait meanwhile.
func testNeverReads(t *testing.T, s *service) {
	conn, resp, err := websocket.Dial(deadline(t), "ws"+strings.TrimPrefix(s.url, "http")+"/ws/echo", &websocket.DialOptions{
		HTTPHeader: http.Header{"Origin": {s.url}},
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: smallBuffers}},
	})
	if err != nil {
		t.Fatalf("%v (%s)", err, status(resp))
	}
	defer conn.CloseNow()
	other := s.dial(t, "/ws/echo", nil)
	message := bytes.Repeat([]byte("x"), 60_000)
	for sent := 0; ; sent++ {
		if sent%100 == 0 {
			echoes(t, other)
		}
		if err := conn.Write(deadline(t), websocket.MessageBinary, message); err != nil {
			break // the service has ended the connection
		}
	}
	echoes(t, other)
	s.log.waitFor(t, "too slow", "4008")
}

// smallBuffers dials with as little room in the kernel as there can be, so that a client that does not read is soon noticed.
func smallBuffers(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	tcp := conn.(*net.TCPConn)
	return conn, errors.Join(tcp.SetReadBuffer(4096), tcp.SetWriteBuffer(4096))
}

// testVanishes cuts connections in every state that a handshake and a message can be in.
func testVanishes(t *testing.T, s *service) {
	handshake := "GET /ws/echo HTTP/1.1\r\nHost: " + strings.TrimPrefix(s.url, "http://") + "\r\nOrigin: " + s.url +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	frames := []string{
		"\x81\x85\x00\x00\x00\x00he",                  // half a message
		"\x01\x82\x00\x00\x00\x00he",                  // a fragment without its end
		"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff",    // 2^63-1 bytes announced
		"\xf1\x80\x00\x00\x00\x00",                    // reserved bits
		"\x81\x02he",                                  // not masked
		"\x88\x82\x00\x00\x00\x00\x03\xed",            // a close with 1005, which must not be sent
		"\x89\xfe\x00\x7e\x00\x00\x00\x00",            // a ping beyond 125 bytes
		"\x83\x80\x00\x00\x00\x00",                    // an opcode that does not exist
		"\x80\x80\x00\x00\x00\x00",                    // a continuation of nothing
		strings.Repeat("\x89\x80\x00\x00\x00\x00", 9), // pings, and gone
	}
	for _, sent := range append([]string{"", handshake[:20], handshake}, frames...) {
		if strings.HasPrefix(handshake, sent) {
			cut(t, s, sent)
		} else {
			cut(t, s, handshake+sent)
		}
	}
	echoes(t, s.dial(t, "/ws/echo", nil))
}

// cut sends bytes on a connection and drops it. What the service answers is of no interest.
func cut(t *testing.T, s *service, text string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(deadline(t), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func testTooMany(t *testing.T, s *service) {
	first := s.dial(t, "/ws/echo", nil)
	s.dial(t, "/ws/echo", nil)
	_, resp, err := s.tryDial(t, "/ws/echo", nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the third socket of two: got %s (%v), want 503", status(resp), err)
	}
	echoes(t, first)
}

// A stub of the golden project is made to panic, in each of its methods: that socket closes with 1011, the log has the
// stack, and every other socket stays.
func TestAHandlerThatPanics(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "minimal")
	if err := os.CopyFS(dir, os.DirFS("minimal")); err != nil {
		t.Fatal(err)
	}
	stub := filepath.Join(dir, "consumers", "echo_consumer.go")
	patch(t, stub, "Connect(", `if h.Scope().Query().Has("panic") { panic("boom in Connect") }`)
	patch(t, stub, "Receive(", `if string(m.Data) == "panic" { panic("boom in Receive") }`)
	patch(t, stub, "Disconnect(", `if st.Code == 4000 { panic("boom in Disconnect") }`)
	s := start(t, build(t, dir))

	other, conn := s.dial(t, "/ws/echo", nil), s.dial(t, "/ws/echo", nil)
	if err := conn.Write(deadline(t), websocket.MessageText, []byte("panic")); err != nil {
		t.Fatal(err)
	}
	closedWith(t, conn, websocket.StatusInternalError)
	echoes(t, other)

	if _, resp, err := s.tryDial(t, "/ws/echo?panic", nil); err == nil || resp == nil || resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("a panic in Connect: got %s (%v), want 500", status(resp), err)
	}
	echoes(t, other)

	conn = s.dial(t, "/ws/echo", nil)
	if err := conn.Close(4000, ""); err != nil {
		t.Error(err)
	}
	echoes(t, other)
	if code := s.stop(t); code != 0 {
		t.Errorf("it exited %d, want 0", code)
	}
	s.log.waitFor(t, "boom in Receive", "boom in Connect", "boom in Disconnect", "echo_consumer.go:")
}

// patch puts a statement first into the method of a stub.
func patch(t *testing.T, file, method, statement string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(text), ") "+method)
	signature, body, open := strings.Cut(after, "{")
	if !found || !open {
		t.Fatalf("%s has no method %s", file, method)
	}
	text = []byte(before + ") " + method + signature + "{\n" + statement + "\n" + strings.TrimPrefix(body, "\n"))
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
