package main

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	messageBytes = 128
	digits       = 8    // of a message's number, which it begins with
	ring         = 4096 // more than are ever on the way in one room
)

// A room is a group and its pages.
type room struct {
	name   string
	hall   *hall
	pages  []*page // those of the first process, then those of the second
	filler []byte
	next   int // number of the next message

	sent    [ring]atomic.Int64 // when, in nanoseconds since the hall's beginning, by number
	reached [ring]atomic.Int32 // how many pages have got it, by number
	arrived chan int           // the numbers of the messages that all have got
}

// open connects the pages of a room.
func (r *room) open(addrs [2]string, members int, d dialect) error {
	for _, addr := range addrs {
		for range members {
			p, err := open(addr, r.name, d, len(r.pages))
			if err != nil {
				return err
			}
			r.pages = append(r.pages, p)
		}
	}
	return nil
}

// settle sends messages until one has reached all pages: some may be no members yet.
func (r *room) settle() error {
	for wait := 100 * time.Millisecond; wait < patience; wait *= 2 {
		if err := r.publish(); err != nil {
			return err
		}
		timeout := time.After(wait)
		for waiting := true; waiting; {
			select {
			case number := <-r.arrived: // an earlier one may be late
				if number == r.next-1 {
					return nil
				}
			case <-r.hall.over:
				return r.hall.failure()
			case <-timeout:
				waiting = false
			}
		}
	}
	return fmt.Errorf("room %s: no message reached all %d pages", r.name, len(r.pages))
}

// publish sends the next message.
func (r *room) publish() error {
	payload := fmt.Appendf(make([]byte, 0, messageBytes), "%0*d%s", digits, r.next, r.filler)
	r.reached[r.next%ring].Store(0)
	p := r.pages[0]
	message := p.dialect.publish(p, r.name, payload)
	r.sent[r.next%ring].Store(int64(time.Since(r.hall.begin)))
	r.next++
	return p.write(message)
}

// listen takes what comes to a page. It wants every message from the first one that it sees, once and in order.
func (r *room) listen(p *page) error {
	err := p.listen(func(payload []byte) error {
		now := time.Since(r.hall.begin)
		if len(payload) != messageBytes {
			return fmt.Errorf("a message of %d bytes, want %d", len(payload), messageBytes)
		}
		number, err := strconv.Atoi(string(payload[:digits]))
		if err != nil {
			return err
		}
		if p.last >= 0 && number != p.last+1 {
			return fmt.Errorf("message %d came after %d", number, p.last)
		}
		p.last = number
		if r.hall.recording.Load() {
			p.delays = append(p.delays, now-time.Duration(r.sent[number%ring].Load()))
		}
		if int(r.reached[number%ring].Add(1)) == len(r.pages) {
			r.hall.whole.Add(1)
			select {
			case r.arrived <- number:
			case <-r.hall.stop:
			}
		}
		return nil
	})
	return fmt.Errorf("room %s: %w", r.name, err)
}

// chat sends for ever, and never so that more messages of the room are on the way than the shape says.
func (r *room) chat() error {
	for away := 0; ; {
		for ; away < r.hall.shape.depth; away++ {
			if err := r.publish(); err != nil {
				return err
			}
		}
		select {
		case <-r.arrived:
			away--
		case <-r.hall.stop:
			return nil
		case <-time.After(patience):
			return fmt.Errorf("room %s: %d messages did not reach all pages", r.name, away)
		}
	}
}
