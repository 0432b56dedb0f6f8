package wireclient

import "strconv"

// commands is what a client has sent, or will send, and has no acknowledgement for.
type commands struct {
	kept  []command // their numbers follow one another
	last  uint64    // the highest number given
	ever  uint64    // the highest number sent, on any connection
	acked uint64    // the highest number acknowledged
	sent  int       // how many of kept have been sent on the present connection
	began bool      // something was sent on the present connection
}

// command is one of them.
type command struct {
	number uint64
	data   []byte
	binary bool
}

// anew begins with another connection.
func (c *commands) anew() { c.sent, c.began = 0, false }

// add takes a command in.
func (c *commands) add(data []byte, binary bool) {
	c.last++
	c.kept = append(c.kept, command{number: c.last, data: data, binary: binary})
}

// next returns the frame to send next, if there is one. Without acknowledgements the command is forgotten with it.
func (c *commands) next(acks bool) (out outgoing, ok bool) {
	if c.sent >= len(c.kept) {
		return outgoing{}, false
	}
	k := c.kept[c.sent]
	out.binary = k.binary
	if !acks {
		c.kept = c.kept[1:]
		out.data = append([]byte("m"), k.data...)
		return out, true
	}
	c.sent, c.began = c.sent+1, true
	c.ever = max(c.ever, k.number)
	out.data = append(strconv.AppendUint([]byte("n"), k.number, 10), ':')
	out.data = append(out.data, k.data...)
	c.settle()
	return out, true
}

// acknowledge takes note of an acknowledgement, and reports whether it can be one: of a number that was sent, and not below an
// earlier one. What it contains beyond those sent on this connection is sent all the same: the numbers there may not jump.
func (c *commands) acknowledge(number uint64) bool {
	if number < c.acked || number > c.ever {
		return false
	}
	c.acked = number
	c.settle()
	return true
}

// settle forgets what is acknowledged and need not be sent any more.
func (c *commands) settle() {
	for len(c.kept) > 0 && c.kept[0].number <= c.acked && (c.sent > 0 || !c.began) {
		c.kept = c.kept[1:]
		c.sent = max(0, c.sent-1)
	}
}
