package ws_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wsgen/templates/project/internal/ws"
)

// reference is RFC 6455 as an echo service has to understand it, written a second time and from the standard alone: what it
// makes of the octets that a client sends after its handshake.
type reference struct {
	limit int // of a message
	data  string

	at      int    // octets that are understood
	message string // the fragments so far
	opcode  byte   // of the message; 0 where none is under way

	echoes []string
	pings  []string
	end    string // the close frame of the service; "" where the data ends before one
}

// understand reads the data frame by frame. Where there is an end, r.at is where its frame begins.
func (r *reference) understand() {
	for r.end == "" {
		size, payload, first := r.frame()
		if r.end != "" || size == 0 {
			return
		}
		r.take(first, payload)
		if r.end == "" {
			r.at += size
		}
	}
}

// frame reads a frame (section 5.2); its size is 0 where it is not whole.
func (r *reference) frame() (size int, payload string, first byte) {
	data := r.data[r.at:]
	if len(data) < 2 {
		return 0, "", 0
	}
	first, n := data[0], uint64(data[1]&0x7f)
	opcode, final := first&0x0f, first&0x80 != 0
	control := opcode >= 8
	legal := first&0x70 == 0 && data[1]&0x80 != 0
	switch {
	case control:
		legal = legal && opcode <= 10 && final && n <= 125
	case opcode == 0:
		legal = legal && r.opcode != 0
	default:
		legal = legal && opcode <= 2 && r.opcode == 0
	}
	if !legal {
		r.end = "close 1002 protocol error"
		return 0, "", 0
	}
	at, long := 2, map[uint64]int{126: 2, 127: 8}[n]
	if len(data) < at+long {
		return 0, "", 0
	}
	if long > 0 {
		n = 0
		for _, b := range []byte(data[at : at+long]) {
			n = n<<8 | uint64(b)
		}
	}
	at += long
	if n > math.MaxInt64 || !control && n > math.MaxInt64-uint64(len(r.message)) && len(data) >= at+4 {
		r.end = "close 1002 protocol error" // no length has so many bits
		return 0, "", 0
	}
	if len(data) < at+4 {
		return 0, "", 0
	}
	mask, body := data[at:at+4], []byte(data[at+4:])
	whole := uint64(len(body)) >= n
	if whole {
		body = body[:n]
	}
	for i := range body {
		body[i] ^= mask[i%4]
	}
	if !control && len(r.message)+len(body) > r.limit {
		r.end = "close 1009 message too big"
	}
	if !whole {
		return 0, "", 0
	}
	return at + 4 + len(body), string(body), first
}

// take does what a frame asks for.
func (r *reference) take(first byte, payload string) {
	switch opcode := first & 0x0f; opcode {
	case 8:
		r.end = answerToClose(payload)
	case 9:
		r.pings = append(r.pings, "pong "+brief(payload))
	case 10:
	default:
		if opcode != 0 {
			r.opcode, r.message = opcode, ""
		}
		r.message += payload
		if first&0x80 == 0 {
			return
		}
		kind := map[byte]string{1: "text ", 2: "binary "}[r.opcode]
		if r.opcode == 1 && !utf8.ValidString(r.message) {
			r.end = "close 1007 text is not UTF-8"
			return
		}
		r.echoes = append(r.echoes, kind+brief(r.message))
		r.opcode, r.message = 0, ""
	}
}

// answerToClose is the close frame that answers one (sections 5.5.1 and 7.4).
func answerToClose(payload string) string {
	if len(payload) < 2 {
		return "close" // one octet is taken for none
	}
	code := binary.BigEndian.Uint16([]byte(payload))
	private := code >= 3000 && code <= 4999
	registered := code >= 1000 && code <= 1013 && code != 1004 && code != 1005 && code != 1006
	if !private && !registered || !utf8.ValidString(payload[2:]) {
		return "close 1002 protocol error"
	}
	return describeClose(payload)
}

// compare sends the data up to the frame that ends the socket, reads all answers, sends the rest, and reads the end. It returns
// what differs from the reference.
func compare(page *rawPage, r *reference) error {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = page.Write([]byte(r.data[:r.at])) // a server that ends too early is found by the answers
	}()
	pinged, ponged := 0, ""
	lastPing := ""
	if n := len(r.pings); n > 0 {
		lastPing = r.pings[n-1]
	}
	for i := 0; i < len(r.echoes) || ponged != lastPing; {
		kind, line := answer(page)
		switch {
		case kind == "pong": // not each ping has one, but in order
			for ; pinged < len(r.pings) && r.pings[pinged] != line; pinged++ {
			}
			if pinged == len(r.pings) {
				return fmt.Errorf("%s: want one of %q", line, r.pings)
			}
			ponged = line
		case i < len(r.echoes) && line == r.echoes[i]:
			i++
		default:
			return fmt.Errorf("%s: want number %d of %q, and %q", line, i, r.echoes, lastPing)
		}
	}
	<-sent
	if r.end == "" {
		return nil
	}
	go func() { _, _ = page.Write([]byte(r.data[r.at:])) }() // the server need not take it all
	for {
		kind, line := answer(page)
		if kind == "pong" {
			continue
		}
		if line != r.end {
			return fmt.Errorf("%s: want %s", line, r.end)
		}
		return nil
	}
}

