package natslayer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"wsgen/templates/project/internal/ws"
)

// stream is what this process knows of a topic that it writes to. It may be behind: JetStream refuses what is based on that.
type stream struct {
	family   *family
	topic    string
	subjects string        // of the topic, with the point at the end
	turn     chan struct{} // holds one while somebody works on the rest

	known bool   // nothing says that the rest is behind
	conn  uint64 // on which connection that was found; see streams
	lost  bool   // the server has lost what it had taken: offsets would be given again
	seq   uint64 // of the newest message, 0 where there is none
	state state  // after it

	stored time.Time     // when this process last stored a message
	took   time.Duration // how long that takes, about
	row    int           // how many it has stored one right after the other

	ring    ring
	ringSeq uint64 // up to which message the ring is right
	history ws.History
	waste   int // bytes of records that JetStream could let go of
	used    time.Time
}

// streams are those that this process has written to of late, and the topics it listens to that are streams.
type streams struct {
	connection atomic.Uint64 // how often it was made again: what was known before is in doubt

	mu      sync.Mutex // guards the rest
	byTopic map[string]*stream
	watched map[string]watched // topics that somebody listens to
}

func (st *streams) init() {
	st.byTopic = make(map[string]*stream)
	st.watched = make(map[string]watched)
}

// get returns the stream of a topic.
func (st *streams) get(topic string, f *family) *stream {
	st.mu.Lock()
	defer st.mu.Unlock()
	s := st.byTopic[topic]
	if s == nil {
		s = &stream{family: f, topic: topic, subjects: f.prefix + token(topic) + ".", turn: make(chan struct{}, 1)}
		st.byTopic[topic] = s
	}
	return s
}

// drop forgets a stream.
func (st *streams) drop(s *stream) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.byTopic[s.topic] == s {
		delete(st.byTopic, s.topic)
	}
}

// watched is a stream that somebody in this process listens to.
type watched struct {
	history ws.History
	at      time.Time // when it was last read
}

// watch takes note of a stream that was read and that somebody listens to.
func (st *streams) watch(topic string, h ws.History) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.watched[topic] = watched{history: h, at: time.Now()}
}

// old returns those that were not read for a while.
func (st *streams) old(than time.Duration) map[string]ws.History {
	st.mu.Lock()
	defer st.mu.Unlock()
	found := make(map[string]ws.History)
	for topic, w := range st.watched {
		if time.Since(w.at) > than {
			found[topic] = w.history
		}
	}
	return found
}

// leave takes note that nobody listens to a topic any more.
func (st *streams) leave(topic string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.watched, topic)
}

// all returns all of them.
func (st *streams) all() []*stream {
	st.mu.Lock()
	defer st.mu.Unlock()
	all := make([]*stream, 0, len(st.byTopic))
	for _, s := range st.byTopic {
		all = append(all, s)
	}
	return all
}

// take waits for the turn.
func (s *stream) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		s.used = time.Now()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *stream) give() { <-s.turn }

// draft is a message that is to be stored, with the state after it.
type draft struct {
	kind  kind
	key   string // the last token of a record's subject
	data  []byte
	state state
	entry *entry        // of a record
	ttl   time.Duration // it is dropped after that; 0 leaves it to the stream
}

// change changes a stream: next makes a message out of the state, which is stored if the state is still that one. Where it is not,
// next is asked again. Where next returns an error, or nil because there is nothing to change, that holds only for a state that was
// read after the call began.
func (b *Backend) change(ctx context.Context, topic string, h *ws.History, next func(s *stream, now int64) (*draft, error)) (*message, error) {
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	s := b.streams.get(topic, b.family(topic))
	if err := s.take(ctx); err != nil {
		return nil, b.fault(ctx, "wait", err)
	}
	defer s.give()
	for try := 0; ; try++ {
		m, err := b.attempt(ctx, s, h, next)
		if err == nil {
			return m, nil
		}
		s.known = false // also where it may have been stored
		switch {
		case errors.Is(err, ws.ErrLease):
			return nil, err
		case errors.Is(err, errConflict) && ctx.Err() == nil: // the others leave a gap before long, see yield
		case unsent(err) && pause(ctx, try) == nil:
			s.family.doubt()
		default:
			return nil, b.fault(ctx, "write to a stream", err)
		}
	}
}

// attempt makes one attempt.
func (b *Backend) attempt(ctx context.Context, s *stream, h *ws.History, next func(s *stream, now int64) (*draft, error)) (*message, error) {
	if err := b.ensure(ctx, s.family, h); err != nil {
		return nil, err
	}
	b.askTime(ctx, s.family)
	connection := b.streams.connection.Load()
	fresh := !s.known || s.conn != connection
	if fresh {
		if err := b.catchUp(ctx, s); err != nil {
			return nil, err
		}
		s.conn = connection
	}
	if s.lost {
		if err := b.restart(ctx, s); err != nil {
			return nil, err
		}
	}
	if h != nil {
		s.history = *h
		if err := b.loadRing(ctx, s); err != nil {
			return nil, err
		}
	}
	d, err := next(s, s.family.now())
	switch {
	case d != nil:
		return b.store(ctx, s, d)
	case !fresh: // it may be another state by now
		return nil, errConflict
	}
	return nil, err
}

// errConflict says that the state was not the newest.
var errConflict = errors.New("others change the stream all the time")

// errWrongLastSequence is what JetStream says in a cluster where a message for the same stream is on its way.
const errWrongLastSequence jetstream.ErrorCode = 10164

