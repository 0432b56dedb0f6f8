package redislayer

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

// GetValue returns what SetValue has kept under a key. Where there is nothing, or it has expired, found is false.
func (b *Backend) GetValue(ctx context.Context, key string) (value []byte, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := b.command(ctx, b.client.B().Get().Key(b.valueKey(key)).Build())
	if rueidis.IsRedisNil(err) {
		return nil, false, nil
	}
	if err == nil {
		value, err = answer.AsBytes()
	}
	return value, err == nil, b.explain(ctx, "get", err)
}

// SetValue keeps a value for all processes of the service until it expires. With replace it does so only where the key has a
// value; otherwise nothing happens, and that is no error. Keys are of letters, digits, '-' and '_'.
func (b *Backend) SetValue(ctx context.Context, key string, value []byte, expires time.Time, replace bool) error {
	left := time.Until(expires)
	if left < time.Millisecond {
		return b.DeleteValue(ctx, key)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	set := b.client.B().Set().Key(b.valueKey(key)).Value(string(value))
	cmd := set.Px(left).Build()
	if replace {
		cmd = b.client.B().Set().Key(b.valueKey(key)).Value(string(value)).Xx().Px(left).Build()
	}
	_, err := b.command(ctx, cmd)
	if rueidis.IsRedisNil(err) {
		return nil // there was nothing to replace
	}
	return b.explain(ctx, "set", err)
}

// DeleteValue forgets a value. Where there is none, nothing happens.
func (b *Backend) DeleteValue(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := b.command(ctx, b.client.B().Del().Key(b.valueKey(key)).Build())
	return b.explain(ctx, "delete", err)
}

// valueKey returns the key of a value: its own slot of a cluster, so that values spread over it.
func (b *Backend) valueKey(key string) string { return b.config.Prefix + ":value:" + key }
