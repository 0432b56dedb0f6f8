package ws

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// farewell is how long Disconnect has where its turn comes only after the end of a drain.
const farewell = time.Second

// restart is how a socket ends when the service stops.
func restart() ending {
	return ending{status: CloseStatus{Code: CodeRestart, Reason: "service restart"}, keepInbox: true, flush: true}
}

// Drain ends the service's sockets for good. New handshakes get 503; the sockets close with 1012, spread evenly over the
// window, so that their clients do not all come back at one moment. What they have received already is still handled.
// Drain then waits until every connection is closed and every Disconnect has returned, and until the jobs of the layer are
// over: they have until two seconds before the end of ctx, and are told to stop then.
//
// When ctx ends, Drain waits no longer for handlers and jobs: the connections are cut, each Disconnect runs, in parallel to the
// handlers of its socket that have not returned, the jobs are published as interrupted, and one second later Drain returns an
// error that says how many sockets and jobs it left behind.
func (r *Router) Drain(ctx context.Context, window time.Duration) error {
	defer r.layer.jobs.drain(ctx)()
	empty := r.startDrain()
	sockets := r.list()
	begin := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, s := range sockets {
		timer.Reset(time.Until(begin.Add(window * time.Duration(i) / time.Duration(len(sockets)))))
		select {
		case <-timer.C:
			s.shut(restart())
			continue
		case <-empty:
		case <-ctx.Done():
		}
		break
	}
	select {
	case <-empty:
		r.abandon()
		r.stop()
	case <-ctx.Done():
		return r.cut(ctx, empty)
	}
	select {
	case <-r.layer.jobs.none():
		return nil
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		return errJobsLeft(r.layer.jobs.abandon(last), context.Cause(ctx))
	}
}

// startDrain refuses new sockets, and returns a channel that is closed when there is none.
func (r *Router) startDrain() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining = true
	if r.empty == nil {
		r.empty = make(chan struct{})
	}
	empty := r.empty
	if r.open == 0 {
		close(r.empty)
		r.empty = nil
	}
	return empty
}

// cut ends what did not end in time.
func (r *Router) cut(ctx context.Context, empty <-chan struct{}) error {
	r.abandon()
	for _, s := range r.list() {
		s.end(restart().status, false)
		s.cut()
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	defer r.stop()
	jobs := errJobsLeft(r.layer.jobs.abandon(last), context.Cause(ctx))
	select {
	case <-empty:
		return jobs
	case <-last.Done():
	}
	r.mu.Lock()
	left := r.open
	r.mu.Unlock()
	sockets := fmt.Errorf("ws: drain: %d sockets left behind whose handlers did not return: %w", left, context.Cause(ctx))
	return errors.Join(sockets, jobs)
}

// testConn is a connection of the test kit.
type testConn interface {
	// Connected is called when the consumer's Connect has returned.
	Connected()
	// Quiet returns nil when the server has read all that was sent and waits for more, otherwise a channel that is closed
	// when that is so.
	Quiet() <-chan struct{}
}

// Quiet waits until no handshake is under way, no socket has a message or an event waiting, a handler running, or a frame to
// be written, no page is being sent what it missed of a stream, and every socket that has ended has seen its Disconnect return.
// Jobs may still run. It is for tests: over the connections of the test kit it also waits for what a page has sent; over others
// that counts once the server has read it.
func (r *Router) Quiet(ctx context.Context) error {
	seen := uint64(0)
	for first := true; ; first = false {
		wait, sum := r.activity()
		if wait == nil {
			if !first && sum == seen {
				return nil
			}
			// Nothing was found at work, but one after the other: only if nothing came meanwhile was all of it at rest.
			seen = sum
			continue
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return fmt.Errorf("ws: not quiet: %w", context.Cause(ctx))
		}
	}
}

// activity returns a channel to wait on where a socket is at work, and otherwise how much has ever been done.
func (r *Router) activity() (wait <-chan struct{}, sum uint64) {
	if wait := r.shaking(); wait != nil {
		return wait, 0
	}
	sum = r.counts.accepted.Load()
	for _, s := range r.list() {
		if c, ok := s.conn.net.(testConn); ok {
			if wait := c.Quiet(); wait != nil {
				return wait, 0
			}
		}
		wait, tasks := s.in.quiet()
		if wait != nil {
			return wait, 0
		}
		wait, frames := s.out.quiet()
		if wait != nil {
			return wait, 0
		}
		sum += tasks + frames
		if streams := s.streams.Load(); streams != nil {
			wait, pumps := streams.quiet()
			if wait != nil {
				return wait, 0
			}
			sum += pumps
		}
	}
	return nil, sum
}