// modelLimits makes a message that is too big short.
func modelLimits() ws.Limits {
	limits := ws.DefaultLimits()
	limits.MaxMessage = 1 << 10
	return limits
}

// TestAgainstReference: thousands of conversations, legal and not, are understood as the reference understands them.
func TestAgainstReference(t *testing.T) {
	const conversations = 3000
	app, _ := newAppWith(t, modelLimits(), syncRoute(&funcs{}))
	address := strings.TrimPrefix(serve(t, app), "ws://")
	ends := make(map[string]int)
	for i := range conversations {
		r := &reference{limit: modelLimits().MaxMessage, data: conversation(rand.New(rand.NewPCG(uint64(i), 6455)))}
		r.understand()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		page := shakeHands(t, conn, "/ws", "")
		if err := page.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if err := compare(page, r); err != nil {
			t.Fatalf("conversation %d, %q: %v", i, r.data, err)
		}
		_ = page.Close()
		ends[r.end]++
	}
	for _, end := range []string{"", "close", "close 1002 protocol error", "close 1007 text is not UTF-8", "close 1009 message too big"} {
		if ends[end] < conversations/100 {
			t.Errorf("%d conversations end with %q: the others prove too little", ends[end], end)
		}
	}
}

// conversation makes up what a client sends: mostly in order, so that it comes to something.
func conversation(random *rand.Rand) string {
	texts := []string{"", "hello", "grüße", strings.Repeat("x", 126), strings.Repeat("€", 340), strings.Repeat("y", 1025), "\xe2\x82", "\xac"}
	text := func() string { return texts[random.IntN(6)] }
	var b strings.Builder
	for range 1 + random.IntN(8) {
		switch random.IntN(20) {
		case 0, 1, 2, 3, 4, 5:
			b.WriteString(masked(0x81+byte(random.IntN(2)), text()))
		case 6, 7, 8:
			b.WriteString(fragments(0x01+byte(random.IntN(2)), text(), text(), text()))
		case 9, 10: // a character that is cut between fragments, or not made whole
			b.WriteString(fragments(0x01, "a\xe2", texts[random.IntN(len(texts))], "\xac"[:random.IntN(2)]))
		case 11, 12, 13:
			b.WriteString(masked(0x89+byte(random.IntN(2)), fmt.Sprint(random.IntN(1000))))
		case 14:
			b.WriteString(maskedClose(random.IntN(5200), "bye\xff"[:random.IntN(5)]))
		case 15:
			b.WriteString(masked(0x88, "\x03\xe8"[:random.IntN(3)]))
		case 16: // any first octet
			b.WriteString(masked(byte(random.Uint32()), text()))
		case 17: // any length
			b.WriteString(maskedAs(0x82, 0xff, string(binary.BigEndian.AppendUint64(nil, random.Uint64()>>random.IntN(64))), text()))
		default: // a message around a ping
			b.WriteString(masked(0x01, text()) + masked(0x89, "between") + masked(0x80, text()))
		}
	}
	data := []byte(b.String())
	if random.IntN(4) == 0 {
		data[random.IntN(len(data))] ^= 1 << random.IntN(8)
	}
	return string(data[:len(data)-min(len(data), random.IntN(4)*random.IntN(4))])
}

// FuzzAgainstReference: whatever comes after the handshake is understood as the reference understands it.
func FuzzAgainstReference(f *testing.F) {
	for i := range 50 {
		f.Add([]byte(conversation(rand.New(rand.NewPCG(uint64(i), 6455)))))
	}
	app, _ := newAppWith(f, modelLimits(), syncRoute(&funcs{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reference{limit: modelLimits().MaxMessage, data: string(data)}
		r.understand()
		page := shakeHands(t, pipeTo(t, app), "/ws", "")
		if err := page.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if err := compare(page, r); err != nil {
			t.Fatal(err)
		}
		_ = page.Close()
		awaitSockets(t, app, 0)
	})
}
