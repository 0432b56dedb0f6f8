package natslayer

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Lapsed implements [ws.Log].
func (b *Backend) Lapsed(ctx context.Context) ([]string, error) {
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	families, err := b.families(ctx)
	if err != nil {
		return nil, b.fault(ctx, "list streams", err)
	}
	var topics []string
	for _, f := range families {
		found, err := b.lapsedOf(ctx, f)
		for try := 0; unsent(err) && pause(ctx, try) == nil; try++ {
			found, err = b.lapsedOf(ctx, f)
		}
		if err != nil {
			return topics, b.fault(ctx, "list leases", err)
		}
		topics = append(topics, found...)
	}
	return topics, nil
}

// families returns all that JetStream has, of whichever process.
func (b *Backend) families(ctx context.Context) ([]*family, error) {
	names := b.js.StreamNames(ctx, jetstream.WithStreamListSubject(b.config.Prefix+".s.>"))
	var all []*family
	for name := range names.Name() {
		if t, ok := strings.CutPrefix(name, b.config.Prefix+"="); ok {
			if family, ok := untoken(t); ok {
				all = append(all, b.familyNamed(family))
			}
		}
	}
	return all, names.Err()
}

// lapsedOf returns the topics of a family whose lease has lapsed. Every lease that was ever given has a message, until it is found
// here that it was given back.
func (b *Backend) lapsedOf(ctx context.Context, f *family) (topics []string, err error) {
	if err := b.ensure(ctx, f, nil); err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	for seq := uint64(1); ; {
		leases, err := b.batch(ctx, f, query{Seq: seq, NextFor: f.prefix + "*." + string(kindOwner), Batch: ringBatch})
		if err != nil || len(leases) == 0 {
			return topics, err
		}
		for _, m := range leases {
			seq = m.seq + 1
			topic, ok := untoken(m.topic)
			if !ok || seen[topic] {
				continue
			}
			seen[topic] = true
			lapsed, err := b.isLapsed(ctx, f, m)
			if err != nil {
				return topics, err
			}
			if lapsed {
				topics = append(topics, topic)
			}
		}
	}
}

// isLapsed reports whether the lease of a topic has lapsed that was given once. Where it was given back the message goes.
func (b *Backend) isLapsed(ctx context.Context, f *family, lease *message) (bool, error) {
	m, err := b.head(ctx, f, f.prefix+lease.topic+".>")
	if errors.Is(err, errGone) {
		return false, nil // forgotten meanwhile
	}
	if err != nil {
		return false, err
	}
	now := f.now()
	if m.state.held(now) {
		return false, nil
	}
	if m.state.lapsed(now) {
		return true, nil
	}
	if m.seq > lease.seq {
		err = b.remove(ctx, f, lease.seq)
	}
	return false, err
}
