package ws

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// leaseServer is a log that several processes share, and that outlives them: its leases lapse.
type leaseServer struct {
	memoryBackend

	mu    sync.Mutex           // guards until; a stream's lock is taken with it
	until map[string]time.Time // when the leases lapse

	// connected guards processes. A stream delivers with its lock held, so that no other lock is taken with this one.
	connected sync.Mutex
	processes []*leaseProcess
}

func newLeaseServer(t *testing.T) *leaseServer {
	s := &leaseServer{until: make(map[string]time.Time)}
	if err := s.Start(func(topic string, e Envelope) {
		for _, p := range s.connections() {
			if p.listens(topic) {
				p.deliver(topic, e)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// connections returns the processes that have started.
func (s *leaseServer) connections() []*leaseProcess {
	s.connected.Lock()
	defer s.connected.Unlock()
	return slices.Clone(s.processes)
}

// lapse ends the leases whose time is over.
func (s *leaseServer) lapse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, until := range s.until {
		stream, err := s.lock(topic, nil)
		if err != nil {
			continue
		}
		if stream.owner != "" && !time.Now().Before(until) {
			stream.owner, stream.lapsed, stream.lapsedAt = "", true, s.now()
		}
		if stream.owner == "" {
			delete(s.until, topic)
		}
		stream.mu.Unlock()
	}
}

// empty has the server lose all that it had.
func (s *leaseServer) empty() {
	b := &s.memoryBackend
	b.mu.Lock()
	lost := maps.Clone(b.streams)
	b.epoch = ""
	b.mu.Unlock()
	for topic, stream := range lost {
		stream.mu.Lock()
		b.mu.Lock() // always after that of a stream
		b.remove(topic, stream)
		b.mu.Unlock()
		stream.mu.Unlock()
	}
}

// leaseProcess is the server as one process sees it.
type leaseProcess struct {
	server  *leaseServer
	deliver func(string, Envelope)
	// refuse, where it is set, returns the error of a call before the server sees it; lose, the error of one that took effect.
	refuse, lose atomic.Pointer[func(call string) error]

	mu     sync.Mutex // guards topics
	topics map[string]bool
}

var errDown = errors.New("the server cannot be reached")

func (p *leaseProcess) listens(topic string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.topics[topic]
}

// process returns a layer over the server, as a process of its own. It looks for jobs whose process died only when it is asked.
func (s *leaseServer) process(t *testing.T) (*Layer, *leaseProcess) {
	l, p := s.watcher(t)
	r := l.backend.(*remote)
	r.close()
	<-r.reaped
	return l, p
}

// watcher returns a layer that looks for them by itself.
func (s *leaseServer) watcher(t *testing.T) (*Layer, *leaseProcess) {
	p := &leaseProcess{server: s, topics: make(map[string]bool)}
	return s.open(t, p), p
}

// open opens a layer over the server.
func (s *leaseServer) open(t *testing.T, b Remote) *Layer {
	l, err := NewRemoteLayer(b)
	if err != nil {
		t.Fatal(err)
	}
	l.Keep("job", History{Messages: 100, Bytes: 1 << 20, TTL: time.Hour})
	t.Cleanup(func() {
		for _, p := range s.connections() {
			p.refuse.Store(nil)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// fail has calls fail, before or after they took effect; "" is any call.
func fail(at *atomic.Pointer[func(string) error], calls ...string) {
	f := func(call string) error {
		for _, c := range calls {
			if c == "" || c == call {
				return errDown
			}
		}
		return nil
	}
	at.Store(&f)
}

// do makes a call, unless it is to fail.
func (p *leaseProcess) do(call string, f func() error) error {
	if refuse := p.refuse.Load(); refuse != nil {
		if err := (*refuse)(call); err != nil {
			return err
		}
	}
	p.server.lapse()
	err := f()
	if lose := p.lose.Load(); lose != nil && err == nil {
		err = (*lose)(call)
	}
	return err
}

func (p *leaseProcess) Start(deliver func(string, Envelope)) error {
	p.deliver = deliver
	p.server.connected.Lock()
	defer p.server.connected.Unlock()
	p.server.processes = append(p.server.processes, p)
	return nil
}

func (p *leaseProcess) Publish(ctx context.Context, topic string, e Envelope) error {
	return p.do("publish", func() error { return p.server.Publish(ctx, topic, e) })
}

func (p *leaseProcess) Subscribe(_ context.Context, topic string) error {
	return p.subscribe(topic, true)
}

func (p *leaseProcess) Unsubscribe(_ context.Context, topic string) error {
	return p.subscribe(topic, false)
}

func (p *leaseProcess) subscribe(topic string, on bool) error {
	return p.do("subscribe", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.topics[topic] = on
		return nil
	})
}

func (p *leaseProcess) Close() error { return nil }

func (p *leaseProcess) Ready() error { return nil }

func (p *leaseProcess) Append(ctx context.Context, topic string, a Append) (at Position, err error) {
	err = p.do("append", func() error { at, err = p.server.Append(ctx, topic, a); return err })
	return at, err
}

func (p *leaseProcess) Read(ctx context.Context, topic string, h History, after uint64, limit int) (page Page, err error) {
	err = p.do("read", func() error { page, err = p.server.Read(ctx, topic, h, after, limit); return err })
	return page, err
}

func (p *leaseProcess) Save(ctx context.Context, topic string, a Append) (at Position, err error) {
	err = p.do("save", func() error { at, err = p.server.Save(ctx, topic, a); return err })
	return at, err
}

func (p *leaseProcess) Lease(ctx context.Context, topic, owner string, d time.Duration) (lease Lease, err error) {
	err = p.do("lease", func() error {
		lease, err = p.server.Lease(ctx, topic, owner, d)
		if err == nil {
			p.server.mu.Lock()
			defer p.server.mu.Unlock()
			p.server.until[topic] = time.Now().Add(d)
		}
		return err
	})
	return lease, err
}

func (p *leaseProcess) Cancel(ctx context.Context, topic string) error {
	return p.do("cancel", func() error { return p.server.Cancel(ctx, topic) })
}

func (p *leaseProcess) Release(ctx context.Context, topic, owner string) error {
	return p.do("release", func() error { return p.server.Release(ctx, topic, owner) })
}

func (p *leaseProcess) Lapsed(ctx context.Context) (topics []string, err error) {
	err = p.do("lapsed", func() error { topics, err = p.server.Lapsed(ctx); return err })
	return topics, err
}

func (p *leaseProcess) Forget(ctx context.Context, topic string) error {
	return p.do("forget", func() error { return p.server.Forget(ctx, topic) })
}
