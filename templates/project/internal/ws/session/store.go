package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// Store keeps values until they expire. Its keys are hashes of 43 characters; no key tells the cookie that it belongs to. A store
// that several processes share makes a session hold in all of them. Its methods are safe for concurrent use.
//
// The backend of the service's layer is the store where it has these methods, otherwise the memory of the process is.
type Store interface {
	// GetValue returns the value of a key, and reports whether there is one.
	GetValue(ctx context.Context, key string) (value []byte, ok bool, err error)
	// SetValue sets the value of a key until it expires. With replace it does nothing where the key has no value: what was
	// deleted meanwhile does not come back.
	SetValue(ctx context.Context, key string, value []byte, expires time.Time, replace bool) error
	// DeleteValue removes a key. One that is not there is no error.
	DeleteValue(ctx context.Context, key string) error
}

// memoryStore is a Store in the memory of the process. The zero value is empty.
type memoryStore struct {
	mu      sync.Mutex // guards the rest
	values  map[string]memoryValue
	cleanAt int // how many values there are when the expired ones are thrown away
}

type memoryValue struct {
	data    []byte
	expires time.Time
}

// fewValues is how many values are kept without a look at which have expired.
const fewValues = 1024

func (m *memoryStore) GetValue(_ context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[key]
	if !ok || !time.Now().Before(v.expires) {
		return nil, false, nil
	}
	return v.data, true, nil
}

func (m *memoryStore) SetValue(_ context.Context, key string, data []byte, expires time.Time, replace bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.values[key]; replace && !ok {
		return nil
	}
	if m.values == nil {
		m.values = make(map[string]memoryValue)
	}
	m.values[key] = memoryValue{data: data, expires: expires}
	if len(m.values) > max(m.cleanAt, fewValues) {
		m.clean()
	}
	return nil
}

// clean throws away what has expired; m.mu is held. It is called each time the number has doubled, and so costs each value little.
func (m *memoryStore) clean() {
	now := time.Now()
	for key, v := range m.values {
		if !now.Before(v.expires) {
			delete(m.values, key)
		}
	}
	m.cleanAt = 2 * len(m.values)
}

func (m *memoryStore) DeleteValue(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

// records is the scs.CtxStore over a Store. It puts the moment of expiry before each value, so that a socket can learn when its
// session is over; it keeps a session under the hash of its token, so that who can read the store cannot sign in with what is
// there; and it makes the saving of a session that was loaded a replacement, so that a request that is under way does
// not bring back what another has signed out.
type records struct{ Store }

// errNoContext is what the methods without a context return, which package scs does not call where there are those with one.
var errNoContext = errors.New("session: the store needs a context")

func (records) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (records) Commit(string, []byte, time.Time) error { return errNoContext }
func (records) Delete(string) error                    { return errNoContext }

// keyOf returns the key of a session, by the token that its cookie holds.
func keyOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// FindCtx implements scs.CtxStore.
func (s records) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	key := keyOf(token)
	data, expires, ok, err := s.read(ctx, key)
	v := visitOf(ctx)
	switch {
	case err != nil:
		v.failed = true
	case ok:
		v.loaded, v.expires = key, expires
	}
	return data, ok, err
}

// read returns what is kept of a session, and until when it holds.
func (s records) read(ctx context.Context, key string) (data []byte, expires time.Time, ok bool, err error) {
	value, ok, err := s.GetValue(ctx, key)
	if err != nil || !ok || len(value) < 8 {
		return nil, time.Time{}, false, err
	}
	expires = time.Unix(0, int64(binary.BigEndian.Uint64(value)))
	if !time.Now().Before(expires) {
		return nil, time.Time{}, false, nil
	}
	return value[8:], expires, true, nil
}

// expiry returns until when a session holds, and reports whether it does.
func (s records) expiry(ctx context.Context, key string) (time.Time, bool, error) {
	_, expires, ok, err := s.read(ctx, key)
	return expires, ok, err
}

// CommitCtx implements scs.CtxStore.
func (s records) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	value := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(data)), uint64(expires.UnixNano()))
	key := keyOf(token)
	return s.SetValue(ctx, key, append(value, data...), expires, key == visitOf(ctx).loaded)
}

// DeleteCtx implements scs.CtxStore.
func (s records) DeleteCtx(ctx context.Context, token string) error {
	return s.DeleteValue(ctx, keyOf(token))
}
