package natslayer

import (
	"log/slog"
	"slices"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/envelope"
)

// Messages that have arrived and were not handed on yet are bounded: beyond it, they are let go of, and who listens is told.
const (
	inboxMessages = 1 << 16  // on the way to the inbox, which takes them as fast as it gets to run
	inboxBatch    = 2048     // of them at once
	inboxBytes    = 32 << 20 // in it, and as many that are just handed on
	messageBytes  = 256      // what a message takes besides its data and headers, about
)

// size is what a message takes of the inbox's room.
func size(m *nats.Msg) int {
	n := messageBytes + len(m.Data)
	for name, values := range m.Header {
		n += len(name)
		for _, value := range values {
			n += len(value)
		}
	}
	return n
}

// inbox is where messages wait for the layer. Its reader never waits, so that one group with many sockets does not hold up the
// connection, whose server would end it.
//
// What comes over another connection than before is held back until it is certain that the server has taken all subscriptions, and
// who listens is told of the gap first. A record that came before that would hide the ones that are missing: who follows a stream
// would go on from it.
type inbox struct {
	arrivals chan *nats.Msg
	wake     chan struct{} // holds one when there is something to do

	dropped func(*nats.Subscription) (int, error) // how many messages found no room on the way here

	mu    sync.Mutex // guards the rest
	queue []arrival
	bytes int
	told  uint64                      // the connection up to which gaps are told, or are in the queue
	lost  map[*nats.Subscription]bool // that have lost something, and have not been told
	drops map[*nats.Subscription]int  // of those that ever lost any on the way here, how many are told of
}

// arrival is a message in the inbox, or without one a gap of all subscriptions.
type arrival struct {
	message    *nats.Msg
	connection uint64 // over which it came, or an earlier one
}

func (in *inbox) init() {
	in.arrivals = make(chan *nats.Msg, inboxMessages)
	in.wake = make(chan struct{}, 1)
	in.dropped = (*nats.Subscription).Dropped
	in.lost = make(map[*nats.Subscription]bool)
	in.drops = make(map[*nats.Subscription]int)
}

// put puts messages into the inbox, as far as there is room, and empties the slice.
func (in *inbox) put(messages []*nats.Msg, connection uint64) []*nats.Msg {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, m := range messages {
		if in.bytes > inboxBytes {
			in.lost[m.Sub] = true
			continue
		}
		in.queue = append(in.queue, arrival{m, connection})
		in.bytes += size(m)
	}
	in.signal()
	clear(messages)
	return messages[:0]
}

// signal has the dispatcher look.
func (in *inbox) signal() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// missed takes note that messages of a subscription were let go of on the way to the inbox. The client says so of the first one
// alone until another gets through, so that they are counted from then on.
func (in *inbox) missed(sub *nats.Subscription) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lost[sub] = true
	in.drops[sub] += 0
	in.signal()
}

// count adds to those that have lost something who did so since they were told; in.mu is held.
func (in *inbox) count() {
	for sub, told := range in.drops {
		switch n, err := in.dropped(sub); {
		case err != nil:
			delete(in.drops, sub) // it has ended
		case n > told:
			in.lost[sub], in.drops[sub] = true, n
		}
	}
}

// confirm says that the server has taken all subscriptions on a connection, which begins with a gap.
func (in *inbox) confirm(connection uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if connection <= in.told {
		return
	}
	in.queue = slices.Insert(in.queue, in.ready(), arrival{connection: connection})
	in.told = connection
	in.signal()
}

// confirmed reports whether the server has taken all subscriptions on a connection.
func (in *inbox) confirmed(connection uint64) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.told >= connection
}

// ready returns how many of the queue can be handed on; in.mu is held.
func (in *inbox) ready() int {
	for i := range in.queue {
		if in.queue[i].connection > in.told {
			return i
		}
	}
	return len(in.queue)
}

// next takes out what can be handed on. Where there is nothing at all, it takes out who has lost something: the run of losses is
// over then, as there is room, so that the next one will be told anew.
func (in *inbox) next() (queue []arrival, lost map[*nats.Subscription]bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if n := in.ready(); n > 0 {
		queue = in.queue[:n:n]
		if in.queue = in.queue[n:]; len(in.queue) == 0 {
			in.queue = nil
		}
		for _, a := range queue {
			if a.message != nil {
				in.bytes -= size(a.message)
			}
		}
		return queue, nil
	}
	if len(in.queue) > 0 || len(in.arrivals) > 0 {
		return nil, nil
	}
	if in.count(); len(in.lost) == 0 {
		return nil, nil
	}
	lost, in.lost = in.lost, make(map[*nats.Subscription]bool)
	return nil, lost
}

// take moves what arrives into the inbox.
func (b *Backend) take() {
	defer b.work.Done()
	var some []*nats.Msg
	for {
		select {
		case m := <-b.inbox.arrivals:
			some = append(some, m)
		case <-b.ended:
			return
		}
		for more := true; more && len(some) < inboxBatch; {
			select {
			case m := <-b.inbox.arrivals:
				some = append(some, m)
			default:
				more = false
			}
		}
		some = b.inbox.put(some, b.flush.connection()) // asked for behind them, it is none of an earlier one
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
			queue, lost := b.inbox.next()
			if len(queue) == 0 && len(lost) == 0 {
				break
			}
			for _, a := range queue {
				if a.message != nil {
					b.hand(a.message)
				} else {
					b.tell(nil)
				}
			}
			if len(lost) > 0 {
				b.tell(lost)
			}
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

// tell tells who listens that something may be missing: those who have lost something, or all where that is nil.
func (b *Backend) tell(lost map[*nats.Subscription]bool) {
	b.mu.Lock()
	var topics []string
	for sub, topic := range b.topics {
		if lost == nil || lost[sub] {
			topics = append(topics, topic)
		}
	}
	b.mu.Unlock()
	if lost != nil {
		slog.Warn("ws: messages let go of, because more arrive than can be handed on", "groups", len(topics))
	}
	for _, topic := range topics {
		b.deliver(topic, ws.Envelope{Gap: true})
	}
}
