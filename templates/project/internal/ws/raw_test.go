package ws_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// rawPage speaks WebSocket byte by byte, so that it can do what no client would.
type rawPage struct {
	net.Conn
	r *bufio.Reader
}

// dialRaw does a handshake by hand, over the loopback.
func dialRaw(t testing.TB, app *ws.Router, path, extra string) *rawPage {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(serve(t, app), "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return shakeHands(t, conn, path, extra)
}

// shakeHands does a handshake by hand, over any connection; extra is header lines that end in CR LF.
func shakeHands(t testing.TB, conn net.Conn, path, extra string) *rawPage {
	t.Helper()
	t.Cleanup(func() { _ = conn.Close() })
	p := &rawPage{Conn: conn, r: bufio.NewReader(conn)}
	p.write(t, "GET "+path+" HTTP/1.1\r\nHost: service.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"+extra+"\r\n")
	response, err := http.ReadResponse(p.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response.Status)
	}
	return p
}

func (p *rawPage) write(t testing.TB, data string) {
	t.Helper()
	if _, err := io.WriteString(p.Conn, data); err != nil {
		t.Fatal(err)
	}
}

// frame returns a frame as clients send it; its mask is zero. first is the first byte: flags and opcode.
func frame(first byte, payload string) string {
	b := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return string(append(b, 0, 0, 0, 0)) + payload
}

// closeFrame returns a client's close frame.
func closeFrame(code uint16, reason string) string {
	return frame(0x88, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

// next reads a frame of the server.
func (p *rawPage) next(t testing.TB) (first byte, payload string) {
	t.Helper()
	first, payload, err := p.tryNext()
	if err != nil {
		t.Fatal(err)
	}
	return first, payload
}

func (p *rawPage) tryNext() (first byte, payload string, err error) {
	var head [2]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return 0, "", err
	}
	n := uint64(head[1])
	if n >= 126 {
		long := make([]byte, 2+6*(n-126))
		if _, err := io.ReadFull(p.r, long); err != nil {
			return 0, "", err
		}
		n = 0
		for _, b := range long {
			n = n<<8 | uint64(b)
		}
	}
	data := make([]byte, n)
	_, err = io.ReadFull(p.r, data)
	return head[0], string(data), err
}

// expectClose expects the server's close frame, and returns its reason.
func (p *rawPage) expectClose(t testing.TB, code int) (reason string) {
	t.Helper()
	first, payload := p.next(t)
	if first != 0x88 || len(payload) < 2 {
		t.Fatalf("frame %x %q, want close with %d", first, payload, code)
	}
	if got := int(binary.BigEndian.Uint16([]byte(payload))); got != code {
		t.Fatalf("close with %d %q, want %d", got, payload[2:], code)
	}
	return payload[2:]
}

// expectEOF expects the server to close the connection, in an orderly way: not to reset it.
func (p *rawPage) expectEOF(t testing.TB) {
	t.Helper()
	if first, payload, err := p.tryNext(); err != io.EOF {
		t.Fatalf("frame %x %q, error %v, want the end of the connection", first, payload, err)
	}
}
