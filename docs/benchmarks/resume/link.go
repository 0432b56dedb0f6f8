package main

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// A harm is a way in which a connection ends.
type harm string

const (
	reset   harm = "reset"   // both ends get a TCP reset, and new connections are reset until the link is restored
	finish  harm = "finish"  // both ends get an orderly end, as from a proxy that is told to stop; else as reset
	vanish  harm = "vanish"  // the page gets a reset, the server nothing: it believes in the connection until its pings tell it
	silence harm = "silence" // nobody gets anything; new connections hang; what still stands when the link is restored goes on
)

// lastWait is how long a connection that is to end in the middle of a frame may go on for want of traffic.
const lastWait = 100 * time.Millisecond

// A link is the network between one page and the server: a port of its own on loopback, which breaks when it is told to.
// All methods are safe for concurrent use.
type link struct {
	listener net.Listener
	server   string

	mu     sync.Mutex
	down   bool          // new connections are reset
	passes chan struct{} // closed while bytes pass
	pipes  map[*pipe]bool
	opened []time.Time // when each of the pipes was
	closed bool
	busy   sync.WaitGroup
}

// newLink opens a link to the server at this address.
func newLink(server string) (*link, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	k := &link{listener: l, server: server, passes: make(chan struct{}), pipes: map[*pipe]bool{}}
	close(k.passes)
	k.busy.Go(k.accept)
	return k, nil
}

// port returns where the page connects to.
func (k *link) port() int { return k.listener.Addr().(*net.TCPAddr).Port }

// cut harms all connections. Those that are to end do so after so many more bytes for the page, which are seldom whole frames.
func (k *link) cut(how harm, bytes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = how == reset || how == finish || how == vanish
	if how == silence {
		k.passes = make(chan struct{})
		return
	}
	for p := range k.pipes {
		p.endAfter(how, bytes)
	}
}

// restore lets everything pass again.
func (k *link) restore() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = false
	select {
	case <-k.passes:
	default:
		close(k.passes)
	}
}

// close ends the link and waits for all that it started.
func (k *link) close() error {
	err := k.listener.Close()
	k.mu.Lock()
	k.closed = true
	for p := range k.pipes {
		p.close()
	}
	k.mu.Unlock()
	k.restore()
	k.busy.Wait()
	return err
}

// gate returns a channel that is closed once bytes pass.
func (k *link) gate() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.passes
}

func (k *link) accept() {
	for {
		c, err := k.listener.Accept()
		if err != nil {
			return
		}
		page := c.(*net.TCPConn)
		k.busy.Go(func() { k.serve(page) })
	}
}

// serve joins a page's connection to one of its own to the server, and returns when both are over.
func (k *link) serve(page *net.TCPConn) {
	<-k.gate()
	k.mu.Lock()
	down := k.down || k.closed
	k.mu.Unlock()
	if down {
		abort(page)
		return
	}
	c, err := net.Dial("tcp", k.server)
	if err != nil {
		abort(page)
		return
	}
	p := &pipe{link: k, page: page, server: c.(*net.TCPConn), left: -1, over: make(chan struct{})}
	if !k.add(p) {
		abort(page)
		abort(p.server)
		return
	}
	k.busy.Go(func() { p.carry(p.server, p.page, false) })
	p.carry(p.page, p.server, true)
	<-p.over
	k.mu.Lock()
	delete(k.pipes, p)
	k.mu.Unlock()
}

// add remembers a pipe, unless the link went down meanwhile.
func (k *link) add(p *pipe) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down || k.closed {
		return false
	}
	k.pipes[p] = true
	k.opened = append(k.opened, time.Now())
	return true
}

// connections returns when each connection to the server was made.
func (k *link) connections() []time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.opened)
}

// A pipe is one connection through a link.
type pipe struct {
	link         *link
	page, server *net.TCPConn

	mu   sync.Mutex
	how  harm
	left int           // bytes for the page until it is harmed; negative: no end in sight
	done bool          // no more bytes pass
	over chan struct{} // closed when both connections are
}

// carry copies from one end to the other until either fails or the pipe is harmed.
func (p *pipe) carry(to, from *net.TCPConn, forPage bool) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		<-p.link.gate()
		if n > 0 && !p.write(to, buffer[:n], forPage) {
			return
		}
		if err != nil {
			p.end(errors.Is(err, io.EOF))
			return
		}
	}
}

// write passes bytes on and says whether more may follow.
func (p *pipe) write(to *net.TCPConn, b []byte, forPage bool) bool {
	p.mu.Lock()
	if p.done {
		p.mu.Unlock()
		return false
	}
	last := forPage && p.left >= 0 && len(b) >= p.left
	if last {
		b = b[:p.left]
	}
	if forPage && p.left >= 0 {
		p.left -= len(b)
	}
	how := p.how
	p.mu.Unlock()

	if _, err := to.Write(b); err != nil {
		p.end(false)
		return false
	}
	if last {
		p.harm(how)
	}
	return !last
}

// endAfter harms the pipe after so many more bytes for the page, or lastWait.
func (p *pipe) endAfter(how harm, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return
	}
	p.how, p.left = how, bytes
	time.AfterFunc(lastWait, func() { p.harm(how) })
}

// harm ends the pipe in this way, once.
func (p *pipe) harm(how harm) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return
	}
	p.done = true
	switch how {
	case vanish:
		abort(p.page) // the server's end stays open and silent until the link is closed
		return
	case finish:
		_ = p.page.Close() // an error would mean that it is closed already
		_ = p.server.Close()
	default:
		abort(p.page)
		abort(p.server)
	}
	close(p.over)
}

// end passes on what one end did: an orderly end, or a reset.
func (p *pipe) end(orderly bool) {
	if orderly {
		p.harm(finish)
	} else {
		p.harm(reset)
	}
}

// close ends the pipe for the sake of the link.
func (p *pipe) close() {
	p.harm(reset)
	abort(p.server)
	select {
	case <-p.over:
	default:
		close(p.over)
	}
}

// abort ends a connection with a TCP reset. It may be closed already.
func abort(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
