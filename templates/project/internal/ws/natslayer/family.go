package natslayer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"wsgen/templates/project/internal/ws"
)

// family is the stream of JetStream that keeps the topics of a family.
type family struct {
	name   string // of the stream
	prefix string // of its subjects, with the point at the end
	values bool   // it is not a family, but keeps values: see GetValue

	making sync.Mutex // held while it is made

	mu      sync.Mutex // guards the rest
	made    bool
	history *ws.History // as it was made for, or nil while nobody has said
	offset  time.Duration
	asked   time.Time // when offset was found
}

// How long JetStream keeps what nobody touches. A lease that is renewed and a page that follows write again what gets old, so that
// what is to be there for 24 hours from then on, is.
const (
	keepAll   = 2*ws.ResultTTL + 2*time.Hour
	rewriteAt = ws.ResultTTL
	// unusedTTL is for streams of which nothing is known but the epoch. Pages may make up their names.
	unusedTTL = time.Hour
)

// family returns the family of a topic.
func (b *Backend) family(topic string) *family { return b.familyNamed(familyOf(topic)) }

// familyNamed returns a family.
func (b *Backend) familyNamed(name string) *family {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.kept[name]
	if f == nil {
		t := token(name)
		f = &family{name: b.config.Prefix + "=" + t, prefix: b.config.Prefix + ".s." + t + "."}
		b.kept[name] = f
	}
	return f
}

// doubt has the stream made sure of before it is used again.
func (f *family) doubt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made = false
}

// ready reports whether the stream is there, and for this history.
func (f *family) ready(h *ws.History) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.made && (h == nil || f.history != nil && *f.history == *h)
}

// ensure makes sure that the stream is there. History is nil where the caller knows none.
func (b *Backend) ensure(ctx context.Context, f *family, h *ws.History) error {
	if f.ready(h) {
		return nil
	}
	f.making.Lock()
	defer f.making.Unlock()
	if f.ready(h) {
		return nil
	}
	if h == nil {
		h = f.history // only changed here
	}
	info, err := b.makeStreamSoon(ctx, f, h)
	if errors.Is(err, nats.ErrNoResponders) { // a server that has JetStream listens for it before it takes connections
		err = jetstream.ErrJetStreamNotEnabled
	}
	if err != nil {
		return fmt.Errorf("make the stream %s in JetStream: %w", f.name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made = true
	if h != nil {
		f.history = h
	}
	f.setClock(info.TimeStamp)
	return nil
}

// makeTimeout bounds one attempt to make a stream. In a cluster, who asks for one at the same time as another may get no answer.
const makeTimeout = time.Second

// makeStreamSoon makes the stream, and asks again where no answer comes: that does no harm.
func (b *Backend) makeStreamSoon(ctx context.Context, f *family, h *ws.History) (info *jetstream.StreamInfo, err error) {
	for {
		attempt, cancel := context.WithTimeout(ctx, makeTimeout)
		info, err = b.makeStream(attempt, f, h)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return info, err
		}
	}
}

// makeStream makes the stream, or changes it to be as it should be. Where no history is given, one that is there stays as it is.
func (b *Backend) makeStream(ctx context.Context, f *family, h *ws.History) (*jetstream.StreamInfo, error) {
	c := b.streamConfig(f, h)
	var s jetstream.Stream
	var err error
	if h == nil {
		s, err = b.js.CreateStream(ctx, c)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = b.js.Stream(ctx, f.name)
		}
	} else {
		s, err = b.js.CreateOrUpdateStream(ctx, c)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // made meanwhile, by somebody who knew no history
			s, err = b.js.UpdateStream(ctx, c)
		}
	}
	if err != nil {
		return nil, err
	}
	return s.CachedInfo(), nil
}

// streamConfig returns what a stream should be like.
func (b *Backend) streamConfig(f *family, h *ws.History) jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name:              f.name,
		Description:       "made by a service of wsgen",
		Subjects:          []string{f.prefix + ">"},
		Retention:         jetstream.LimitsPolicy,
		Discard:           jetstream.DiscardOld,
		Storage:           jetstream.FileStorage,
		Replicas:          b.config.Replicas,
		MaxMsgsPerSubject: -1,
		AllowDirect:       true,
		AllowMsgTTL:       true,
	}
	if f.values {
		c.MaxMsgsPerSubject = 1
		return c
	}
	c.MaxAge = keepAll
	c.RePublish = &jetstream.RePublish{
		Source:      f.prefix + "*." + string(kindRecord) + ".*",
		Destination: b.config.Prefix + ".g.{{wildcard(1)}}",
	}
	if h == nil {
		return c
	}
	c.MaxAge += 2 * h.TTL
	c.MaxMsgsPerSubject = int64(h.Messages)
	if h.Latest {
		c.MaxMsgsPerSubject = 1
	}
	return c
}

// clockEvery is how often the server is asked for the time.
const clockEvery = time.Minute

// setClock takes note of the server's time; f.mu is held.
func (f *family) setClock(server time.Time) {
	f.asked = time.Now()
	if f.offset = server.Sub(f.asked); server.IsZero() {
		f.offset = 0 // it does not say
	}
}

// now returns the server's time, in milliseconds since 1970: the server is asked now and then, and the time since goes by a clock
// that nobody sets.
func (f *family) now() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	since := time.Since(f.asked)
	return f.asked.Add(f.offset).Add(since).UnixMilli()
}

// askTime asks the server for the time, where that was long ago.
func (b *Backend) askTime(ctx context.Context, f *family) {
	f.mu.Lock()
	due := f.made && time.Since(f.asked) > clockEvery
	f.mu.Unlock()
	if !due {
		return
	}
	// The longer the answer takes, the less it says. The time goes by the old one as long as no better comes.
	ctx, cancel := context.WithTimeout(ctx, makeTimeout)
	defer cancel()
	s, err := b.js.Stream(ctx, f.name)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setClock(s.CachedInfo().TimeStamp)
}

// unsent reports whether an error says that nothing was done, and that it may be in a moment: without a connection, or while the
// server starts, or has lost the stream.
func unsent(err error) bool {
	var refused *jetstream.APIError
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return false
	}
	return errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, jetstream.ErrStreamNotFound) ||
		errors.As(err, &refused) && refused.Code == http.StatusServiceUnavailable
}
