package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A shape is how many pages there are, and how they talk.
type shape struct {
	rooms   int
	members int // of each room, at either process
	depth   int // messages of a room on the way at most
}

// A hall is all the rooms of a trial. In each, a page of the first process sends, and all pages of the room get what it sends.
type hall struct {
	shape     shape
	begin     time.Time
	rooms     []*room
	whole     atomic.Int64 // messages that all have got
	recording atomic.Bool  // whether delays are wanted

	busy sync.WaitGroup
	stop chan struct{} // closed when the pages are to go

	mu      sync.Mutex
	err     error         // the first
	stopped bool          // from then on errors are no news
	over    chan struct{} // closed at the first error
}

// enter fills a hall, and returns once a message has reached all pages of every room.
func enter(addrs [2]string, s shape, d dialect) (*hall, error) {
	h := &hall{shape: s, begin: time.Now(), stop: make(chan struct{}), over: make(chan struct{})}
	for i := range s.rooms {
		h.rooms = append(h.rooms, &room{
			name: strconv.Itoa(i), hall: h,
			filler:  bytes.Repeat([]byte("x"), messageBytes-digits),
			arrived: make(chan int, ring),
		})
	}
	err := h.eachRoom(func(r *room) error { return r.open(addrs, s.members, d) })
	if err == nil {
		for _, r := range h.rooms {
			for _, p := range r.pages {
				h.spawn(func() error { return r.listen(p) })
			}
		}
		err = h.eachRoom((*room).settle)
	}
	if err != nil {
		h.drop()
		return nil, err
	}
	return h, nil
}

// eachRoom does something for every room, for a few at a time.
func (h *hall) eachRoom(do func(*room) error) error {
	const atOnce = 16
	var busy sync.WaitGroup
	errs := make([]error, atOnce)
	for worker := range atOnce {
		busy.Go(func() {
			for i := worker; i < len(h.rooms) && errs[worker] == nil; i += atOnce {
				errs[worker] = do(h.rooms[i])
			}
		})
	}
	busy.Wait()
	return errors.Join(errs...)
}

// spawn does something on a goroutine of its own, until it fails or the hall is dropped.
func (h *hall) spawn(do func() error) {
	h.busy.Go(func() {
		err := do()
		h.mu.Lock()
		defer h.mu.Unlock()
		if err != nil && h.err == nil && !h.stopped {
			h.err = err
			close(h.over)
		}
	})
}

// pass lets time pass, or returns the first error.
func (h *hall) pass(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-h.over:
		return h.failure()
	}
}

// failure returns the first error so far.
func (h *hall) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// drop ends all connections and waits for what was done over them.
func (h *hall) drop() {
	h.mu.Lock()
	already := h.stopped
	h.stopped = true
	h.mu.Unlock()
	if already {
		return
	}
	close(h.stop)
	for _, r := range h.rooms {
		for _, p := range r.pages {
			p.drop()
		}
	}
	h.busy.Wait()
}

// delays returns, in order, how long each message took that arrived while they were wanted: at the pages of the process that sent it,
// and at those of the other one. The hall has been dropped.
func (h *hall) delays() (near, far []time.Duration) {
	for _, r := range h.rooms {
		for i, p := range r.pages {
			to := &near
			if i >= h.shape.members {
				to = &far
			}
			*to = append(*to, p.delays...)
		}
	}
	slices.Sort(near)
	slices.Sort(far)
	return near, far
}

// errBehind is what a service is that delivers less than is sent.
var errBehind = errors.New("more than a second's worth of messages is on the way")

// speak sends so many messages a second, from one room after the other, for so long, and waits until all have arrived.
func (h *hall) speak(rate int, d time.Duration) error {
	before := h.whole.Load()
	begin := time.Now()
	for n := int64(0); ; n++ {
		due := time.Duration(n) * time.Second / time.Duration(rate)
		if due >= d {
			return h.arrive(before + n)
		}
		if err := h.pass(due - time.Since(begin)); err != nil {
			return err
		}
		if n-(h.whole.Load()-before) > int64(rate) {
			return errBehind
		}
		r := h.rooms[n%int64(len(h.rooms))]
		if err := r.publish(); err != nil {
			return err
		}
	}
}

// arrive waits until so many messages have reached all pages.
func (h *hall) arrive(want int64) error {
	for begin := time.Now(); h.whole.Load() < want; {
		if time.Since(begin) > patience {
			return fmt.Errorf("%d messages did not reach all pages", want-h.whole.Load())
		}
		if err := h.pass(5 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
