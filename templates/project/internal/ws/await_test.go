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

// TestSkipPong: a pong is dropped if it is whole and as RFC 6455, section 5.5, wants it; all else is left to gorilla.
func TestSkipPong(t *testing.T) {
	const mask = "\x00\x00\x00\x00"
	long := "\x8a\xfd" + mask + strings.Repeat("x", 125)
	for name, test := range map[string]struct {
		read string // what has been read
		rest string // what is left of it
	}{
		"a pong":              {"\x8a\x80" + mask, ""},
		"with a payload":      {"\x8a\x82" + mask + "ab\x81", "\x81"},
		"the longest":         {long + "\x8a", "\x8a"},
		"not all of it":       {"\x8a\x82" + mask + "a", "\x8a\x82" + mask + "a"},
		"its first byte":      {"\x8a", "\x8a"},
		"nothing":             {"", ""},
		"without a mask":      {"\x8a\x00" + mask, "\x8a\x00" + mask},
		"too long":            {"\x8a\xfe\x00\x7e" + mask + strings.Repeat("x", 126), "\x8a\xfe\x00\x7e" + mask + strings.Repeat("x", 126)},
		"a part":              {"\x0a\x80" + mask, "\x0a\x80" + mask},
		"with a reserved bit": {"\xca\x80" + mask, "\xca\x80" + mask},
		"a ping":              {"\x89\x80" + mask, "\x89\x80" + mask},
		"a message":           {"\x81\x80" + mask, "\x81\x80" + mask},
	} {
		c := &conn{reader: *bufio.NewReader(strings.NewReader(test.read))}
		if len(test.read) > 0 {
			if _, err := c.reader.Peek(len(test.read)); err != nil {
				t.Fatal(err)
			}
		}
		skipped := c.skipPong()
		rest, err := c.reader.Peek(c.reader.Buffered())
		if err != nil || string(rest) != test.rest || skipped != (test.rest != test.read) {
			t.Errorf("%s: skipped %v, left %q, %v; want %q", name, skipped, rest, err, test.rest)
		}
	}
}
