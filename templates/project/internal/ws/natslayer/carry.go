package natslayer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
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

// Messages that have arrived and were not handed on yet are bounded: beyond it, they are let go of, and who listens is told.
const (
	inboxMessages = 2048     // on the way to the inbox
	inboxBytes    = 32 << 20 // in it, and as many that are just handed on
)

// inbox is where messages wait for the layer. Its reader never waits, so that one group with many sockets does not hold up the
// connection, whose server would end it.
type inbox struct {
	arrivals chan *nats.Msg
	wake     chan struct{} // holds one when there is something to do

	mu    sync.Mutex // guards the rest
	queue []*nats.Msg
	bytes int
	lost  map[*nats.Subscription]bool // that have lost something, and have not been told
	all   bool                        // all of them
}

func (in *inbox) init() {
	in.arrivals = make(chan *nats.Msg, inboxMessages)
	in.wake = make(chan struct{}, 1)
	in.lost = make(map[*nats.Subscription]bool)
}

// put puts a message into the inbox, if there is room.
func (in *inbox) put(m *nats.Msg) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.bytes > inboxBytes {
		in.lost[m.Sub] = true
	} else {
		in.queue = append(in.queue, m)
		in.bytes += len(m.Data)
	}
	in.signal()
}

// signal has the dispatcher look.
func (in *inbox) signal() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// missed takes note that messages of a subscription were let go of.
func (in *inbox) missed(sub *nats.Subscription) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lost[sub] = true
	in.signal()
}

// missedAll takes note that messages of all subscriptions may be missing.
func (in *inbox) missedAll() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.all = true
	in.signal()
}

// next takes out what has arrived. Where that is nothing, it takes out who has lost something: the run of losses is over then, as
// there is room, so that the next one will be told anew.
func (in *inbox) next() (queue []*nats.Msg, lost map[*nats.Subscription]bool, all bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.queue) > 0 {
		queue, in.queue, in.bytes = in.queue, nil, 0
		return queue, nil, false
	}
	if len(in.arrivals) > 0 || len(in.lost) == 0 && !in.all {
		return nil, nil, false
	}
	lost, all = in.lost, in.all
	in.lost, in.all = make(map[*nats.Subscription]bool), false
	return nil, lost, all
}

// take moves what arrives into the inbox.
func (b *Backend) take() {
	defer b.work.Done()
	for {
		select {
		case m := <-b.inbox.arrivals:
			b.inbox.put(m)
		case <-b.ended:
			return
		}
	}
}

// dispatch hands on what has arrived.
func (b *Backend) dispatch() {
	defer b.work.Done()
	for {
		select {
		case <-b.inbox.wake:
		case <-b.ended:
			return
		}
		for {
			queue, lost, all := b.inbox.next()
			if len(queue) == 0 && len(lost) == 0 && !all {
				break
			}
			for _, m := range queue {
				b.hand(m)
			}
			b.tell(lost, all)
		}
	}
}

// hand hands one message to the layer.
func (b *Backend) hand(m *nats.Msg) {
	topic, ok := b.topicOf(m.Sub)
	if !ok {
		return
	}
	e, err := envelope.Parse(m.Data)
	if err == nil && len(m.Header) > 0 { // JetStream has kept it
		e.Offset, err = strconv.ParseUint(m.Header.Get(sequenceHeader), 10, 64)
	}
	if err != nil {
		slog.Error("ws: a message of another kind on a subject of the layer", "subject", m.Subject, "error", err)
		return
	}
	b.deliver(topic, e)
}

// tell tells who listens that something may be missing.
func (b *Backend) tell(lost map[*nats.Subscription]bool, all bool) {
	if len(lost) == 0 && !all {
		return
	}
	b.mu.Lock()
	var topics []string
	for sub, topic := range b.topics {
		if all || lost[sub] {
			topics = append(topics, topic)
		}
	}
	b.mu.Unlock()
	if !all {
		slog.Warn("ws: messages let go of, because more arrive than can be handed on", "groups", len(topics))
	}
	for _, topic := range topics {
		b.deliver(topic, ws.Envelope{Gap: true})
	}
}

// flusher waits until the server has taken what was sent to it: one answer serves all who wait.
type flusher struct {
	conn *nats.Conn

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
		if r.err = f.conn.FlushTimeout(callTimeout); r.err != nil {
			r.err = fmt.Errorf("%w: %w", errConnection, r.err)
		}
		r.connection = f.connection()
		close(r.done)
	}
}
