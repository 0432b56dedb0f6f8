package ws

import (
	"sync"
	"sync/atomic"
)

// gate bounds how many handlers of async sockets run at once in the whole process. Sockets that found no place wait in line,
// and one that has had its turn goes to the end of it. A nil gate has no bound.
type gate struct {
	mu      sync.Mutex
	free    int       // places
	waiting []*Socket // none of them twice, see Socket.waiting

	inLine atomic.Int32 // how many wait, to be looked at without the lock
}

// acquire takes a place; where there is none, it puts the socket in line.
func (g *gate) acquire(s *Socket) bool {
	if g == nil {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.free > 0 {
		g.free--
		return true
	}
	if !s.waiting {
		s.waiting = true
		g.waiting = append(g.waiting, s)
		g.inLine.Add(1)
	}
	return false
}

// release gives a place back, or on to the first socket in line that has work for it.
func (g *gate) release() {
	for g != nil {
		s := g.pop()
		if s == nil {
			return
		}
		if s.in.claim() {
			s.router.crew.work(s)
			return
		}
	}
}

// pop removes the first socket in line; where there is none, the place is free.
func (g *gate) pop() *Socket {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.free++
		return nil
	}
	s := g.waiting[0]
	g.waiting[0] = nil
	g.waiting = g.waiting[1:]
	g.inLine.Add(-1)
	s.waiting = false
	return s
}

// crowded reports whether sockets wait in line.
func (g *gate) crowded() bool { return g != nil && g.inLine.Load() > 0 }
