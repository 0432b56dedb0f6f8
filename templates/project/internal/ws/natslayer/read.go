package natslayer

import (
	"context"
	"errors"
	"math"
	"time"

	"wsgen/templates/project/internal/ws"
)

// One page.
const (
	pageBytes   = 64 << 10 // of data and keys, if it is more than one record
	pageRecords = 512
)

// errMoved says that something was let go of between two questions.
var errMoved = errors.New("the stream changes all the time")

// Read implements [ws.Log]. The records are read first, and then the state, so that it tells of what is missing among them.
func (b *Backend) Read(ctx context.Context, topic string, h ws.History, after uint64, limit int) (ws.Page, error) {
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return ws.Page{}, err
	}
	defer cancel()
	f := b.family(topic)
	r := reader{backend: b, family: f, topic: topic, subjects: f.prefix + token(topic) + ".", history: h, after: after, limit: limit}
	for try := 0; ; try++ {
		page, err := r.read(ctx)
		switch {
		case err == nil:
			return page, nil
		case errors.Is(err, errMoved) && pause(ctx, try) == nil:
		case unsent(err) && pause(ctx, try) == nil:
			f.doubt()
		default:
			return ws.Page{}, b.fault(ctx, "read a stream", err)
		}
	}
}

// reader reads one page.
type reader struct {
	backend  *Backend
	family   *family
	topic    string
	subjects string // of the topic, with the point at the end
	history  ws.History
	after    uint64
	limit    int

	now     int64
	records []*message
	head    *message // the newest message
}

// read makes one attempt.
func (r *reader) read(ctx context.Context) (ws.Page, error) {
	b := r.backend
	if err := b.ensure(ctx, r.family, &r.history); err != nil {
		return ws.Page{}, err
	}
	b.askTime(ctx, r.family)
	b.watch(r.topic, r.history)
	var err error
	if r.records, err = r.readRecords(ctx, r.after); err != nil {
		return ws.Page{}, err
	}
	r.head, err = b.head(ctx, r.family, r.subjects+">")
	switch {
	case errors.Is(err, errGone) && r.limit < 0:
		return ws.Page{}, nil
	case errors.Is(err, errGone):
		return r.born(ctx)
	case err != nil:
		return ws.Page{}, err
	}
	if err := r.refresh(ctx); err != nil {
		return ws.Page{}, err
	}
	r.now = r.family.now()
	st := &r.head.state
	page := ws.Page{Epoch: st.Epoch, Top: st.Top, Lapsed: st.lapsed(r.now)}
	if st.held(r.now) {
		page.Owner = st.Owner
	}
	if page.Since, err = r.since(ctx); err != nil {
		return ws.Page{}, err
	}
	if page.Records, err = r.page(ctx, page.Since); err != nil {
		return ws.Page{}, err
	}
	if page.End, err = r.end(ctx, page.Since); err != nil {
		return ws.Page{}, err
	}
	page.Snapshot, err = r.snapshot(ctx)
	return page, err
}

// recordSubjects are those of the topic's records.
func (r *reader) recordSubjects() string { return recordSubjects(r.subjects, r.history.Latest) }

// readRecords reads records behind an offset, as many as a page has room for, or a few more.
func (r *reader) readRecords(ctx context.Context, after uint64) ([]*message, error) {
	if r.limit <= 0 || after >= math.MaxInt64 {
		return nil, nil
	}
	q := query{Seq: after + 1, NextFor: r.recordSubjects(), Batch: min(r.limit, pageRecords), MaxBytes: pageBytes}
	return r.backend.batch(ctx, r.family, q)
}

// born writes down that the stream is there, so that it keeps its epoch, and returns the page of nothing.
func (r *reader) born(ctx context.Context) (ws.Page, error) {
	_, err := r.backend.change(ctx, r.topic, nil, func(s *stream, _ int64) (*draft, error) {
		if s.seq > 0 {
			return nil, nil // somebody else was faster
		}
		return begun(), nil
	})
	if err == nil {
		err = errMoved // it is there now
	}
	return ws.Page{}, err
}

// refresh writes the state again where it gets so old that JetStream would let go of it, although somebody asks for it.
func (r *reader) refresh(ctx context.Context) error {
	age := time.Duration(r.family.now()-r.head.at) * time.Millisecond
	if r.limit < 0 || age < unusedTTL/2 || age < rewriteAt && !r.head.state.unused() {
		return nil
	}
	return r.backend.touch(ctx, r.topic)
}

