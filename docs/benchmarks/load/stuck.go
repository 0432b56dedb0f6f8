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
	calm       = 3 * time.Second
	longest    = 15 * time.Second // that stuck readers are waited for
)

// A clock collects how long deliveries took, a list for each member.
type clock struct {
	mu    sync.Mutex
	times []time.Duration
}

// note takes one in.
func (k *clock) note(_ int, d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.times = append(k.times, d)
}

// reset returns the time in ms within which 99 % arrived, and begins anew.
func (k *clock) reset() float64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.times) == 0 {
		return 0
	}
	slices.Sort(k.times)
	late := k.times[len(k.times)*99/100]
	k.times = k.times[:0]
	return late.Seconds() * 1000
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
	begin := time.Now()
	idle, err := r.join(stuck, r.c.group, true)
	if err != nil {
		return err
	}
	defer idle.drop()
	var gone time.Duration // since then the server has let go of all ten
	after, err := r.peak(longest, func() (bool, error) {
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
	r.add("stuck, memory", max(0, after-before)/stuck/(1<<20))
	r.add("stuck, 99 % with", times.reset())
	if gone > 0 {
		r.add("stuck, let go", gone.Seconds())
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

// beat publishes this many messages a second. What is overdue follows at once.
func (m *room) beat(rate int) error {
	begin := time.Now()
	for i := 1; ; i++ {
		select {
		case <-time.After(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(rate)))):
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
