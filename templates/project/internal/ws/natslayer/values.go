package natslayer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// expiresHeader holds when a value expires, in milliseconds since 1970. JetStream lets go of it some time after that.
const expiresHeader = "Wsgen-Expires"

// GetValue returns what SetValue has kept under a key. Where there is nothing, or it has expired, found is false.
func (b *Backend) GetValue(ctx context.Context, key string) (value []byte, found bool, err error) {
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return nil, false, err
	}
	defer cancel()
	v, err := b.value(ctx, key)
	if err != nil {
		return nil, false, b.fault(ctx, "get a value", err)
	}
	return v.data, v.found, nil
}

// SetValue keeps a value for all processes of the service until it expires. With replace it does so only where the key has a
// value; otherwise nothing happens, and that is no error. Keys are of letters, digits, '-' and '_'.
func (b *Backend) SetValue(ctx context.Context, key string, value []byte, expires time.Time, replace bool) error {
	left := time.Until(expires)
	if left <= 0 {
		return b.DeleteValue(ctx, key)
	}
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	for {
		m := &nats.Msg{
			Subject: b.values().prefix + key,
			Header:  nats.Header{expiresHeader: {strconv.FormatInt(expires.UnixMilli(), 10)}},
			Data:    value,
		}
		// JetStream counts in seconds.
		options := []jetstream.PublishOpt{jetstream.WithMsgTTL(left.Truncate(time.Second) + 2*time.Second)}
		if replace {
			old, err := b.value(ctx, key)
			if err != nil || !old.found {
				return b.fault(ctx, "set a value", err)
			}
			options = append(options, jetstream.WithExpectLastSequencePerSubject(old.seq))
		} else if err := b.ensure(ctx, b.values(), nil); err != nil {
			return b.fault(ctx, "set a value", err)
		}
		if _, err = b.js.PublishMsg(ctx, m, options...); !conflicts(err) {
			return b.fault(ctx, "set a value", err)
		}
	}
}

// DeleteValue forgets a value. Where there is none, nothing happens.
func (b *Backend) DeleteValue(ctx context.Context, key string) error {
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	if err = b.ensure(ctx, b.values(), nil); err == nil {
		// A message that has expired takes its place: unlike a purge, it is ordered among those who replace the value.
		m := &nats.Msg{Subject: b.values().prefix + key, Header: nats.Header{expiresHeader: {"0"}}}
		_, err = b.js.PublishMsg(ctx, m, jetstream.WithMsgTTL(time.Minute))
	}
	return b.fault(ctx, "delete a value", err)
}

// value is a value as JetStream has it.
type value struct {
	data  []byte
	found bool
	seq   uint64
}

// value returns the value of a key. It asks the server that leads the stream: a value that was deleted must not come back.
func (b *Backend) value(ctx context.Context, key string) (value, error) {
	f := b.values()
	if err := b.ensure(ctx, f, nil); err != nil {
		return value{}, err
	}
	m, err := b.raw(ctx, f, query{LastFor: f.prefix + key})
	switch {
	case errors.Is(err, errGone):
		return value{}, nil
	case err != nil:
		return value{}, err
	}
	expires, err := strconv.ParseInt(m.Header.Get(expiresHeader), 10, 64)
	if err != nil {
		return value{}, fmt.Errorf("%s: %w", expiresHeader, err)
	}
	seq, err := strconv.ParseUint(m.Header.Get(sequenceHeader), 10, 64)
	if err != nil {
		return value{}, fmt.Errorf("%s: %w", sequenceHeader, err)
	}
	return value{data: m.Data, found: time.Now().UnixMilli() < expires, seq: seq}, nil
}

// valuesFamily stands for the stream of values among the families. It is the name of none, as that stream's is none's.
const valuesFamily = "\x00values"

// values returns the stream that keeps values.
func (b *Backend) values() *family {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.kept[valuesFamily]
	if f == nil {
		f = &family{name: b.config.Prefix + "==values", prefix: b.config.Prefix + ".v.", values: true}
		b.kept[valuesFamily] = f
	}
	return f
}
