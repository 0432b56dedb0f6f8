package main

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// settling is how long the server is left alone before its memory is looked at.
const settling = 2 * time.Second

// idle opens sockets that join a group and say nothing. It measures the handshakes, what the sockets take, and their pings;
// then the server is killed and started again, and all sockets come back at once.
func (r *run) idle(ctx context.Context, w *workshop) error {
	empty, err := r.server.rss()
	if err != nil {
		return err
	}
	crowd := &crowd{over: make(chan struct{})}
	defer func() { crowd.drop() }()
	if err := r.shake(crowd); err != nil {
		return err
	}
	if err := crowd.pass(settling); err != nil {
		return err
	}
	if err := r.memory(crowd, "memory, 5000 idle", empty); err != nil || r.short {
		return err
	}
	if err := r.shake(crowd); err != nil {
		return err
	}
	if err := crowd.pass(settling / 2); err != nil { // the pings take longer
		return err
	}
	if err := r.pings(crowd); err != nil {
		return err
	}
	if err := r.memory(crowd, "memory, 10000 idle", empty); err != nil {
		return err
	}
	if r.profiles != "" {
		if err := r.server.profile("heap", r.profilePath("idle")); err != nil {
			return err
		}
	}
	r.server.kill()
	crowd.drop()
	return r.comeBack(ctx, w)
}

// shake opens as many sockets again, and measures what their handshakes cost. A profile of them takes two seconds, during which the sockets
// are idle after the handshakes.
func (r *run) shake(c *crowd) (err error) {
	open := len(c.conns)
	before, err := r.server.cpu()
	if err != nil {
		return err
	}
	if r.profiles != "" {
		taken := make(chan error, 1)
		go func() { taken <- r.server.profile("profile?seconds=2", r.profilePath("handshakes")) }()
		defer func() { err = errors.Join(err, <-taken) }()
	}
	if err := r.grow(c, r.size.idle, r.c.group, true, 64); err != nil {
		return err
	}
	c.listen(r.c.dialect, open)
	after, err := r.server.cpu()
	r.add("handshake", (after-before).Seconds()*1e6/float64(r.size.idle))
	return err
}

// memory measures what each socket takes.
func (r *run) memory(c *crowd, figure string, empty float64) error {
	full, err := r.server.rss()
	r.add(figure, (full-empty)/1024/float64(len(c.conns)))
	return err
}

// pings measures what it costs that the idle sockets are pinged, and counts goroutines.
func (r *run) pings(c *crowd) error {
	before, err := r.server.cpu()
	if err != nil {
		return err
	}
	if err := c.pass(often().interval); err != nil {
		return err
	}
	after, err := r.server.cpu()
	if err != nil {
		return err
	}
	open := float64(len(c.conns))
	each := (after - before).Seconds() * 1e6 / open
	r.add("ping", each)
	r.add("ping, a second", each/usual().interval.Seconds())
	if r.c.server == "node" {
		return nil
	}
	found, err := r.server.stats()
	r.add("goroutines", found.Goroutines/open)
	r.add("idle, heap", found.Heap/1024/open)
	r.add("idle, stacks", found.Stacks/1024/open)
	return err
}

// comeBack starts the server again, as after an update, and lets all sockets open at the same moment.
func (r *run) comeBack(ctx context.Context, w *workshop) error {
	var err error
	if r.server, err = w.start(ctx, r.c, often(), r.server.addr); err != nil {
		return err
	}
	n := 2 * r.size.idle
	var busy sync.WaitGroup
	var refused atomic.Int64
	conns, took := make([]*conn, n), make([]time.Duration, n)
	begin := time.Now()
	for i := range n {
		busy.Go(func() {
			c, err := r.open(r.c.group, true, i)
			if err != nil {
				refused.Add(1)
				return
			}
			conns[i], took[i] = c, time.Since(begin)
		})
	}
	busy.Wait()
	for i, c := range conns {
		if c != nil {
			c.drop()
		} else {
			took[i] = math.MaxInt64
		}
	}
	slices.Sort(took)
	r.add("back at once, refused", float64(refused.Load()))
	if late := took[n*99/100]; late != math.MaxInt64 {
		r.add("back at once, 99 %", late.Seconds()*1000)
	}
	return nil
}
