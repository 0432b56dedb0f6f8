package natslayer

import (
	"context"
	"log/slog"
	"time"

	"wsgen/templates/project/internal/ws"
)

// How often what has expired is looked for, and how long a stream is remembered that this process does not write to.
const (
	sweepEvery = 30 * time.Second
	idleTime   = 10 * time.Minute
	// watchEvery is how often a stream is read that somebody listens to, so that it is not forgotten.
	watchEvery = unusedTTL / 4
)

// wasteBytes is how much JetStream keeps at least of what it could let go of, before it is told.
const wasteBytes = 256 << 10

// discard lets go of a message that another has replaced. Where that fails it goes with its time.
func (b *Backend) discard(topic string, seq uint64) {
	if seq == 0 {
		return
	}
	b.later("let go of a message", func(ctx context.Context) error { return b.remove(ctx, b.family(topic), seq) })
}

// later does something that nobody waits for.
func (b *Backend) later(what string, do func(ctx context.Context) error) {
	go func() {
		ctx, cancel := context.WithTimeout(b.closing, callTimeout)
		defer cancel()
		if err := do(ctx); err != nil && b.closing.Err() == nil {
			slog.Debug("ws: "+what+" of NATS failed", "error", err)
		}
	}()
}

// tidy lets JetStream let go of records that are not kept any more, when it is worth it. It does so by itself where there are too
// many on one subject.
func (b *Backend) tidy(topic string) {
	s := b.streams.get(topic, b.family(topic))
	select {
	case s.turn <- struct{}{}:
	default:
		return // another appends, and will see to it
	}
	defer s.give()
	if s.waste < max(wasteBytes, s.ring.cost()/4) {
		return
	}
	s.waste = 0
	if !s.history.Latest && s.ring.kept == s.history.Messages {
		return // it has let go already
	}
	since, subjects := s.state.Since, recordSubjects(s.subjects, s.history.Latest)
	b.later("let go of records", func(ctx context.Context) error { return b.purge(ctx, s.family, subjects, since+1) })
}

// touch writes the state of a stream again, so that it does not get too old.
func (b *Backend) touch(ctx context.Context, topic string) error {
	_, err := b.change(ctx, topic, nil, func(s *stream, _ int64) (*draft, error) {
		d := &draft{kind: kindNote, state: s.state}
		switch {
		case s.seq == 0:
			return nil, nil
		case s.state.unused() && s.state.Lease == 0:
			d.ttl = unusedTTL
		}
		return d, nil
	})
	return err
}

// sweep looks now and then for what has expired.
func (b *Backend) sweep() {
	defer b.work.Done()
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			b.sweepOnce()
		case <-b.closing.Done():
			return
		}
	}
}

// watch takes note of a stream that was read, where somebody listens to it.
func (b *Backend) watch(topic string, h ws.History) {
	b.mu.Lock()
	listens := b.subs[topic] != nil
	b.mu.Unlock()
	if listens {
		b.streams.watch(topic, h)
	} else {
		b.streams.leave(topic) // which a reading that was under way may have undone
	}
}

// sweepOnce lets go of records whose time is over, and of what is known of streams that are not written to any more. Of what it
// cannot reach it will be reminded by the next round, or by JetStream.
func (b *Backend) sweepOnce() {
	for _, s := range b.streams.all() {
		if b.closing.Err() != nil || b.Ready() != nil {
			return
		}
		ctx, cancel := context.WithTimeout(b.closing, callTimeout)
		if err := b.sweepStream(ctx, s); err != nil {
			slog.Debug("ws: expired records not let go of", "topic", s.topic, "error", err)
		}
		cancel()
	}
	for topic, h := range b.streams.old(watchEvery) {
		if b.closing.Err() != nil || b.Ready() != nil {
			return
		}
		if _, err := b.Read(b.closing, topic, h, 0, 0); err != nil { // which makes sure that it stays
			slog.Debug("ws: a stream that is listened to cannot be read", "topic", topic, "error", err)
		}
	}
}

// sweepStream does it for one stream.
func (b *Backend) sweepStream(ctx context.Context, s *stream) error {
	select {
	case s.turn <- struct{}{}:
	default:
		return nil // somebody writes to it
	}
	expired := s.ring.expired(s.history, s.family.now())
	if time.Since(s.used) > idleTime && !expired && (s.ring.kept == 0 || s.ring.kept == 1 && s.state.End) {
		b.streams.drop(s)
	}
	s.give()
	if !expired {
		return nil
	}
	var since uint64
	m, err := b.change(ctx, s.topic, nil, func(s *stream, now int64) (*draft, error) {
		st := s.state
		if st.Since, st.First = s.ring.trim(s.history, st.Since, now, nil); st.Since == s.state.Since || s.ringSeq != s.seq {
			return nil, nil
		}
		since = st.Since
		return &draft{kind: kindNote, state: st}, nil
	})
	if err != nil || m == nil {
		return err
	}
	return b.purge(ctx, s.family, recordSubjects(s.subjects, s.history.Latest), since+1)
}
