package ws

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// Stats is what a [Router] has counted since it was made.
type Stats struct {
	Sockets  int    // open now
	Accepted uint64 // sockets
	Denied   uint64 // handshakes that a consumer refused, or that failed
	Refused  uint64 // handshakes beyond MaxConnections or MaxPerIP, or while draining

	Received uint64 // messages and requests from pages
	Sent     uint64 // messages taken into outboxes, group messages once for each socket
	Events   uint64 // events taken into inboxes
	Replayed uint64 // messages of streams sent to pages that had missed them; Sent has them too

	Dropped        uint64 // messages left out by the policy drop
	Replaced       uint64 // messages replaced by a newer one of their key, by the policy latest
	Slow           uint64 // sockets closed with 4008 because their outbox was full
	Unsent         uint64 // pieces of one or several messages that waited in the outbox of a socket that was closed
	EventOverflows uint64 // sockets closed with 4008 because they had more events waiting than EventBytes
	InboxTimeouts  uint64 // sockets closed with 1013 because their inbox stayed full
	Unhandled      uint64 // messages and events that waited when their consumer ended the socket or the service stopped
	NoEventMethod  uint64 // events to consumers that have no method Event
	PongTimeouts   uint64 // sockets given up because nothing came after a ping
	Repeated       uint64 // commands that came again after they had been handled
	Forgotten      uint64 // clients whose commands were forgotten before their time, because too many had left at once
	Throttled      uint64 // messages beyond MessageRate, which were read late
	Panics         uint64 // in consumers
	Resets         uint64 // times that a page was told that it missed something of a stream
	HistoryErrors  uint64 // sockets closed with 1013 because the history of a stream could not be read
}

// Stats returns the counts of now. It is safe for concurrent use.
func (r *Router) Stats() Stats {
	r.mu.Lock()
	open := len(r.sockets)
	r.mu.Unlock()
	c := &r.counts
	return Stats{
		Sockets:        open,
		Accepted:       c.accepted.Load(),
		Denied:         c.denied.Load(),
		Refused:        c.refused.total.Load(),
		Received:       c.received.Load(),
		Sent:           c.sent.Load(),
		Events:         c.events.Load(),
		Replayed:       c.replayed.Load(),
		Dropped:        c.dropped.total.Load(),
		Replaced:       c.replaced.Load(),
		Slow:           c.slow.total.Load(),
		Unsent:         c.unsent.total.Load(),
		EventOverflows: c.eventOverflows.total.Load(),
		InboxTimeouts:  c.inboxTimeouts.total.Load(),
		Unhandled:      c.unhandled.total.Load(),
		NoEventMethod:  c.noEventMethod.total.Load(),
		PongTimeouts:   c.pongTimeouts.Load(),
		Repeated:       c.repeated.Load(),
		Forgotten:      r.clients.forgotten.total.Load(),
		Throttled:      c.throttled.total.Load(),
		Panics:         c.panics.Load(),
		Resets:         c.resets.total.Load(),
		HistoryErrors:  c.historyErrors.total.Load(),
	}
}

// counts are the counters behind Stats. A loss has a line in the log too.
type counts struct {
	accepted, denied, received, sent, events, replayed, replaced, repeated, pongTimeouts, panics atomic.Uint64

	refused, dropped, slow, eventOverflows, inboxTimeouts, unsent, unhandled, noEventMethod, throttled, resets, historyErrors loss
}

// lossInterval is the time between two lines about the same kind of loss.
const lossInterval = 10 * time.Second

// loss counts one kind of thing that should not happen often, and logs it at most once in lossInterval.
type loss struct {
	total  atomic.Uint64
	logged atomic.Uint64 // of total, when the last line was written
	next   atomic.Int64  // when the next line may be written, in nanoseconds since 1970
}

// add counts n, and writes a line if it is time.
func (l *loss) add(n int, message string, args ...any) {
	if n <= 0 {
		return
	}
	total := l.total.Add(uint64(n))
	now, next := time.Now().UnixNano(), l.next.Load()
	if now < next || !l.next.CompareAndSwap(next, now+int64(lossInterval)) {
		return
	}
	since := total - l.logged.Swap(total)
	// Not here: a lock may be held, and the application's log handler may be one that sends to a group.
	go slog.Warn(message, append(args, "count", since, "total", total)...)
}
