package ws

import (
	"bufio"
	"net"
	"strings"
	"testing"
)

// tcpPair returns a connection as the reader sees it, and the peer's end.
func tcpPair(t *testing.T) (c *conn, peer net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if peer, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	c = &conn{net: accepted}
	c.look, c.tap = c.glance, tap{Conn: accepted, conn: c}
	if c.direct, err = accepted.(*net.TCPConn).SyscallConn(); err != nil {
		t.Fatal(err)
	}
	return c, peer
}

// TestAwaitHoldsNothing: a connection has a buffer only while there is something to read.
func TestAwaitHoldsNothing(t *testing.T) {
	if !canReadNow {
		return // await does not wait here: the buffer stays
	}
	c, peer := tcpPair(t)
	c.borrow()
	c.heard.Store(false)
	var something bool
	if err := c.direct.Control(func(fd uintptr) { something = c.glance(fd) }); err != nil || something {
		t.Fatalf("before anything came: %v, %v", something, err)
	}
	if c.lender != nil || c.reader.Size() != 0 || c.heard.Load() {
		t.Errorf("nothing has come: lent %v, a buffer of %d bytes, heard %v", c.lender != nil, c.reader.Size(), c.heard.Load())
	}
	if _, err := peer.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	c.await()
	text := make([]byte, 3)
	if n, err := c.reader.Read(text); err != nil || string(text[:n]) != "abc" || !c.heard.Load() {
		t.Errorf("read %q, %v; heard %v", text[:n], err, c.heard.Load())
	}
	if err := peer.Close(); err != nil {
		t.Fatal(err)
	}
	c.await() // returns also at the end, which the next read says
	if _, err := c.reader.ReadByte(); err == nil || !c.lost {
		t.Errorf("at the end: %v, lost %v", err, c.lost)
	}
}

// TestControl: a ping or a pong is taken if it is whole and as RFC 6455, section 5.5, wants it; all else is left to gorilla.
func TestControl(t *testing.T) {
	const mask = "\x00\x00\x00\x00"
	long := strings.Repeat("x", maxControl)
	tooLong := "\x8a\xfe\x00\x7e" + mask + long + "x"
	for name, test := range map[string]struct {
		read    string // what has been read
		rest    string // what is left of it
		opcode  byte
		payload string
	}{
		"a pong":                {"\x8a\x80" + mask, "", opPong, ""},
		"a pong with a payload": {"\x8a\x82" + mask + "ab\x81", "\x81", opPong, ""},
		"the longest pong":      {"\x8a\xfd" + mask + long + "\x8a", "\x8a", opPong, ""},
		"a ping":                {"\x89\x80" + mask + "\x89", "\x89", opPing, ""},
		"a masked payload":      {"\x89\x85\x01\x02\x03\x04" + "igohn", "", opPing, "hello"}, // h^1, e^2, l^3, l^4, o^1
		"the longest ping":      {"\x89\xfd" + mask + long, "", opPing, long},
		"not all of it":         {"\x8a\x82" + mask + "a", "\x8a\x82" + mask + "a", 0, ""},
		"its first byte":        {"\x8a", "\x8a", 0, ""},
		"nothing":               {"", "", 0, ""},
		"without a mask":        {"\x8a\x00" + mask, "\x8a\x00" + mask, 0, ""},
		"too long":              {tooLong, tooLong, 0, ""},
		"a part":                {"\x0a\x80" + mask, "\x0a\x80" + mask, 0, ""},
		"with a reserved bit":   {"\xca\x80" + mask, "\xca\x80" + mask, 0, ""},
		"a close frame":         {"\x88\x80" + mask, "\x88\x80" + mask, 0, ""},
		"a message":             {"\x81\x80" + mask, "\x81\x80" + mask, 0, ""},
	} {
		c := &conn{reader: *bufio.NewReader(strings.NewReader(test.read))}
		if len(test.read) > 0 {
			if _, err := c.reader.Peek(len(test.read)); err != nil {
				t.Fatal(err)
			}
		}
		opcode, payload := c.control()
		rest, err := c.reader.Peek(c.reader.Buffered())
		if err != nil || opcode != test.opcode || payload != test.payload || string(rest) != test.rest {
			t.Errorf("%s: opcode %d, %q, left %q, %v; want %d, %q, %q", name, opcode, payload, rest, err, test.opcode, test.payload, test.rest)
		}
	}
}
