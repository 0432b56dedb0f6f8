package ws

import (
	"bufio"
	"errors"
	"sync"
)

// A connection that waits for its peer is as small as it can be: the goroutine that reads it waits in await, where its stack is
// shallow, and gorilla's reader has no buffer meanwhile. Both is so over TCP alone, where a read that does not wait is to be had.

// readBuffer is how much one read takes in: many small frames, or a part of a large one.
const readBuffer = 4 << 10

// readers holds what gorilla's readers borrow: readers that have a buffer, and have read nothing.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readBuffer) }}

// errNothing says that nothing has come yet.
var errNothing = errors.New("ws: nothing to read yet")

// await returns when something has come, or the connection has failed, which next will say.
func (c *conn) await() {
	if c.waits() && !c.unread() {
		_ = c.direct.Read(c.look)
	}
}

// waits reports whether await waits; otherwise next does.
func (c *conn) waits() bool { return canReadNow && c.direct != nil }

// glance reads what is there, and reports false where that is nothing yet: it is called again when there may be something.
// It is the function of look.
func (c *conn) glance(fd uintptr) bool {
	c.borrow()
	c.glancing, c.fd = true, fd
	_, err := c.reader.Peek(1)
	c.glancing = false
	if err == errNothing {
		c.giveBack()
		return false
	}
	return true
}

// unread reports whether something has been read that next has not returned.
func (c *conn) unread() bool { return c.reader.Buffered() > 0 }

// borrow gives gorilla's reader a buffer, if it has none.
func (c *conn) borrow() {
	if c.lender == nil {
		c.lender = readers.Get().(*bufio.Reader)
		c.reader = *c.lender
		c.reader.Reset(&c.tap)
	}
}

// giveBack takes the buffer away from gorilla's reader, with nothing in it.
func (c *conn) giveBack() {
	if c.lender != nil {
		c.reader = bufio.Reader{}
		readers.Put(c.lender)
		c.lender = nil
	}
}

// control takes a ping or a pong off the head of what has been read, and returns its opcode, and a ping's payload; 0 where there is
// none. Gorilla would go on to wait for the frame behind it, where the stack is deep and the buffer is its own. What is no whole one,
// or no good one, is left to gorilla, and so is what only looks like one, within a message.
func (c *conn) control() (opcode byte, payload string) {
	const final, masked, before = 0x80, 0x80, 2 + 4 // before the payload: the two bytes of the head, and four of the mask
	if c.within || c.reader.Buffered() < 2 {
		return 0, ""
	}
	head, _ := c.reader.Peek(2)
	opcode, size := head[0]&^final, before+int(head[1]&^masked)
	switch {
	case head[0]&final == 0 || opcode != opPing && opcode != opPong:
		return 0, ""
	case head[1]&masked == 0 || size > before+maxControl || size > c.reader.Buffered():
		return 0, ""
	}
	frame, _ := c.reader.Peek(size) // it is there
	if opcode == opPing {
		payload = unmasked(frame[2:before], frame[before:])
	}
	_, _ = c.reader.Discard(size)
	return opcode, payload
}

// unmasked returns a payload without its mask (RFC 6455, section 5.3).
func unmasked(mask, payload []byte) string {
	plain := make([]byte, len(payload))
	for i := range payload {
		plain[i] = payload[i] ^ mask[i%len(mask)]
	}
	return string(plain)
}
