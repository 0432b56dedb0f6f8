package ws

import (
	"bytes"
	"context"
	"crypto/rand"
	"maps"
	"strings"
	"sync"
	"time"
)

// sweepEvery is how often what has expired is looked for in streams that nobody asks for.
const sweepEvery = 30 * time.Second

// memoryStream is one stream.
type memoryStream struct {
	mu      sync.Mutex // guards all; held while a record is delivered, so that everybody sees the same order
	dead    bool       // no longer in memoryBackend.streams: look again
	epoch   string
	history History       // as last given
	touched time.Duration // when somebody last asked for it

	ring       memoryRing
	snapshot   *memoryRecord
	snapshotAt time.Duration // its 24 hours begin then, and not before its owner has given up the lease
	owner      string
	lapsed     bool // what Page.Lapsed is without an owner
	lapsedAt   time.Duration
	cancelled  bool // what it was leased for is to end
}

func (b *memoryBackend) Append(_ context.Context, topic string, a Append) (Position, error) {
	s, err := b.lock(topic, &a.History)
	if err != nil {
		return Position{}, err
	}
	defer s.mu.Unlock()
	if a.Owner != "" && a.Owner != s.owner {
		return Position{}, ErrLease
	}
	now := b.now()
	r := memoryRecord{at: now, data: bytes.Clone(a.Envelope.Data), binary: a.Envelope.Binary, key: strings.Clone(a.Envelope.Key)}
	if a.Envelope.End != "" {
		r.end = &memoryEnd{state: a.Envelope.End, reason: a.Envelope.Reason}
	}
	r.offset = s.ring.add(s.history, r)
	s.ring.trim(s.history, now)
	if r.end != nil && a.Owner != "" {
		s.owner, s.snapshotAt, s.cancelled = "", now, false
		s.lapsed, s.lapsedAt = r.end.state == JobInterrupted, now
	}
	b.deliver(topic, s.envelope(&r))
	return Position{Epoch: s.epoch, Offset: r.offset}, nil
}

func (b *memoryBackend) Read(_ context.Context, topic string, h History, after uint64, limit int) (Page, error) {
	if limit < 0 && !b.has(topic) {
		return Page{}, nil
	}
	s, err := b.lock(topic, &h)
	if err != nil {
		return Page{}, err
	}
	defer s.mu.Unlock()
	s.expire(b.now())
	p := Page{Epoch: s.epoch, Top: s.ring.top, Since: s.ring.since, Owner: s.owner, Lapsed: s.lapsed && s.owner == ""}
	if limit > 0 && after < s.ring.top {
		p.Records = s.recordsFrom(after+1, limit)
	}
	if s.snapshot != nil {
		e := s.envelope(s.snapshot)
		p.Snapshot = &e
	}
	if end := s.ring.end(); end != nil {
		e := s.envelope(end)
		p.End = &e
	}
	return p, nil
}

func (b *memoryBackend) Save(_ context.Context, topic string, a Append) (Position, error) {
	s, err := b.lock(topic, &a.History)
	if err != nil {
		return Position{}, err
	}
	defer s.mu.Unlock()
	if a.Owner != "" && a.Owner != s.owner {
		return Position{}, ErrLease
	}
	s.snapshotAt = b.now()
	s.snapshot = &memoryRecord{offset: s.ring.top, data: bytes.Clone(a.Envelope.Data), binary: a.Envelope.Binary}
	return Position{Epoch: s.epoch, Offset: s.ring.top}, nil
}

func (b *memoryBackend) Lease(_ context.Context, topic, owner string, _ time.Duration) (Lease, error) {
	s, err := b.lock(topic, nil)
	if err != nil {
		return Lease{}, err
	}
	defer s.mu.Unlock()
	if s.owner != "" && s.owner != owner {
		return Lease{}, ErrLease
	}
	s.owner = owner
	return Lease{Cancelled: s.cancelled}, nil
}

func (b *memoryBackend) Cancel(_ context.Context, topic string) error {
	s, err := b.lock(topic, nil)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.cancelled = s.owner != "" || s.lapsed
	return nil
}

func (b *memoryBackend) Release(_ context.Context, topic, owner string) error {
	s, err := b.lock(topic, nil)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.owner == owner {
		s.owner, s.cancelled = "", s.cancelled && s.lapsed
	}
	return nil
}

func (b *memoryBackend) Lapsed(context.Context) ([]string, error) {
	streams, err := b.list()
	if err != nil {
		return nil, err
	}
	var topics []string
	for topic, s := range streams {
		s.mu.Lock()
		s.expire(b.now())
		if s.lapsed && s.owner == "" {
			topics = append(topics, topic)
		}
		s.mu.Unlock()
	}
	return topics, nil
}

