package natslayer

import (
	"context"
	"errors"
	"sync"

	"github.com/nats-io/nats.go"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/envelope"
)

// subject returns the subject of a topic.
func (b *Backend) subject(topic string) string { return b.config.Prefix + ".g." + token(topic) }

// Publish implements [ws.Backend].
func (b *Backend) Publish(ctx context.Context, topic string, e ws.Envelope) error {
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	data := envelope.Append(nil, e)
	for try := 0; ; try++ {
		connection := b.flush.connection()
		if err = b.conn.Publish(b.subject(topic), data); err == nil {
			err = b.flush.taken(ctx, connection)
		}
		if !unsent(err) || pause(ctx, try) != nil {
			return b.fault(ctx, "publish", err)
		}
	}
}

// Subscribe implements [ws.Backend].
func (b *Backend) Subscribe(ctx context.Context, topic string) error {
	ctx, cancel, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	b.mu.Lock()
	if b.subs[topic] != nil {
		b.mu.Unlock()
		return nil
	}
	sub, err := b.conn.ChanSubscribe(b.subject(topic), b.inbox.arrivals)
	if err == nil {
		b.subs[topic], b.topics[sub] = sub, topic
	}
	b.mu.Unlock()
	if err == nil {
		_, err = b.flush.wait(ctx)
	}
	if err != nil && sub != nil {
		_ = b.forget(topic) // the first error says it all
	}
	return b.fault(ctx, "subscribe", err)
}

// Unsubscribe implements [ws.Backend].
func (b *Backend) Unsubscribe(ctx context.Context, topic string) error {
	if b.closing.Err() != nil {
		return ws.ErrLayerClosed
	}
	b.streams.leave(topic)
	// Without a connection there is nothing to wait for: the server has forgotten it, and it is not made again.
	return b.fault(ctx, "unsubscribe", b.forget(topic))
}

// forget ends a subscription.
func (b *Backend) forget(topic string) error {
	b.mu.Lock()
	sub := b.subs[topic]
	delete(b.subs, topic)
	delete(b.topics, sub)
	b.mu.Unlock()
	if sub == nil {
		return nil
	}
	if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrBadSubscription) {
		return err
	}
	return nil
}

// topicOf returns the topic of a subscription, unless it has ended.
func (b *Backend) topicOf(sub *nats.Subscription) (topic string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	topic, ok = b.topics[sub]
	return topic, ok
}

// flusher waits until the server has taken what was sent to it: one answer serves all who wait.
type flusher struct {
	conn *nats.Conn
	bind func(context.Context) (context.Context, context.CancelFunc) // to the connection

	mu      sync.Mutex // guards the rest
	next    *round     // of those who have come since the last began
	running bool
}

// round is one answer of the server.
type round struct {
	done       chan struct{}
	connection uint64 // on which the server has answered; set, as is err, before done is closed
	err        error
}

// errConnection is why it is not known whether a message has left.
var errConnection = errors.New("the connection to NATS was lost meanwhile")

// connection returns the number of the connection, which changes when it is lost.
func (f *flusher) connection() uint64 { return f.conn.Stats().Reconnects }

// taken returns nil when the server has taken all that this goroutine has sent on a connection. It is an error where the server has
// answered on another one: what had not left by then was let go of.
func (f *flusher) taken(ctx context.Context, connection uint64) error {
	r, err := f.wait(ctx)
	if err == nil && r.connection != connection {
		err = errConnection
	}
	return err
}

// wait waits for an answer of the server.
func (f *flusher) wait(ctx context.Context) (*round, error) {
	f.mu.Lock()
	if f.next == nil {
		f.next = &round{done: make(chan struct{})}
	}
	r := f.next
	if !f.running {
		f.running = true
		go f.run()
	}
	f.mu.Unlock()
	select {
	case <-r.done:
		return r, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// run makes rounds as long as somebody waits.
func (f *flusher) run() {
	for {
		f.mu.Lock()
		r := f.next
		f.next = nil
		if r == nil {
			f.running = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		r.err = f.ask()
		r.connection = f.connection()
		close(r.done)
	}
}

// ask returns nil when the server has answered, and an error as soon as it is clear that it will not.
func (f *flusher) ask() error {
	ctx, timeout := context.WithTimeoutCause(context.Background(), callTimeout, errTimeout)
	defer timeout()
	ctx, cancel := f.bind(ctx)
	defer cancel()
	if ctx.Err() == nil {
		if f.conn.FlushWithContext(ctx) == nil {
			return nil
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return errConnection
}
