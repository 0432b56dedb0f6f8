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

// pingEvery is how long after the last ping, or after the accept, the next one is due.
func (r *Router) pingEvery() time.Duration { return r.limits.PingInterval - 2*r.tick() }

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
		now := time.Since(r.began)
		due = r.dueAt(now, end, due[:0])
		for _, s := range due {
			s.probe(now)
		}
		clear(due)
		r.crew.thin()
	}
}

// dueAt appends the sockets that want attention; none for a sweeper that has been told to end.
func (r *Router) dueAt(now time.Duration, end <-chan struct{}, due []*Socket) []*Socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sweeping != end {
		return due
	}
	for _, s := range r.sockets {
		if now >= s.due {
			due = append(due, s)
		}
	}
	return due
}

// probe judges the peer's silence where it has been pinged, and pings it where that is due. Only a sweeper calls it, and never
// two for one socket: before the next sweeper starts, all sockets that this one saw are gone.
func (s *Socket) probe(now time.Duration) {
	if s.ctx.Err() != nil {
		return
	}
	if s.pinged && now >= s.judgeAt {
		// A reader that does not read hears nothing, and the peer is not to blame. In this order: see resume.
		if !s.stalled.Load() && !s.conn.heard.Load() {
			s.giveUp()
			return
		}
		s.pinged = false
	}
	// Pings go out whatever the reader does: the peer takes a connection without them for dead.
	if now >= s.pingAt {
		if !s.pinged {
			s.conn.heard.Store(false)
			s.pinged, s.judgeAt = true, now+s.router.limits.PongTimeout
		}
		s.ping()
		s.pingAt = now + s.router.pingEvery()
	}
	s.due = s.pingAt
	if s.pinged && s.judgeAt < s.due {
		s.due = s.judgeAt
	}
}

// giveUp closes a socket whose peer did not answer a ping.
func (s *Socket) giveUp() {
	s.router.counts.pongTimeouts.Add(1)
	reason := "no answer to a ping in " + strconv.FormatFloat(s.router.limits.PongTimeout.Seconds(), 'g', -1, 64) + " s"
	s.shut(ending{status: CloseStatus{Code: CodeAbnormal, Reason: reason, Remote: true}, code: CodeGoingAway, keepInbox: true})
}

// ping sends a ping: one that the page can see under wsgen.1, and one of the protocol otherwise.
func (s *Socket) ping() {
	if s.form.v1() {
		s.control(&piece{opcode: opText, prefix: string(kindPing)})
		return
	}
	s.control(&piece{opcode: opPing})
}
