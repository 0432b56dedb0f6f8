package main

import (
	"errors"
	"sync"
	"time"
)

// A crowd is many connections to one server.
type crowd struct {
	conns []*conn

	busy    sync.WaitGroup
	mu      sync.Mutex
	err     error         // the first
	dropped bool          // from then on errors are no news
	over    chan struct{} // closed at the first error, or when dropped
}

// join opens n connections, a few at a time.
func (r *run) join(n int, path string, group bool) (*crowd, error) {
	const atOnce = 64
	c := &crowd{over: make(chan struct{})}
	return c, r.grow(c, n, path, group, atOnce)
}

// grow opens n connections more.
func (r *run) grow(c *crowd, n int, path string, group bool, atOnce int) error {
	opened := make([]*conn, n)
	var busy sync.WaitGroup
	errs := make([]error, atOnce)
	for worker := range atOnce {
		busy.Go(func() {
			for i := worker; i < n && errs[worker] == nil; i += atOnce {
				opened[i], errs[worker] = r.open(path, group, i)
			}
		})
	}
	busy.Wait()
	for _, o := range opened {
		if o != nil {
			c.conns = append(c.conns, o)
		}
	}
	if err := errors.Join(errs...); err != nil {
		c.drop()
		return err
	}
	return nil
}

// open opens one connection and says there what comes first.
func (r *run) open(path string, group bool, source int) (*conn, error) {
	c, err := dial(r.server.addr, path, r.c.dialect.offer, source)
	if err != nil {
		return nil, err
	}
	if err := r.c.dialect.greet(c, group); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

// each does something for a connection on a goroutine of its own, until it fails or the crowd is dropped.
func (c *crowd) each(do func() error) {
	c.busy.Go(func() { c.fail(do()) })
}

// fail notes an error.
func (c *crowd) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.err == nil && !c.dropped {
		c.err = err
		close(c.over)
	}
}

// pass lets time pass, or returns the first error.
func (c *crowd) pass(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-c.over:
		return c.err
	}
}

// failure returns the first error so far.
func (c *crowd) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// listen takes what comes on all connections from that of this index on, and drops it: pings have to be answered.
func (c *crowd) listen(d dialect, from int) {
	for _, conn := range c.conns[from:] {
		c.each(func() error {
			for {
				err := conn.receive(func(message []byte) error {
					return d.unwrap(conn, message, func([]byte) error { return nil })
				})
				if err != nil {
					return err
				}
			}
		})
	}
}

// drop ends all connections and waits for what was done for them.
func (c *crowd) drop() {
	c.mu.Lock()
	if !c.dropped && c.err == nil {
		close(c.over)
	}
	c.dropped = true
	c.mu.Unlock()
	for _, conn := range c.conns {
		conn.drop()
	}
	c.busy.Wait()
}
