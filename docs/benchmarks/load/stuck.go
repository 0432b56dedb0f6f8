package main

import (
	"slices"
	"sync"
	"time"
)

const (
	readers    = 90
	stuck      = 10
	largeBytes = 4096
	rate       = 1000 // messages a second
	calm       = time.Second
	longest    = 12 * time.Second // that stuck readers are waited for
)

// A clock collects how long deliveries took, a list for each member so that none waits for another.
type clock [readers]struct {
	mu    sync.Mutex
	times []time.Duration
}

// note takes one in.
func (k *clock) note(member int, d time.Duration) {
	mine := &k[member]
	mine.mu.Lock()
	defer mine.mu.Unlock()
	mine.times = append(mine.times, d)
}

// reset returns the time in ms within which 99 % arrived, and begins anew.
func (k *clock) reset() float64 {
	var all []time.Duration
	for i := range k {
		one := &k[i]
		one.mu.Lock()
		all = append(all, one.times...)
		one.times = one.times[:0]
		one.mu.Unlock()
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)*99/100].Seconds() * 1000
}

// stuck lets readers join a group that never read, and looks what becomes of them and of the others.
func (r *run) stuck() error {
	times := &clock{}
	m, err := r.enter(readers, largeBytes, times.note)
	if err != nil {
		return err
	}
	defer m.crowd.drop()
	m.crowd.each(func() error { return m.beat(rate) })
	before, err := r.peak(calm, func() (bool, error) {
		return m.crowd.failure() != nil, nil
	})
	if err != nil {
		return err
	}
	if err := m.crowd.failure(); err != nil { // it cannot serve even those that read
		r.say("before one is stuck: %v", err)
		r.add("stuck, others hit", 1)
		return nil
	}
	r.add("stuck, 99 % without", times.reset())
	return r.stick(m, times, before)
}

// stick lets the ten join, and takes the figures.
func (r *run) stick(m *room, times *clock, before float64) error {
	files, err := r.server.files()
	if err != nil {
		return err
	}
	begin, reached := time.Now(), m.done.Load()
	idle, err := r.join(stuck, r.c.group, true)
	if err != nil {
		return err
	}
	defer idle.drop()
	var bound, gone time.Duration // until the first of the ten was too much for the server, and until it had let go of all
	after, err := r.peak(longest, func() (bool, error) {
		if bound == 0 && r.c.slow {
			found, err := r.server.stats()
			if err != nil {
				return false, err
			}
			if found.Slow > 0 {
				bound = time.Since(begin)
			}
		}
		now, err := r.server.files()
		if gone == 0 && now <= files {
			gone = time.Since(begin)
		}
		return m.crowd.failure() != nil || gone > 0 && time.Since(begin) > calm, err
	})
	if err != nil {
		return err
	}
	if err := m.crowd.failure(); err != nil {
		r.say("beside those that are stuck: %v", err)
		r.add("stuck, others hit", 1) // and what was seen of the ten may have been one of these
		return nil
	}
	r.add("stuck, others hit", 0)
	r.add("stuck, rate", float64(m.done.Load()-reached)/time.Since(begin).Seconds())
	r.add("stuck, memory", max(0, after-before)/stuck/(1<<20))
	r.add("stuck, 99 % with", times.reset())
	if gone > 0 {
		r.add("stuck, let go", gone.Seconds())
	}
	if gone > 0 && bound > 0 {
		r.add("stuck, after the bound", (gone - bound).Seconds())
	}
	return nil
}

// peak watches the server's memory for this time, or until done, and returns the most that it was, in bytes.
func (r *run) peak(d time.Duration, done func() (bool, error)) (float64, error) {
	most := 0.0
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		now, err := r.server.rss()
		if err != nil {
			return 0, err
		}
		most = max(most, now)
		if time.Since(begin) >= d {
			return most, nil
		}
		if finished, err := done(); finished || err != nil {
			return most, err
		}
	}
}

// beat publishes this many messages a second. Of what is overdue, since the machine had something else to do, no more than a few follow at
// once: a sender that makes up for a quarter of a second in one go would fill the queues of those that read.
func (m *room) beat(rate int) error {
	const few = 16
	every := time.Second / time.Duration(rate)
	for next := time.Now(); ; next = next.Add(every) {
		if earliest := time.Now().Add(-few * every); next.Before(earliest) {
			next = earliest
		}
		select {
		case <-time.After(time.Until(next)):
		case <-m.crowd.over:
			return nil
		}
		if err := m.publish(1); err != nil {
			return err
		}
		for len(m.delivered) > 0 {
			<-m.delivered
		}
	}
}
