package ws

import "sync"

// crew are the goroutines on which handlers run. One that is done waits for the next socket that has work: a new one would have
// to grow its stack again, which takes longer than a short handler does. There are as many as were needed at one time since the
// sweeper last looked, and none without sockets.
type crew struct {
	mu    sync.Mutex // guards the rest
	open  bool       // those that are done may wait
	idle  []seat     // of those that wait; the last one has waited least
	spare int        // how many of them, from the first on, nobody has needed since the last look
}

// seat is how one that waits is given a socket; closed, it is to go.
type seat chan *Socket

// work has the handlers of a socket run.
func (c *crew) work(s *Socket) {
	if free := c.pick(); free != nil {
		free <- s // there is room for one
		return
	}
	go c.serve(s)
}

// pick takes one that waits, if there is one.
func (c *crew) pick() seat {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.idle) - 1
	if last < 0 {
		return nil
	}
	free := c.idle[last]
	c.idle[last] = nil
	c.idle = c.idle[:last]
	c.spare = min(c.spare, last)
	return free
}

// serve is a goroutine of the crew. A consumer may end it.
func (c *crew) serve(s *Socket) {
	own := make(seat, 1)
	for s != nil {
		s.work()
		if !c.wait(own) {
			return
		}
		s = <-own
	}
}

// wait puts one that is done among those that wait, if it may.
func (c *crew) wait(own seat) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open {
		c.idle = append(c.idle, own)
	}
	return c.open
}

// gather lets those that are done wait.
func (c *crew) gather() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = true
}

// thin lets those go that nobody has needed since it was last called.
func (c *crew) thin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.release(c.spare)
	c.spare = len(c.idle)
}

// dismiss lets all go.
func (c *crew) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = false
	c.release(len(c.idle))
	c.spare = 0
}

// release lets the first n go; c.mu is held.
func (c *crew) release(n int) {
	for _, free := range c.idle[:n] {
		close(free)
	}
	kept := copy(c.idle, c.idle[n:])
	clear(c.idle[kept:])
	if c.idle = c.idle[:kept]; kept == 0 {
		c.idle = nil
	}
}
