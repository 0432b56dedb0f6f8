package main

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	messageBytes = 128
	digits       = 8    // of a message's number, which it begins with
	ring         = 4096 // more than are ever on the way
)

// A room is a group of connections, and how far each message has come.
type room struct {
	crowd    *crowd
	dialect  dialect
	size     int
	disorder bool
	filler   []byte
	next     int // number of the next message

	reached   [ring]atomic.Int32                // how many members have got it, by its number
	sent      [ring]atomic.Int64                // when, in nanoseconds
	delivered chan int                          // the numbers of messages that all have got
	done      atomic.Int64                      // how many those are
	late      func(member int, d time.Duration) // is told how long each delivery took, where not nil
}

// enter makes a room of n members and returns once a message has reached them all.
func (r *run) enter(n, size int, late func(member int, d time.Duration)) (*room, error) {
	c, err := r.join(n, r.c.group, true)
	if err != nil {
		return nil, err
	}
	m := &room{
		crowd: c, dialect: r.c.dialect, size: n, disorder: r.c.disorder,
		filler:    bytes.Repeat([]byte("x"), size-digits),
		delivered: make(chan int, ring),
		late:      late,
	}
	for i, conn := range c.conns {
		conn.reserve(2 * 16 * size) // two bursts: the client takes from the same processors as the server
		c.each(func() error { return m.listen(i, conn) })
	}
	for wait := 100 * time.Millisecond; wait < patience; wait *= 2 { // some may be no members yet
		all, err := m.try(wait)
		if err != nil {
			c.drop()
			return nil, err
		}
		if all {
			return m, nil
		}
	}
	c.drop()
	return nil, fmt.Errorf("no message reached all %d members", n)
}

// try publishes a message, and tells whether it reaches all members within this time.
func (m *room) try(wait time.Duration) (bool, error) {
	if err := m.publish(1); err != nil {
		return false, err
	}
	timeout := time.After(wait)
	for {
		select {
		case number := <-m.delivered: // an earlier one may be late
			if number == m.next-1 {
				return true, nil
			}
		case <-m.crowd.over:
			return false, m.crowd.failure()
		case <-timeout:
			return false, nil
		}
	}
}

// publish sends the next n messages in one write.
func (m *room) publish(n int) error {
	var batch []byte
	now := time.Now().UnixNano()
	for range n {
		payload := fmt.Appendf(nil, "%0*d%s", digits, m.next, m.filler)
		m.reached[m.next%ring].Store(0)
		m.sent[m.next%ring].Store(now)
		batch = frame(batch, opText, m.dialect.publish(payload))
		m.next++
	}
	_, err := m.crowd.conns[0].Write(batch)
	return err
}

// listen takes what comes to a member. It wants every message from the first one that it sees, and in order where that is promised.
func (m *room) listen(member int, c *conn) error {
	last := -1
	take := func(payload []byte) error {
		if len(payload) != digits+len(m.filler) {
			return fmt.Errorf("a message of %d bytes, want %d", len(payload), digits+len(m.filler))
		}
		number, err := strconv.Atoi(string(payload[:digits]))
		if err != nil {
			return err
		}
		if last >= 0 && number != last+1 && !m.disorder {
			return fmt.Errorf("member %d got message %d after %d", member, number, last)
		}
		last = number
		if m.late != nil {
			m.late(member, time.Duration(time.Now().UnixNano()-m.sent[number%ring].Load()))
		}
		if m.reached[number%ring].Add(1) == int32(m.size) {
			m.done.Add(1)
			m.delivered <- number
		}
		return nil
	}
	for {
		if err := c.receive(func(message []byte) error { return m.dialect.unwrap(c, message, take) }); err != nil {
			return fmt.Errorf("member %d: %w", member, err)
		}
	}
}

// pump publishes for ever: burst messages at a time, and never so that more than most are on the way.
func (m *room) pump(burst, most int) error {
	for away := 0; ; {
		for ; away+burst <= most; away += burst {
			if err := m.publish(burst); err != nil {
				return err
			}
		}
		for wait := true; wait || len(m.delivered) > 0; wait = false {
			select {
			case <-m.delivered:
				away--
			case <-time.After(patience):
				return fmt.Errorf("%d messages did not reach all members", away)
			case <-m.crowd.over:
				return nil
			}
		}
	}
}

// A flow is how a broadcast is published.
type flow struct {
	name        string
	burst, most int
}

// flows are those that are measured.
func flows() []flow {
	return []flow{
		{"broadcast, 8 undelivered", 1, 8},
		{"broadcast, bursts of 16", 16, 16},
		{"broadcast, 1 undelivered", 1, 1},
	}
}

// broadcast measures what a delivery costs in a full room.
func (r *run) broadcast(f flow) error {
	m, err := r.enter(r.size.members, messageBytes, nil)
	if err != nil {
		return err
	}
	defer m.crowd.drop()
	m.crowd.each(func() error { return m.pump(f.burst, f.most) })
	got, err := r.window(m.crowd, f.name, func() float64 { return float64(m.done.Load()) * float64(m.size) })
	if err != nil {
		return err
	}
	r.add(f.name, got.perUnit)
	if r.c.server == "node" { // which tells nothing of its allocations, and writes by calls that Linux counts elsewhere
		return nil
	}
	r.add("writes, "+f.name, got.writes)
	if f.most == 8 {
		r.add("allocations", got.mallocs)
	}
	return nil
}
