package ws

import (
	"context"
	"sync"
)

// memoryBackend is the Backend of a layer within one process: what is published is delivered before Publish returns.
type memoryBackend struct {
	mu      sync.RWMutex // guards closed
	closed  bool
	deliver func(topic string, e Envelope)
}

func (b *memoryBackend) Start(deliver func(topic string, e Envelope)) error {
	b.deliver = deliver
	return nil
}

func (b *memoryBackend) Publish(_ context.Context, topic string, e Envelope) error {
	if err := b.open(); err != nil {
		return err
	}
	b.deliver(topic, e)
	return nil
}

// Subscribe has nothing to do: the layer itself knows which groups have members.
func (b *memoryBackend) Subscribe(context.Context, string) error { return b.open() }

func (b *memoryBackend) Unsubscribe(context.Context, string) error { return nil }

func (b *memoryBackend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

// open reports whether the backend is closed.
func (b *memoryBackend) open() error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return ErrLayerClosed
	}
	return nil
}
