package cutproxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is one connection through the proxy: the client's, and its continuation to the target.
type link struct {
	proxy  *Proxy
	fate   Fate
	client *net.TCPConn
	server *net.TCPConn // set by run; guarded by mu

	left   atomic.Int64 // bytes until the cut
	calm   atomic.Bool  // the fate means nothing any more
	silent atomic.Bool  // what is read is thrown away

	mu    sync.Mutex    // guards the rest
	over  chan struct{} // closed by end
	ended bool
	done  bool // it was cut
}

// run passes bytes both ways until both have ended.
func (l *link) run() {
	if !l.pass() || !l.connect() {
		l.end()
		return
	}
	var back sync.WaitGroup
	back.Go(func() { l.pipe(l.client, l.server) })
	l.pipe(l.server, l.client)
	back.Wait()
	l.leave()
}

// pass waits while the cable is out, and reports whether the link is still there then.
func (l *link) pass() bool {
	select {
	case <-l.proxy.open():
		return true
	case <-l.over:
		return false
	}
}

// connect opens the continuation, and reports whether that went well.
func (l *link) connect() bool {
	conn, err := net.DialTimeout("tcp", l.proxy.destination(), 10*time.Second)
	if err != nil {
		l.proxy.refused.Add(1)
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server = conn.(*net.TCPConn)
	if l.ended {
		abort(l.server)
		return false
	}
	if l.fate.Rate > 0 {
		// What the system keeps for a slow reader would hide from the writer that it is slow. An error leaves it as it was.
		_ = l.server.SetReadBuffer(32 << 10)
		_ = l.client.SetWriteBuffer(32 << 10)
	}
	return true
}

// pipe passes on what src sends, to its end.
func (l *link) pipe(dst, src *net.TCPConn) {
	buf := make([]byte, 32<<10)
	for {
		chunk := buf
		if l.fate.Rate > 0 && !l.calm.Load() {
			chunk = buf[:min(max(l.fate.Rate/50, 1), len(buf))]
		}
		n, err := src.Read(chunk)
		if n > 0 && !l.silent.Load() {
			l.forward(dst, chunk[:n])
		}
		if err == nil {
			continue
		}
		l.hangUp(dst, src, err)
		return
	}
}

// hangUp passes on the end of src. Where the link has fallen silent the other end must not notice.
func (l *link) hangUp(dst, src *net.TCPConn, err error) {
	switch {
	case l.silent.Load():
		_ = src.Close() // it has ended
	case errors.Is(err, io.EOF):
		_ = dst.CloseWrite() // an error means that it has ended, too
	default:
		l.end()
	}
}

// forward passes bytes on, as slowly as the fate says, and cuts where it is time.
func (l *link) forward(dst *net.TCPConn, data []byte) {
	if !l.pass() || !l.wait(len(data)) || l.silent.Load() {
		return
	}
	cut := false
	if l.fate.Cut != Never && !l.calm.Load() {
		if left := l.left.Add(-int64(len(data))); left <= 0 {
			cut = true
			data = data[:max(0, int64(len(data))+left)]
		}
	}
	n, err := dst.Write(data)
	l.proxy.bytes.Add(int64(n))
	if cut {
		l.cut(l.fate.Cut)
	}
	if err != nil && !l.silent.Load() {
		l.end()
	}
}

// wait waits as long as the fate says for so many bytes, and reports whether the link is still there then.
func (l *link) wait(n int) bool {
	if l.calm.Load() {
		return true
	}
	d := l.fate.Delay
	if l.fate.Rate > 0 {
		d += time.Duration(n) * time.Second / time.Duration(l.fate.Rate)
	}
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.over:
		return false
	}
}

// cut breaks the link, and reports whether it was whole before.
func (l *link) cut(how How) bool {
	l.mu.Lock()
	fresh := !l.done && !l.ended
	l.done = l.done || how != Never
	server := l.server
	l.mu.Unlock()
	if !fresh || how == Never {
		return false
	}
	l.proxy.counts[how].Add(1)
	switch how {
	case Finish:
		l.silent.Store(true)
		_ = l.client.CloseWrite() // an error means that it has ended
		if server != nil {
			_ = server.CloseWrite()
		}
	case Reset:
		l.end()
	case Silence:
		l.silent.Store(true)
	}
	return true
}

// leave closes both connections, each of which has ended. What the system has not sent yet it still sends.
func (l *link) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.over)
	_ = l.client.Close() // nothing is lost with what has ended
	_ = l.server.Close()
}

// end breaks both connections at once, without a goodbye. A second call does nothing.
func (l *link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.over)
	abort(l.client)
	if l.server != nil {
		abort(l.server)
	}
}

// abort resets a connection.
func abort(conn *net.TCPConn) {
	_ = conn.SetLinger(0) // where it has ended there is nothing to reset
	_ = conn.Close()
}
