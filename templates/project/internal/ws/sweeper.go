package ws

import (
	"strconv"
	"time"
)

// The sweeper is one goroutine for all sockets, instead of a timer for each: it runs while there are sockets, pings those
// whose time has come, and gives up those that did not answer. It looks once in a tick; the ping goes out up to two ticks
// early, so that a lost peer is seen no later than PingInterval and PongTimeout together.

// tick is how often the sweeper looks.
func (r *Router) tick() time.Duration {
	return min(time.Second, r.limits.PingInterval/8, r.limits.PongTimeout/8)
}

// firstPing is how long after the last ping, or after the accept, the next one is due.
func (r *Router) firstPing() time.Duration { return r.limits.PingInterval - 2*r.tick() }

// sweep is the sweeper.
func (r *Router) sweep(end <-chan struct{}) {
	ticker := time.NewTicker(r.tick())
	defer ticker.Stop()
	var due []*Socket
	for {
		select {
		case <-end:
			return
		case <-ticker.C:
		}
		now := time.Now()
		due = r.dueAt(now, end, due[:0])
		for _, s := range due {
			s.probe(now)
		}
		clear(due)
	}
}

// dueAt appends the sockets that want attention; none for a sweeper that has been told to end.
func (r *Router) dueAt(now time.Time, end <-chan struct{}, due []*Socket) []*Socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sweeping != end {
		return due
	}
	for _, s := range r.sockets {
		if !now.Before(s.due) {
			due = append(due, s)
		}
	}
	return due
}

// probe pings the socket, or judges its silence. Only a sweeper calls it, and never two for one socket: before the next
// sweeper starts, all sockets that this one saw are gone.
func (s *Socket) probe(now time.Time) {
	if s.ctx.Err() != nil {
		return
	}
	switch {
	case !s.pinged:
		s.conn.heard.Store(false)
		s.ping()
		s.pinged, s.due = true, now.Add(s.router.limits.PongTimeout)
	case s.stalled.Load():
		// The reader waits for the handlers and hears nothing; the inbox has a timeout of its own.
		s.due = now.Add(s.router.limits.PongTimeout)
	case s.conn.heard.Load():
		s.pinged = false
		s.due = now.Add(s.router.firstPing() - s.router.limits.PongTimeout)
	default:
		s.router.counts.pongTimeouts.Add(1)
		reason := "no answer to a ping in " + strconv.FormatFloat(s.router.limits.PongTimeout.Seconds(), 'g', -1, 64) + " s"
		s.shut(ending{status: CloseStatus{Code: CodeAbnormal, Reason: reason, Remote: true}, code: CodeGoingAway, keepInbox: true})
	}
}

// ping sends a ping: one that the page can see under wsgen.1, and one of the protocol otherwise.
func (s *Socket) ping() {
	if s.form.v1() {
		s.control(&piece{opcode: opText, prefix: string(kindPing)})
		return
	}
	s.control(&piece{opcode: opPing})
}
