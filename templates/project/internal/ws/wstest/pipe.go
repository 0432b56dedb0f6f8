package wstest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// newPipe returns the two ends of a connection in memory. Unlike net.Pipe it buffers without bound, as a network does within
// reason, and it knows when its reader has taken everything and waits for more: that is how Quiet works without a clock.
func newPipe(client, server net.Addr) (clientEnd, serverEnd *pipeEnd) {
	up, down := newStream(), newStream()
	connected := make(chan struct{})
	clientEnd = &pipeEnd{in: down, out: up, local: client, remote: server, connected: connected}
	serverEnd = &pipeEnd{in: up, out: down, local: server, remote: client, connected: connected}
	return clientEnd, serverEnd
}

// pipeEnd is one end; a net.Conn.
type pipeEnd struct {
	in, out       *stream
	local, remote net.Addr
	connected     chan struct{} // closed when the consumer's Connect has returned; of both ends
}

func (p *pipeEnd) Read(b []byte) (int, error)  { return p.in.read(b) }
func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.write(b) }
func (p *pipeEnd) LocalAddr() net.Addr         { return p.local }
func (p *pipeEnd) RemoteAddr() net.Addr        { return p.remote }

// Close implements net.Conn. The other end reads what is on its way, and then io.EOF.
func (p *pipeEnd) Close() error {
	p.in.stop()
	p.out.end()
	return nil
}

// SetDeadline implements net.Conn.
func (p *pipeEnd) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetReadDeadline implements net.Conn.
func (p *pipeEnd) SetReadDeadline(t time.Time) error {
	p.in.setDeadline(t)
	return nil
}

// SetWriteDeadline implements net.Conn; writing never waits.
func (p *pipeEnd) SetWriteDeadline(time.Time) error { return nil }

// Connected is called once by the server, when the consumer's Connect has returned.
func (p *pipeEnd) Connected() { close(p.connected) }

// Quiet is called by the server for its end. It returns nil when the page has read everything that was sent to it, and answered
// where it answers by itself, and the server has read that in turn; otherwise a channel that is closed when one of both is so.
func (p *pipeEnd) Quiet() <-chan struct{} {
	if arrived := p.out.quiet(); arrived != nil {
		return arrived
	}
	return p.in.quiet()
}

// stream is one direction of a pipe.
type stream struct {
	mu      sync.Mutex
	changed *sync.Cond
	data    []byte
	waiting bool // a reader has taken everything and waits
	ended   bool // the writer has closed
	stopped bool // the reader has closed
	expired bool // the reader's deadline has passed
	timer   *time.Timer
	idle    chan struct{}
}

func newStream() *stream {
	s := new(stream)
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.data) == 0 && !s.stopped && !s.expired && !s.ended {
		s.waiting = true
		s.settle()
		s.changed.Wait()
	}
	s.waiting = false
	switch {
	case s.stopped:
		return 0, net.ErrClosed
	case s.expired:
		return 0, os.ErrDeadlineExceeded
	case len(s.data) == 0:
		return 0, io.EOF
	}
	n := copy(b, s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *stream) write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.stopped {
		return 0, io.ErrClosedPipe
	}
	s.data = append(s.data, b...)
	s.waiting = false
	s.changed.Broadcast()
	return len(b), nil
}

// end closes the stream for its writer.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.waiting = true, false
	s.changed.Broadcast()
}

// stop closes the stream for its reader.
func (s *stream) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.changed.Broadcast()
	s.settle()
}

func (s *stream) setDeadline(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	s.expired = false
	if t.IsZero() || s.stopped {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(t), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.timer == timer { // not replaced meanwhile
			s.expired, s.waiting = true, false
			s.changed.Broadcast()
		}
	})
	s.timer = timer
}

// settle tells those who wait for it that the reader waits; s.mu is held.
func (s *stream) settle() {
	if s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

func (s *stream) quiet() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.waiting {
		return nil
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	return s.idle
}
