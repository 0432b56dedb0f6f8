package main

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	echoSockets = 64
	echoBytes   = 64
)

// echo keeps depth messages on the way on each of its sockets: they leave in one write, and the next when all are back.
func (r *run) echo(depth int) error {
	var back atomic.Int64
	crowd, err := r.join(echoSockets, r.c.echo, false)
	if err != nil {
		return err
	}
	defer crowd.drop()
	for i, c := range crowd.conns {
		payload := bytes.Repeat([]byte{byte('a' + i%26)}, echoBytes)
		crowd.each(func() error { return bounce(c, r.c.dialect, payload, depth, &back) })
	}
	name := fmt.Sprintf("echo, depth %d", depth)
	m, err := r.window(crowd, name, func() float64 { return float64(back.Load()) })
	if err != nil {
		return err
	}
	r.add(name, m.perUnit)
	return nil
}

// bounce sends a batch again and again.
func bounce(c *conn, d dialect, payload []byte, depth int, back *atomic.Int64) error {
	var batch []byte
	for {
		if d.numbered || batch == nil {
			batch = batch[:0]
			for range depth {
				c.commands++
				batch = frame(batch, opText, d.echo(payload, c.commands))
			}
		}
		if _, err := c.Write(batch); err != nil {
			return err
		}
		for missing := depth; missing > 0; {
			before := missing
			err := c.receive(func(message []byte) error {
				return d.unwrap(c, message, func(got []byte) error {
					missing--
					if !bytes.Equal(got, payload) {
						return fmt.Errorf("sent %q, got back %q", payload, got)
					}
					return nil
				})
			})
			if err != nil {
				return err
			}
			back.Add(int64(before - missing))
		}
		if waiting := c.commands - c.acked; d.numbered && waiting > 2*depth { // the acknowledgement may be the next thing that comes
			return fmt.Errorf("%d commands are not acknowledged, though all have come back", waiting)
		}
	}
}

// window lets a load run, and measures in its midst.
func (r *run) window(crowd *crowd, name string, units func() float64) (measured, error) {
	if err := crowd.pass(r.warmUp); err != nil {
		return measured{}, err
	}
	if r.profiles != "" {
		const cpu = "profile?seconds=5" // five hundred samples of what takes a whole processor
		if err := r.server.profile(cpu, r.profilePath(name)); err != nil {
			return measured{}, err
		}
	}
	begin, err := r.sample(units)
	if err != nil {
		return measured{}, err
	}
	if err := crowd.pass(r.measure); err != nil {
		return measured{}, err
	}
	end, err := r.sample(units)
	if err != nil {
		return measured{}, err
	}
	n := end.units - begin.units
	if n <= 0 {
		return measured{}, fmt.Errorf("nothing came in %v", r.measure)
	}
	return measured{
		perUnit: (end.cpu - begin.cpu).Seconds() * 1e6 / n,
		mallocs: (end.mallocs - begin.mallocs) * 1000 / n,
		writes:  (end.writes - begin.writes) * 1000 / n,
	}, nil
}

// A sample is what has been used and done so far.
type sample struct {
	cpu                    time.Duration
	units, mallocs, writes float64
}

// measured is what a unit of a load costs.
type measured struct {
	perUnit float64 // µs of processor time
	mallocs float64 // allocations in a thousand
	writes  float64 // system calls in a thousand
}

// sample takes one.
func (r *run) sample(units func() float64) (sample, error) {
	var s sample
	if r.c.server != "node" {
		found, err := r.server.stats()
		if err != nil {
			return s, err
		}
		s.mallocs = found.Mallocs
	}
	var err error
	if s.writes, err = r.server.writes(); err != nil {
		return s, err
	}
	s.cpu, err = r.server.cpu()
	s.units = units()
	return s, err
}
