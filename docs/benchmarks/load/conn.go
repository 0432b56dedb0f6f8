package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// A conn is the client's end of a WebSocket, as small as it can be: what it costs is taken from the server's processors.
type conn struct {
	net.Conn
	buf        []byte
	begin, end int // of what was read and not yet taken

	commands, acked int // of wsgen.1: how many were sent, and up to which they are acknowledged
	offset          int // the last of the stream that it follows
}

// The opcodes of RFC 6455, section 5.2.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// mask is the key of every frame that is sent. RFC 6455 wants it random, against caches between client and server; there are none.
var mask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// dial opens a WebSocket. Each address of loopback that it comes from has ports of its own.
func dial(addr, path, offer string, source int) (*conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+source%8))}, Timeout: patience}
	raw, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, buf: make([]byte, 512)}
	if err := c.upgrade(addr, path, offer); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

// upgrade makes the handshake.
func (c *conn) upgrade(addr, path, offer string) error {
	request := "GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	if offer != "" {
		request += "Sec-WebSocket-Protocol: " + offer + "\r\n"
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.Write([]byte(request + "\r\n")); err != nil {
		return err
	}
	for {
		if err := c.fill(); err != nil {
			return err
		}
		head, _, whole := bytes.Cut(c.buf[:c.end], []byte("\r\n\r\n"))
		if !whole {
			continue
		}
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
			return fmt.Errorf("%s was answered:\n%s", path, head)
		}
		c.begin = len(head) + 4
		return c.SetDeadline(time.Time{})
	}
}

// drop ends the connection with a reset, so that its port is free at once.
func (c *conn) drop() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// fill reads what is there, or waits for more.
func (c *conn) fill() error {
	if c.begin == c.end {
		c.begin, c.end = 0, 0
	}
	if c.end == len(c.buf) {
		if c.begin > 0 {
			c.end = copy(c.buf, c.buf[c.begin:c.end])
			c.begin = 0
		} else {
			c.buf = append(c.buf, make([]byte, len(c.buf))...)
		}
	}
	n, err := c.Read(c.buf[c.end:])
	c.end += n
	return err
}

// reserve makes room for this many bytes, so that they can be read at once.
func (c *conn) reserve(n int) {
	buf := make([]byte, max(n, len(c.buf)))
	c.end = copy(buf, c.buf[c.begin:c.end])
	c.begin, c.buf = 0, buf
}

// next takes a frame from what was read; false: it is not whole yet.
func (c *conn) next() (op byte, payload []byte, ok bool, err error) {
	b := c.buf[c.begin:c.end]
	if len(b) < 2 {
		return 0, nil, false, nil
	}
	head, size := 2, uint64(b[1]&0x7f)
	switch {
	case b[1]&0x80 != 0 || b[0]&0xf0 != 0x80:
		return 0, nil, false, fmt.Errorf("a frame that begins with %x: masked, not final, or of an extension", b[:2])
	case size == 126 && len(b) >= 4:
		head, size = 4, uint64(binary.BigEndian.Uint16(b[2:]))
	case size == 127 && len(b) >= 10:
		head, size = 10, binary.BigEndian.Uint64(b[2:])
	case size > 125:
		return 0, nil, false, nil
	}
	if uint64(len(b)-head) < size {
		return 0, nil, false, nil
	}
	whole := head + int(size)
	c.begin += whole
	return b[0] & 0x0f, b[head:whole], true, nil
}

// receive waits for a message and gives it to take, and with it all others that have come. A close is an error.
func (c *conn) receive(take func(message []byte) error) error {
	message, err := c.message(true)
	for err == nil && message != nil {
		if err = take(message); err == nil {
			message, err = c.message(false)
		}
	}
	return err
}

// message returns the next message, which holds until the next call. Where it is not whole yet, it waits or returns nil.
func (c *conn) message(wait bool) ([]byte, error) {
	for {
		op, payload, ok, err := c.next()
		switch {
		case err != nil:
			return nil, err
		case !ok && !wait:
			return nil, nil
		case !ok:
			err = c.fill()
		case op == opClose && len(payload) >= 2:
			err = fmt.Errorf("closed by the server: %d %s", binary.BigEndian.Uint16(payload), payload[2:])
		case op == opClose:
			err = errors.New("closed by the server")
		case op == opPing:
			_, err = c.Write(frame(nil, opPong, payload))
		case op != opPong:
			return payload, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// frame appends a masked frame.
func frame(to []byte, op byte, payload []byte) []byte {
	to = append(to, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		to = append(to, 0x80|byte(n))
	case n <= 0xffff:
		to = binary.BigEndian.AppendUint16(append(to, 0x80|126), uint16(n))
	default:
		to = binary.BigEndian.AppendUint64(append(to, 0x80|127), uint64(n))
	}
	to = append(to, mask[:]...)
	for i, b := range payload {
		to = append(to, b^mask[i%4])
	}
	return to
}
