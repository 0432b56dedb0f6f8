package ws_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// rfcCase is what one sentence of RFC 6455 makes of what a client sends.
type rfcCase struct {
	section string
	name    string
	send    string
	want    string // the answers, one line each, after which the socket is still open; or the close frame alone
}

// sampleMask is the one of the examples in RFC 6455, section 5.7.
const sampleMask = "\x37\xfa\x21\x3d"

// masked returns a frame as clients have to send it; its length has the shortest form.
func masked(first byte, payload string) string {
	switch n := len(payload); {
	case n <= 125:
		return maskedAs(first, 0x80|byte(n), "", payload)
	case n <= 0xffff:
		return maskedAs(first, 0x80|126, string(binary.BigEndian.AppendUint16(nil, uint16(n))), payload)
	}
	return maskedAs(first, 0x80|127, string(binary.BigEndian.AppendUint64(nil, uint64(len(payload)))), payload)
}

// maskedAs returns a frame whose length is written as the caller likes.
func maskedAs(first, second byte, long, payload string) string {
	b := append([]byte{first, second}, long+sampleMask...)
	for i := range len(payload) {
		b = append(b, payload[i]^sampleMask[i%4])
	}
	return string(b)
}

// fragments returns a message in several frames; first is the first byte of the first one, without FIN.
func fragments(first byte, parts ...string) string {
	var b strings.Builder
	for i, part := range parts {
		head := byte(0)
		if i == 0 {
			head = first
		}
		if i == len(parts)-1 {
			head |= 0x80
		}
		b.WriteString(masked(head, part))
	}
	return b.String()
}

// maskedClose returns a close frame. bye is the one that ends a conversation in order.
func maskedClose(code int, reason string) string {
	return masked(0x88, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

func bye() string { return maskedClose(1000, "") }

// converse sends data, ends the conversation in order where want is not a close frame, and returns what came back: all that
// want is to be compared with. Pongs go first, since where they stand among the messages is the server's choice. That the
// server's own frames are well formed is checked on the way.
func converse(t testing.TB, page *rawPage, send func(string), data, want string) string {
	t.Helper()
	closes := strings.HasPrefix(want, "close")
	send(data)
	var pongs, rest []string
	for closes || len(pongs)+len(rest) <= strings.Count(want, "\n") {
		kind, line := answer(page)
		switch {
		case kind == "pong":
			pongs = append(pongs, line)
		case kind == "close" && closes:
			return line // whether answers were under way before it is not the question
		case kind == "text" || kind == "binary":
			rest = append(rest, line)
		default:
			return strings.Join(append(append(pongs, rest...), line), "\n")
		}
	}
	send(bye())
	if _, line := answer(page); line != "close 1000" {
		rest = append(rest, line)
	}
	return strings.Join(append(pongs, rest...), "\n")
}

// answer reads a frame of the server.
func answer(page *rawPage) (kind, line string) {
	first, payload, err := page.tryNext()
	if err != nil {
		return "error", fmt.Sprint("error ", err)
	}
	switch first {
	case 0x81:
		return "text", "text " + brief(payload)
	case 0x82:
		return "binary", "binary " + brief(payload)
	case 0x8a:
		return "pong", "pong " + brief(payload)
	case 0x88:
		return "close", describeClose(payload)
	}
	return "strange", fmt.Sprintf("a frame that begins with %#x", first)
}

// brief quotes a payload, or tells the length of a long one and its checksum.
func brief(payload string) string {
	if len(payload) > 130 {
		return fmt.Sprintf("%d bytes, %08x", len(payload), crc32.ChecksumIEEE([]byte(payload)))
	}
	return fmt.Sprintf("%q", payload)
}

// describeClose tells the code and the reason of a close frame.
func describeClose(payload string) string {
	if len(payload) < 2 {
		return strings.TrimSpace("close " + payload)
	}
	return strings.TrimSpace(fmt.Sprint("close ", binary.BigEndian.Uint16([]byte(payload)), " ", payload[2:]))
}

// TestRFC6455: what the server makes of what clients send, sentence by sentence of the standard. Each case is sent as a whole
// over the loopback, where the connection has to end in order, and octet by octet over a pipe.
func TestRFC6455(t *testing.T) {
	app, _ := newApp(t, syncRoute(&funcs{}))
	address := strings.TrimPrefix(serve(t, app), "ws://")
	for _, test := range slices.Concat(frameCases(), lengthCases(), fragmentCases(), controlCases(), closeCases(), textCases()) {
		t.Run(test.section+" "+test.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			page := shakeHands(t, conn, "/ws", "")
			if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if got := converse(t, page, func(data string) { page.write(t, data) }, test.send, test.want); got != test.want {
				t.Errorf("as a whole:\n%s\nwant:\n%s", got, test.want)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Error(err)
			}
			page.expectEOF(t)
			if len(test.send) > 1000 {
				return // the same again, only slower
			}
			if got := octets(t, app, test.send, test.want); got != test.want {
				t.Errorf("octet by octet:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// octets sends octet by octet over a new connection, and returns what came back.
func octets(t *testing.T, app *ws.Router, data, want string) string {
	t.Helper()
	page := shakeHands(t, pipeTo(t, app), "/ws", "")
	if err := page.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var sending sync.WaitGroup
	send := func(data string) {
		sending.Wait() // the last one is through when its answers have come
		sending.Go(func() {
			for i := range len(data) {
				if _, err := page.Write([]byte(data[i : i+1])); err != nil {
					return // the server has closed the connection, as its answers tell
				}
			}
		})
	}
	got := converse(t, page, send, data, want)
	_ = page.Close()
	sending.Wait()
	return got
}

// TestControlFramesInterleave: a control frame between the fragments of a message is answered at once, not after the message
// (RFC 6455, section 5.4), which may take its time.
func TestControlFramesInterleave(t *testing.T) {
	page := dialRaw(t, mustApp(t, syncRoute(&funcs{})), "/ws", "")
	page.write(t, masked(0x01, "to"))
	for i := range 3 {
		page.write(t, masked(0x89, fmt.Sprint(i)))
		if first, payload := page.next(t); first != 0x8a || payload != fmt.Sprint(i) {
			t.Errorf("frame %x %q, want the pong %d", first, payload, i)
		}
		page.write(t, masked(0x8a, "unasked")+masked(0x00, " and fro"))
	}
	page.write(t, masked(0x80, "."))
	if first, payload := page.next(t); first != 0x81 || payload != "to and fro and fro and fro." {
		t.Errorf("frame %x %q", first, payload)
	}
}

// TestPingsWhileAHandlerRuns: the consumer never runs on the goroutine that reads, so that a page is heard and answered
// however long a handler takes.
func TestPingsWhileAHandlerRuns(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	app, _ := newApp(t, syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error {
		close(started)
		<-release
		return s.Send(ctx, m)
	}}))
	page := dialRaw(t, app, "/ws", "")
	page.write(t, masked(0x81, "work"))
	await(t, started, "the handler")
	page.write(t, masked(0x89, "busy?"))
	if first, payload := page.next(t); first != 0x8a || payload != "busy?" {
		t.Errorf("frame %x %q", first, payload)
	}
	close(release)
	if first, payload := page.next(t); first != 0x81 || payload != "work" {
		t.Errorf("frame %x %q", first, payload)
	}
}
