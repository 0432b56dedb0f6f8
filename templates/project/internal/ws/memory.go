package ws

import (
	"context"
	"sync"
	"time"
)

// memoryBackend is the Backend of a layer within one process, and its Log: what is published or appended is delivered before
// the call returns. Its zero value is ready for Start.
type memoryBackend struct {
	deliver func(topic string, e Envelope)
	now     func() time.Duration // since some moment; it never jumps, whatever is done to the clock of the machine

	mu         sync.RWMutex // guards the rest; never held while something is delivered
	closed     bool
	subscribed map[string]struct{} // topics
	streams    map[string]*memoryStream
	epoch      string      // of the streams that are made next; "" for one that there never was
	sweeper    *time.Timer // runs while there are streams
}

func (b *memoryBackend) Start(deliver func(topic string, e Envelope)) error {
	b.deliver = deliver
	if b.now == nil {
		began := time.Now()
		b.now = func() time.Duration { return time.Since(began) } // of the monotonic clock
	}
	b.subscribed = make(map[string]struct{})
	b.streams = make(map[string]*memoryStream)
	return nil
}

func (b *memoryBackend) Publish(_ context.Context, topic string, e Envelope) error {
	b.mu.RLock()
	closed := b.closed
	b.mu.RUnlock()
	if closed {
		return ErrLayerClosed
	}
	b.deliver(topic, e)
	return nil
}

// Subscribe only takes note that somebody watches, for the streams: the layer itself knows which groups have members.
func (b *memoryBackend) Subscribe(_ context.Context, topic string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrLayerClosed
	}
	b.subscribed[topic] = struct{}{}
	return nil
}

func (b *memoryBackend) Unsubscribe(_ context.Context, topic string) error {
	b.mu.Lock()
	s := b.streams[topic]
	delete(b.subscribed, topic)
	b.mu.Unlock()
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touched = b.now() // who watched may come back
	if s.unused() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.remove(topic, s)
	}
	return nil
}

func (b *memoryBackend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	clear(b.streams)
	clear(b.subscribed)
	if b.sweeper != nil {
		b.sweeper.Stop()
	}
	return nil
}