// since returns ws.Page.Since: what the state says, or more, where the time of records is over.
func (r *reader) since(ctx context.Context) (uint64, error) {
	since, err := r.sinceByTime(ctx)
	if n := len(r.records); n > 0 && !r.history.Latest && since < r.head.state.Top && r.records[0].state.Epoch == r.head.state.Epoch {
		// Where the stream is changed to keep less, JetStream lets go of records before any state says so.
		if prev := r.records[0].prev; prev > r.after && r.records[0].seq <= r.head.state.Top {
			since = max(since, prev)
		}
	}
	return since, err
}

// sinceByTime returns it without what JetStream may have let go of by itself.
func (r *reader) sinceByTime(ctx context.Context) (uint64, error) {
	st := &r.head.state
	ttl := life(r.history, false)
	if st.Since >= st.Top || st.First > r.now-ttl+int64(time.Second/time.Millisecond) {
		return st.Since, nil
	}
	over := time.UnixMilli(r.now - ttl + 1).UTC().Format(time.RFC3339Nano)
	first, err := r.backend.get(ctx, r.family, query{StartTime: over, NextFor: r.recordSubjects()})
	if errors.Is(err, errGone) {
		first, err = r.pinned(ctx)
	}
	switch {
	case err != nil:
		return 0, err
	case first == nil:
		return st.Top, nil
	case !r.history.Latest:
		return max(st.Since, first.prev), nil
	}
	return r.sinceBefore(ctx, first.seq)
}

// pinned returns the end of the stream where it outlives the records before it, or nil.
func (r *reader) pinned(ctx context.Context) (*message, error) {
	if !r.head.state.End {
		return nil, nil
	}
	end, err := r.newestRecord(ctx)
	if err != nil || r.now-end.at >= life(r.history, true) {
		return nil, err
	}
	return end, nil
}

// sinceBefore returns the offset of the last record before another, or what the state says.
func (r *reader) sinceBefore(ctx context.Context, seq uint64) (uint64, error) {
	since := r.head.state.Since
	for {
		records, err := r.backend.batch(ctx, r.family, query{Seq: since + 1, NextFor: r.recordSubjects(), Batch: pageRecords, MaxBytes: 1 << 20})
		if err != nil || len(records) == 0 {
			return since, err
		}
		for _, m := range records {
			if m.seq >= seq {
				return since, nil
			}
			since = m.seq
		}
	}
}

// newestRecord returns the newest record.
func (r *reader) newestRecord(ctx context.Context) (*message, error) {
	top := r.head.state.Top
	if r.head.seq == top {
		return r.head, nil
	}
	if n := len(r.records); n > 0 && r.records[n-1].seq == top {
		return r.records[n-1], nil
	}
	return r.message(ctx, top)
}

// message returns a message that the state speaks of.
func (r *reader) message(ctx context.Context, seq uint64) (*message, error) {
	m, err := r.backend.get(ctx, r.family, query{Seq: seq})
	if errors.Is(err, errGone) {
		return nil, errMoved
	}
	return m, err
}

// page returns the records that are kept, as many as a page holds.
func (r *reader) page(ctx context.Context, since uint64) (records []ws.Envelope, err error) {
	if r.limit <= 0 || since >= r.head.state.Top || r.after >= r.head.state.Top {
		return nil, nil
	}
	if r.after < since && (len(r.records) == 0 || r.records[0].seq <= since) {
		if r.records, err = r.readRecords(ctx, since); err != nil {
			return nil, err
		}
	}
	size := 0
	for _, m := range r.records {
		if m.seq <= since || m.seq > r.head.state.Top || m.state.Epoch != r.head.state.Epoch {
			continue
		}
		e, err := m.envelope()
		if err != nil {
			return nil, err
		}
		if size += len(e.Data) + len(e.Key); size > pageBytes && len(records) > 0 {
			break
		}
		records = append(records, e)
	}
	if len(records) == 0 {
		return nil, errMoved // something is kept, and was replaced meanwhile
	}
	return records, nil
}

// end returns the record that ended the stream, if it is kept.
func (r *reader) end(ctx context.Context, since uint64) (*ws.Envelope, error) {
	st := &r.head.state
	if !st.End || st.Top <= since {
		return nil, nil
	}
	m, err := r.newestRecord(ctx)
	if err != nil {
		return nil, err
	}
	e, err := m.envelope()
	return &e, err
}

// snapshot returns what was last saved, if it is kept.
func (r *reader) snapshot(ctx context.Context) (*ws.Envelope, error) {
	st := &r.head.state
	if st.Snapshot == 0 || st.Owner == "" && r.now-st.SnapshotAt >= resultTTL {
		return nil, nil
	}
	m := r.head
	if m.seq != st.Snapshot {
		var err error
		if m, err = r.message(ctx, st.Snapshot); err != nil {
			return nil, err
		}
	}
	e, err := m.envelope()
	return &e, err
}
