// Package cutproxy is a TCP proxy for tests, on the loopback interface, that treats connections as a bad network does: it cuts
// them at any byte, lets them fall silent without an end, delays them and makes them slow. What happens to the nth connection
// follows from a seed and n alone, so that a run that failed can be made again, as far as the machine's own timing lets it.
//
//	seed := cutproxy.Seed(t)
//	p := cutproxy.Start(t, "127.0.0.1:8080", seed, cutproxy.Storm(20_000))
//	dial(p.Addr())
//
// With a nil [Plan] it passes everything on and cuts on command: [Proxy.Cut], [Proxy.Pause], [Proxy.Resume]. The proxy and
// every connection through it end with the test.
package cutproxy

import (
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// How is a way for a connection to break.
type How int

// The ways, from the plainest to the meanest.
const (
	Never   How = iota
	Finish      // both ends are told that no more is coming (FIN)
	Reset       // both ends are told that it is broken (RST); what they had not read yet may be lost
	Silence     // nobody is told: both ends go on to send, and nothing arrives
)

// String returns the way's name.
func (h How) String() string {
	return [...]string{"never", "finish", "reset", "silence"}[h]
}

// Fate is what happens to one connection. The zero value passes everything on.
type Fate struct {
	Cut   How
	After int64         // cut behind so many bytes, both directions counted together
	Delay time.Duration // waited before each piece is passed on
	Rate  int           // bytes a second and direction; 0 sets no bound
}

// Plan says what happens to the nth connection, counted from 0. It draws from r alone, and may be called by several goroutines.
type Plan func(n uint64, r *rand.Rand) Fate

// Storm is a plan that cuts every connection, in every way, at a random byte before the one given. One in four is delayed by
// up to 2 ms at each piece.
func Storm(before int64) Plan {
	return func(_ uint64, r *rand.Rand) Fate {
		f := Fate{Cut: Finish, After: r.Int64N(before)}
		switch k := r.IntN(10); {
		case k < 5:
			f.Cut = Reset
		case k < 6:
			f.Cut = Silence
		}
		if r.IntN(4) == 0 {
			f.Delay = time.Duration(r.IntN(2000)) * time.Microsecond
		}
		return f
	}
}

// Seed returns the seed of a run: CUT_SEED of the environment, or else a new one. A test that fails shows it.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("CUT_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("CUT_SEED: %v", err)
		}
	}
	t.Logf("to make this run again: CUT_SEED=%d", seed)
	return seed
}

// maxLinks bounds the connections through one proxy at a time. Further ones wait to be accepted.
const maxLinks = 4096

// Stats counts what a proxy has done so far.
type Stats struct {
	Connections int64 // accepted
	Refused     int64 // of these, for which the target was not there
	Bytes       int64 // passed on, both directions
	Finished    int64 // cut, each way
	Reset       int64
	Silenced    int64
}

// Cuts returns how many connections were cut, in whichever way.
func (s Stats) Cuts() int64 { return s.Finished + s.Reset + s.Silenced }

// Proxy is a running proxy. Its methods are safe for concurrent use.
type Proxy struct {
	listener net.Listener
	seed     uint64
	room     chan struct{}  // holds one for each link
	tasks    sync.WaitGroup // accept and the links
	counts   [Silence + 1]atomic.Int64
	accepted atomic.Int64
	refused  atomic.Int64
	bytes    atomic.Int64

	mu     sync.Mutex // guards the rest
	target string
	plan   Plan // nil passes everything on
	links  map[*link]struct{}
	gate   chan struct{} // closed while bytes may pass
	closed bool
}

// Start starts a proxy to a TCP address. It is closed with the test. Plan may be nil.
func Start(t testing.TB, target string, seed uint64, plan Plan) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{
		listener: listener,
		seed:     seed,
		room:     make(chan struct{}, maxLinks),
		target:   target,
		plan:     plan,
		links:    make(map[*link]struct{}),
		gate:     make(chan struct{}),
	}
	close(p.gate)
	p.tasks.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Addr returns where the proxy listens: "127.0.0.1:40123".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// URL returns the same as the base of a URL: "http://127.0.0.1:40123".
func (p *Proxy) URL() string { return "http://" + p.Addr() }

// Stats returns the counts so far.
func (p *Proxy) Stats() Stats {
	return Stats{
		Connections: p.accepted.Load(),
		Refused:     p.refused.Load(),
		Bytes:       p.bytes.Load(),
		Finished:    p.counts[Finish].Load(),
		Reset:       p.counts[Reset].Load(),
		Silenced:    p.counts[Silence].Load(),
	}
}

// Retarget leads further connections to another address: a service that was started again. Those that are open stay.
func (p *Proxy) Retarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Calm ends the plan: no connection is cut, delayed or slow any more. What has fallen silent stays silent.
func (p *Proxy) Calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = nil
	for l := range p.links {
		l.calm.Store(true)
	}
}

// Cut cuts every open connection and returns how many there were. New ones go by the plan.
func (p *Proxy) Cut(how How) int {
	p.mu.Lock()
	var cut []*link
	for l := range p.links {
		cut = append(cut, l)
	}
	p.mu.Unlock()
	n := 0
	for _, l := range cut {
		if l.cut(how) {
			n++
		}
	}
	return n
}

// Pause pulls the cable: of open connections and of new ones nothing is passed on, and nothing of it is lost.
func (p *Proxy) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.gate:
		p.gate = make(chan struct{})
	default: // it is out already
	}
}

// Resume puts the cable in again after [Proxy.Pause].
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.gate:
	default:
		close(p.gate)
	}
}

// Close ends every connection, as [Reset] does, and waits until all is over. A second call does nothing.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	for l := range p.links {
		l.end()
	}
	p.mu.Unlock()
	_ = p.listener.Close() // an error means that it is closed
	p.tasks.Wait()
}

// accept takes connections until the proxy is closed.
func (p *Proxy) accept() {
	for n := uint64(0); ; n++ {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.accepted.Add(1)
		l := p.admit(n, conn.(*net.TCPConn))
		if l == nil {
			return
		}
		p.room <- struct{}{}
		p.tasks.Go(func() {
			defer func() { <-p.room }()
			defer p.forget(l)
			l.run()
		})
	}
}

// admit makes a link of a connection, or nil where the proxy is closed.
func (p *Proxy) admit(n uint64, conn *net.TCPConn) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = conn.Close() // nothing was read from it
		return nil
	}
	l := &link{proxy: p, client: conn, over: make(chan struct{})}
	if p.plan != nil {
		l.fate = p.plan(n, rand.New(rand.NewPCG(p.seed, n)))
	}
	l.left.Store(l.fate.After)
	p.links[l] = struct{}{}
	return l
}

// forget takes a link out that is over.
func (p *Proxy) forget(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// destination returns where connections lead at present.
func (p *Proxy) destination() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target
}

// open returns a channel that is closed while bytes may pass.
func (p *Proxy) open() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gate
}
