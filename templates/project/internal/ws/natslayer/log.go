package natslayer

import (
	"context"
	"log/slog"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/envelope"
)

// Append implements [ws.Log].
func (b *Backend) Append(ctx context.Context, topic string, a ws.Append) (ws.Position, error) {
	e := ws.Envelope{Data: a.Envelope.Data, Binary: a.Envelope.Binary, Key: a.Envelope.Key, End: a.Envelope.End, Reason: a.Envelope.Reason}
	m, err := b.change(ctx, topic, &a.History, func(s *stream, now int64) (*draft, error) {
		st := s.after()
		if a.Owner != "" && !st.holds(a.Owner, now) {
			return nil, ws.ErrLease
		}
		e.Epoch = st.Epoch
		d := &draft{
			kind:  kindRecord,
			key:   keyToken(e.Key, a.History.Latest, s.seq),
			data:  envelope.Append(nil, e),
			entry: &entry{size: len(e.Data) + len(e.Key), key: e.Key, end: e.End != ""},
		}
		st.Since, st.First = s.ring.trim(a.History, st.Since, now, d.entry)
		st.End = e.End != ""
		if st.End && a.Owner != "" {
			st.giveBack(e.End == ws.JobInterrupted, now)
		}
		d.state = st
		return d, nil
	})
	if err != nil {
		return ws.Position{}, err
	}
	b.tidy(topic)
	return ws.Position{Epoch: m.state.Epoch, Offset: m.seq}, nil
}

// giveBack ends the lease with the end of what it stood for.
func (s *state) giveBack(interrupted bool, now int64) {
	s.Owner, s.Until, s.Cancelled = "", 0, false
	s.Lapsed, s.LapsedAt = interrupted, now
	s.SnapshotAt = now
}

// Save implements [ws.Log].
func (b *Backend) Save(ctx context.Context, topic string, a ws.Append) (ws.Position, error) {
	var before uint64
	m, err := b.change(ctx, topic, nil, func(s *stream, now int64) (*draft, error) {
		st := s.after()
		if a.Owner != "" && !st.holds(a.Owner, now) {
			return nil, ws.ErrLease
		}
		before = st.Snapshot
		st.SnapshotOf, st.SnapshotAt, st.SavedAt = st.Top, now, now
		e := ws.Envelope{Data: a.Envelope.Data, Binary: a.Envelope.Binary}
		return &draft{kind: kindSnapshot, data: envelope.Append(nil, e), state: st}, nil
	})
	if err != nil {
		return ws.Position{}, err
	}
	b.discard(topic, before)
	return ws.Position{Epoch: m.state.Epoch, Offset: m.state.Top}, nil
}

// Lease implements [ws.Log].
func (b *Backend) Lease(ctx context.Context, topic, owner string, d time.Duration) (ws.Lease, error) {
	var before, old uint64
	m, err := b.change(ctx, topic, nil, func(s *stream, now int64) (*draft, error) {
		st := s.after()
		if st.held(now) && st.Owner != owner {
			return nil, ws.ErrLease
		}
		if st.lapsed(now) && !st.Lapsed {
			st.Lapsed, st.LapsedAt = true, st.Until
		}
		before, old = st.Lease, 0
		if st.Snapshot > 0 && now-st.SavedAt > int64(rewriteAt/time.Millisecond) {
			old = st.Snapshot
		}
		st.Owner, st.Until = owner, now+max(1, d.Milliseconds())
		return &draft{kind: kindOwner, state: st}, nil
	})
	if err != nil {
		return ws.Lease{}, err
	}
	b.discard(topic, before)
	if old > 0 {
		b.saveAgain(ctx, topic, old)
	}
	return ws.Lease{Cancelled: m.state.Cancelled}, nil
}

// saveAgain writes a snapshot again that gets too old while its owner goes on. Where that fails the next renewal tries again.
func (b *Backend) saveAgain(ctx context.Context, topic string, seq uint64) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	m, err := b.get(ctx, b.family(topic), query{Seq: seq})
	if err == nil {
		_, err = b.change(ctx, topic, nil, func(s *stream, now int64) (*draft, error) {
			st := s.after()
			if st.Snapshot != seq {
				return nil, nil // there is a newer one
			}
			st.SavedAt = now
			return &draft{kind: kindSnapshot, data: m.data, state: st}, nil
		})
	}
	if err != nil {
		slog.Warn("ws: snapshot not written again", "topic", topic, "error", err)
		return
	}
	b.discard(topic, seq)
}

// Cancel implements [ws.Log].
func (b *Backend) Cancel(ctx context.Context, topic string) error {
	_, err := b.change(ctx, topic, nil, func(s *stream, now int64) (*draft, error) {
		st := s.state
		if st.Cancelled || !st.held(now) && !st.lapsed(now) {
			return nil, nil
		}
		st.Cancelled = true
		return &draft{kind: kindNote, state: st}, nil
	})
	return err
}

// Release implements [ws.Log].
func (b *Backend) Release(ctx context.Context, topic, owner string) error {
	_, err := b.change(ctx, topic, nil, func(s *stream, now int64) (*draft, error) {
		st := s.state
		if !st.holds(owner, now) {
			return nil, nil
		}
		st.Owner, st.Until, st.Cancelled = "", 0, st.Cancelled && st.Lapsed
		return &draft{kind: kindNote, state: st}, nil
	})
	return err
}

// Forget implements [ws.Log].
func (b *Backend) Forget(ctx context.Context, topic string) error {
	m, err := b.change(ctx, topic, nil, func(s *stream, now int64) (*draft, error) {
		switch {
		case s.state.held(now):
			return nil, ws.ErrLease
		case s.state.unused():
			return nil, nil
		}
		return begun(), nil
	})
	if err != nil || m == nil {
		return err
	}
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	f := b.family(topic)
	return b.fault(ctx, "forget a stream", b.purge(ctx, f, f.prefix+token(topic)+".>", m.seq))
}