// conflicts reports whether an error says that a message was not stored, because what it follows is not the newest.
func conflicts(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused) && (refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || refused.ErrorCode == errWrongLastSequence)
}

// store stores a message, if the state that it follows is the newest.
func (b *Backend) store(ctx context.Context, s *stream, d *draft) (*message, error) {
	text, err := json.Marshal(d.state)
	if err != nil {
		return nil, err
	}
	m := &nats.Msg{
		Subject: s.subjects + string(d.kind),
		Header:  nats.Header{stateHeader: {string(text)}},
		Data:    d.data,
	}
	if d.kind == kindRecord {
		m.Subject += "." + d.key
	}
	if d.ttl > 0 {
		m.Header.Set(jetstream.MsgTTLHeader, d.ttl.String())
	}
	if err := s.yield(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	ack, err := b.js.PublishMsg(ctx, m, jetstream.WithExpectLastSequenceForSubject(s.seq, s.subjects+">"), jetstream.WithRetryAttempts(0))
	if conflicts(err) {
		return nil, errConflict
	}
	if err != nil {
		return nil, err
	}
	s.storedSince(began)
	stored := &message{kind: d.kind, seq: ack.Sequence, at: s.family.now(), state: d.state, data: d.data}
	stored.number()
	s.follow(stored, d.entry)
	return stored, nil
}

// follow takes note of the message that has become the newest, and of the record that it holds, if it does.
func (s *stream) follow(m *message, e *entry) {
	if m.state.Epoch != s.state.Epoch {
		s.empty()
		s.ringSeq = s.seq // there is nothing that it does not know
	}
	if s.ringSeq == s.seq {
		s.ringSeq = m.seq
		if e != nil {
			e.seq, e.at = m.seq, m.at
			s.ring.add(*e, s.history.Latest)
		}
		before := s.ring.cost()
		s.ring.cut(m.state.Since)
		s.waste += before - s.ring.cost()
	}
	s.seq, s.state, s.known = m.seq, m.state, true
}

// empty forgets what is known of records.
func (s *stream) empty() { s.ring, s.ringSeq, s.waste = ring{}, 0, 0 }

// catchUp reads the state.
func (b *Backend) catchUp(ctx context.Context, s *stream) error {
	m, err := b.newest(ctx, s.family, s.subjects+">")
	switch {
	case errors.Is(err, errGone):
		s.seq, s.state, s.known = 0, state{}, true
		s.empty()
		return nil
	case err != nil:
		return err
	}
	if m.seq < s.seq && m.state.Epoch == s.state.Epoch {
		s.lost = true
	}
	if m.seq < s.ringSeq || m.state.Epoch != s.state.Epoch {
		s.empty()
	}
	s.ring.cut(m.state.Since)
	s.seq, s.state, s.known = m.seq, m.state, true
	return nil
}

// Reading records that the ring does not know: how many at once, and how often and how long one waits for a server that lags.
const (
	ringBatch = 256
	maxLag    = 10
	lagPause  = 10 * time.Millisecond
)

// loadRing reads what others have appended.
func (b *Backend) loadRing(ctx context.Context, s *stream) error {
	for lag := 0; s.ringSeq < s.seq; {
		q := query{Seq: max(s.ringSeq, s.state.Since) + 1, NextFor: recordSubjects(s.subjects, s.history.Latest), Batch: ringBatch, MaxBytes: 1 << 20}
		records, err := b.batch(ctx, s.family, q)
		if err != nil {
			return err
		}
		for _, m := range records {
			if m.seq > s.seq {
				break // it comes with a newer state
			}
			if m.state.Epoch == s.state.Epoch && m.seq > s.state.Since {
				e, err := m.envelope()
				if err != nil {
					return err
				}
				s.ring.add(entry{seq: m.seq, at: m.at, size: len(e.Data) + len(e.Key), key: e.Key, end: e.End != ""}, s.history.Latest)
			}
			s.ringSeq = m.seq
		}
		switch n := len(records); {
		case s.ringSeq >= s.state.Top || s.state.Since >= s.state.Top || n > 0 && records[n-1].seq >= s.seq:
			s.ringSeq = s.seq
		case n > 0: // there are more
		case lag == maxLag: // the newest record is gone
			s.ringSeq = s.seq
		default: // in a cluster, a server may have answered that has not heard of it yet
			lag++
			if err := sleep(ctx, lagPause); err != nil {
				return err
			}
		}
	}
	s.ring.cut(s.state.Since)
	return nil
}

// newEpoch returns the name of a stream's life.
func newEpoch() string { return strings.ToLower(rand.Text()[:16]) }

// after returns the state to change: the present one, or that of a stream that begins.
func (s *stream) after() state {
	if s.state.Epoch == "" {
		return state{Epoch: newEpoch()}
	}
	return s.state
}

// begun returns the draft of a message after which a stream has begun anew, with nothing in it.
func begun() *draft {
	return &draft{kind: kindNote, state: state{Epoch: newEpoch()}, ttl: unusedTTL}
}

// restart has a stream begin anew whose newest messages the server has lost: it would give their offsets to others.
func (b *Backend) restart(ctx context.Context, s *stream) error {
	m, err := b.store(ctx, s, begun())
	if err != nil {
		return err
	}
	s.lost = false
	slog.Error("ws: NATS has lost messages that it had taken; the stream begins anew", "topic", s.topic)
	return b.purge(ctx, s.family, s.subjects+">", m.seq)
}