func (b *memoryBackend) Forget(_ context.Context, topic string) error {
	s, err := b.lock(topic, nil)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.owner != "" {
		return ErrLease
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(topic, s)
	b.epoch = ""
	return nil
}

// lock returns a stream, made if it is missing, with its mutex locked. Where h is given, it holds from now on.
func (b *memoryBackend) lock(topic string, h *History) (*memoryStream, error) {
	for {
		s, err := b.stream(topic)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		if s.dead {
			s.mu.Unlock()
			continue
		}
		s.touched = b.now()
		if h != nil {
			s.history = *h
		}
		return s, nil
	}
}

// stream returns a stream, made if it is missing.
func (b *memoryBackend) stream(topic string) (*memoryStream, error) {
	b.mu.RLock()
	s, closed := b.streams[topic], b.closed
	b.mu.RUnlock()
	if s != nil && !closed {
		return s, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrLayerClosed
	}
	if s := b.streams[topic]; s != nil {
		return s, nil
	}
	if b.epoch == "" {
		b.epoch = strings.ToLower(rand.Text()[:16])
	}
	s = &memoryStream{epoch: b.epoch, touched: b.now()}
	b.streams[topic] = s
	if b.sweeper == nil {
		b.sweeper = time.AfterFunc(sweepEvery, b.sweep)
	}
	return s, nil
}

// has reports whether a stream is there; of a closed log, all are, so that it says so itself.
func (b *memoryBackend) has(topic string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.closed || b.streams[topic] != nil
}

// list returns all streams.
func (b *memoryBackend) list() (map[string]*memoryStream, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return nil, ErrLayerClosed
	}
	return maps.Clone(b.streams), nil
}

// sweep frees what has expired, and forgets the streams of which nothing is kept.
func (b *memoryBackend) sweep() {
	streams, err := b.list()
	if err != nil {
		return // closed
	}
	for topic, s := range streams {
		b.sweepStream(topic, s)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
	case len(b.streams) > 0:
		b.sweeper.Reset(sweepEvery)
	default:
		b.sweeper = nil // the next stream starts another
	}
}

// sweepStream does it for one stream.
func (b *memoryBackend) sweepStream(topic string, s *memoryStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := b.now()
	s.expire(now)
	if s.ring.kept > 0 || s.snapshot != nil || s.owner != "" || s.lapsed || now-s.touched < s.history.TTL {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, watched := b.subscribed[topic]; !watched {
		b.remove(topic, s)
		b.epoch = ""
	}
}

// remove removes a stream; s.mu and b.mu are held. Unless it was unused, b.epoch has to go with it: the next stream of its name
// gives the same offsets again.
func (b *memoryBackend) remove(topic string, s *memoryStream) {
	if s.dead {
		return
	}
	s.dead = true
	delete(b.streams, topic)
}

// unused reports whether nothing is known of a stream but that somebody asked for it. It comes back as it was, so it need not be
// kept when nobody watches: pages may make up names, and join one group after the other. s.mu is held.
func (s *memoryStream) unused() bool {
	return s.ring.top == 0 && s.snapshot == nil && s.owner == "" && !s.lapsed
}

// expire lets go of what is too old; s.mu is held.
func (s *memoryStream) expire(now time.Duration) {
	s.ring.trim(s.history, now)
	if s.snapshot != nil && s.owner == "" && now-s.snapshotAt >= ResultTTL {
		s.snapshot = nil
	}
	if s.lapsed && s.owner == "" && now-s.lapsedAt >= ResultTTL {
		s.lapsed, s.cancelled = false, false
	}
}

// recordsFrom returns the records from an offset on, at most limit and as many as a page holds; s.mu is held.
func (s *memoryStream) recordsFrom(offset uint64, limit int) []Envelope {
	rest := s.ring.records[s.ring.index(offset):]
	found := make([]Envelope, 0, min(limit, len(rest)))
	size := 0
	for i := range rest {
		if rest[i].gone {
			continue
		}
		size += len(rest[i].data) + len(rest[i].key)
		if len(found) == limit || size > pageBytes && len(found) > 0 {
			break
		}
		found = append(found, s.envelope(&rest[i]))
	}
	return found
}

// envelope returns a record as others see it; s.mu is held.
func (s *memoryStream) envelope(r *memoryRecord) Envelope {
	e := Envelope{Data: r.data, Binary: r.binary, Key: r.key, Epoch: s.epoch, Offset: r.offset}
	if r.end != nil {
		e.End, e.Reason = r.end.state, r.end.reason
	}
	return e
}
