package ws

import (
	"runtime"
	"sync"
	"time"
)

// Three can write to a socket, one at a time. Its own writer goroutine waits for the peer as long as the write timeout allows. A
// Send from which nothing more is expected writes itself. The flusher serves many sockets with one goroutine: a message to a group
// puts all members that nobody writes to in line, and what comes until the turn of a member leaves in the same system call. These
// two never wait: where the peer does not take all of it, the socket's own writer goes on.

// flusher has a line for every two processors: the other one is for those who send and receive. With a line for each, less leaves
// together: a broadcast takes a third more system calls.
type flusher struct{ lines []line }

// line is a line of sockets that have something to write, and the goroutine that writes it, which runs while there are any.
type line struct {
	mu      sync.Mutex // guards the rest
	waiting []*Socket
	running bool
}

func newFlusher() flusher { return flusher{lines: make([]line, (runtime.GOMAXPROCS(0)+1)/2)} }

// add puts a socket in line.
func (f flusher) add(s *Socket) {
	l := &f.lines[s.born%uint64(len(f.lines))]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, s)
	if !l.running {
		l.running = true
		go l.run()
	}
}

// run serves the line until it is empty.
func (l *line) run() {
	var turn []*Socket
	for {
		clear(turn)
		runtime.Gosched() // who is about to send goes first, so that more leaves at once
		l.mu.Lock()
		turn, l.waiting = l.waiting, turn[:0]
		l.running = len(turn) > 0
		l.mu.Unlock()
		if len(turn) == 0 {
			return
		}
		for _, s := range turn {
			if s.out.queued.CompareAndSwap(true, false) {
				s.flush()
			}
		}
	}
}

// startWriting has somebody write what is in the outbox, after it said that nobody does: something shared, the flusher.
func (s *Socket) startWriting(shared bool) {
	switch {
	case s.conn.direct == nil:
		go s.write()
	case shared:
		s.out.queued.Store(true)
		s.router.layer.flusher.add(s)
	case s.out.prompt.CompareAndSwap(true, false):
		s.flush()
	default:
		go s.write()
	}
}

// skipLine starts the writer of a socket that is in line.
func (s *Socket) skipLine() {
	if s.out.queued.CompareAndSwap(true, false) {
		go s.write()
	}
}

// flush writes what the peer takes at once, and leaves the rest to the writer.
func (s *Socket) flush() {
	b := batches.Get().(*batch)
	for range 2 { // a socket to which more comes all the time must not hold up the others
		if !s.out.next(b) {
			s.written(b)
			return
		}
		if !b.try(s.conn.direct) {
			break
		}
	}
	go s.writeRest(b)
}

// write is the writer goroutine: it writes all that waits, and ends.
func (s *Socket) write() { s.writeRest(batches.Get().(*batch)) }

// writeRest writes what is left of a batch, and then all that waits.
func (s *Socket) writeRest(b *batch) {
	for more := true; more; more = s.out.next(b) {
		if err := s.conn.write(b, s.router.limits.WriteTimeout); err != nil {
			s.lose()
		}
	}
	s.written(b)
}

// written ends the writing.
func (s *Socket) written(b *batch) {
	defer b.free()
	if b.closed { // the peer's close frame is awaited no longer than this
		s.conn.stopReading(time.Now().Add(s.router.limits.CloseTimeout))
	}
}
