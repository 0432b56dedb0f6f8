package redislayer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/envelope"

	"github.com/redis/rueidis"
)

// pageBytes is how much of data and keys one page of records holds, if it is more than one record.
const pageBytes = 64 << 10

// maxOffset is above all offsets: the script counts in floating point.
const maxOffset = 1 << 53

// Append implements [ws.Log].
func (b *Backend) Append(ctx context.Context, topic string, a ws.Append) (ws.Position, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p := b.part(topic)
	e := a.Envelope
	e.Epoch, e.Offset = "", 0
	latest := "0"
	if a.History.Latest {
		latest = "1"
	}
	answer, err := b.run(ctx, p, opAppend, topic, b.channel(p, topic), a.Owner,
		strconv.Itoa(a.History.Messages), strconv.Itoa(a.History.Bytes), millis(a.History.TTL), latest,
		e.Key, strconv.Itoa(len(e.Data)+len(e.Key)), string(e.End), rueidis.BinaryString(envelope.Append(nil, e)))
	return b.position(ctx, "append", topic, answer, err)
}

// Save implements [ws.Log].
func (b *Backend) Save(ctx context.Context, topic string, a ws.Append) (ws.Position, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	e := ws.Envelope{Data: a.Envelope.Data, Binary: a.Envelope.Binary}
	answer, err := b.run(ctx, b.part(topic), opSave, topic, a.Owner, millis(a.History.TTL), rueidis.BinaryString(envelope.Append(nil, e)))
	return b.position(ctx, "save", topic, answer, err)
}

// position returns the position that an answer of append or save tells.
func (b *Backend) position(ctx context.Context, what, topic string, answer rueidis.RedisMessage, err error) (ws.Position, error) {
	if err != nil {
		return ws.Position{}, b.explain(ctx, what, err)
	}
	b.part(topic).link.used(topic)
	values, err := answer.ToArray()
	if err != nil || len(values) != 2 {
		return ws.Position{}, fmt.Errorf("redis: %s: %w", what, errAnswer)
	}
	r := reader{values: values}
	position := ws.Position{Epoch: r.text(), Offset: r.number()}
	return position, b.explain(ctx, what, r.err)
}

// Read implements [ws.Log].
func (b *Backend) Read(ctx context.Context, topic string, h ws.History, after uint64, limit int) (ws.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p := b.part(topic)
	answer, err := b.run(ctx, p, opRead, topic, strconv.Itoa(h.Messages), strconv.Itoa(h.Bytes), millis(h.TTL),
		strconv.FormatUint(min(after, maxOffset), 10), strconv.Itoa(min(limit, math.MaxInt32)), strconv.Itoa(pageBytes))
	if err != nil {
		return ws.Page{}, b.explain(ctx, "read", err)
	}
	p.link.used(topic)
	values, err := answer.ToArray()
	if err != nil {
		return ws.Page{}, fmt.Errorf("redis: read: %w", err)
	}
	if len(values) == 0 {
		return ws.Page{}, nil
	}
	page, err := parsePage(values)
	return page, b.explain(ctx, "read", err)
}

// parsePage returns the page that the script's operation read tells.
func parsePage(values []rueidis.RedisMessage) (ws.Page, error) {
	r := reader{values: values}
	page := ws.Page{Epoch: r.text(), Top: r.number(), Since: r.number(), Owner: r.text(), Lapsed: r.number() == 1}
	page.Snapshot = r.optional(r.number(), page.Epoch)
	if id := r.text(); id != "" {
		offset, _, _ := strings.Cut(id, "-")
		n, err := strconv.ParseUint(offset, 10, 64)
		r.fail(err)
		page.End = r.optional(n, page.Epoch)
	} else {
		r.text()
	}
	if n := len(r.values) / 2; n > 0 {
		page.Records = make([]ws.Envelope, 0, n)
	}
	for r.err == nil && len(r.values) > 0 {
		if e := r.optional(r.number(), page.Epoch); e != nil {
			page.Records = append(page.Records, *e)
		}
	}
	return page, r.err
}

// errAnswer is why an answer of the script cannot be read.
var errAnswer = errors.New("the answer of the script has another form")

// reader takes the values of an answer one by one.
type reader struct {
	values []rueidis.RedisMessage
	err    error // of the first that was not as it should be
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// next takes a value.
func (r *reader) next() (v rueidis.RedisMessage) {
	if len(r.values) == 0 {
		r.fail(errAnswer)
		return v
	}
	v, r.values = r.values[0], r.values[1:]
	return v
}

func (r *reader) text() string {
	v := r.next()
	if r.err != nil {
		return ""
	}
	text, err := v.ToString()
	r.fail(err)
	return text
}

func (r *reader) number() uint64 {
	v := r.next()
	if r.err != nil {
		return 0
	}
	n, err := v.AsUint64()
	r.fail(err)
	return n
}

// optional takes an envelope, or nil.
func (r *reader) optional(offset uint64, epoch string) *ws.Envelope {
	v := r.next()
	if r.err != nil || v.IsNil() {
		return nil
	}
	text, err := v.ToString()
	r.fail(err)
	e, err := envelope.Parse([]byte(text))
	r.fail(err)
	e.Epoch, e.Offset = epoch, offset
	return &e
}

// Lease implements [ws.Log].
func (b *Backend) Lease(ctx context.Context, topic, owner string, d time.Duration) (ws.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := b.run(ctx, b.part(topic), opLease, topic, owner, millis(d))
	if err != nil {
		return ws.Lease{}, b.explain(ctx, "lease", err)
	}
	n, err := answer.AsInt64()
	return ws.Lease{Cancelled: n == 1}, b.explain(ctx, "lease", err)
}

// Cancel implements [ws.Log].
func (b *Backend) Cancel(ctx context.Context, topic string) error {
	return b.do(ctx, opCancel, topic)
}

// Release implements [ws.Log].
func (b *Backend) Release(ctx context.Context, topic, owner string) error {
	return b.do(ctx, opRelease, topic, owner)
}

// Forget implements [ws.Log].
func (b *Backend) Forget(ctx context.Context, topic string) error {
	return b.do(ctx, opForget, topic)
}

// do runs an operation that tells nothing.
func (b *Backend) do(ctx context.Context, op, topic string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := b.run(ctx, b.part(topic), op, topic, args...)
	return b.explain(ctx, op, err)
}

// Lapsed implements [ws.Log].
func (b *Backend) Lapsed(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var topics []string
	for _, p := range b.parts {
		answer, err := b.run(ctx, p, opLapsed, "")
		if err != nil {
			return topics, b.explain(ctx, "lapsed", err)
		}
		some, err := answer.AsStrSlice()
		if err != nil {
			return topics, b.explain(ctx, "lapsed", err)
		}
		topics = append(topics, some...)
	}
	return topics, nil
}

// millis returns a duration in milliseconds, and never none.
func millis(d time.Duration) string {
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}
