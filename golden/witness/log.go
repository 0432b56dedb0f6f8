package witness

import (
	"sync"

	"wsgen/golden/wireclient"
)

// Log is what one subscriber was handed, in order. It is safe for concurrent use.
type Log struct {
	Name    string   // of the subscriber
	Streams []string // that it follows

	mu      sync.Mutex // guards the rest
	events  []wireclient.Event
	last    map[string]Message // the newest of each stream
	ended   map[string]bool    // by the end of a job
	resets  int
	changed chan struct{} // closed at the next Add; nil while nobody waits
}

// NewLog returns an empty log.
func NewLog(name string, streams ...string) *Log {
	return &Log{Name: name, Streams: streams, last: make(map[string]Message), ended: make(map[string]bool)}
}

// Add takes note of an event. It fits wireclient.Options.Events.
func (l *Log) Add(e wireclient.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
	switch e.Kind {
	case wireclient.Message:
		if m, err := parseMessage(e.Data, e.Binary); err == nil {
			l.last[e.Stream] = m
		}
	case wireclient.End:
		l.ended[e.Stream] = true
	case wireclient.Reset:
		l.resets++
		// What a snapshot tells of need not come as messages.
		if m, err := parseAs("state", e.Data); err == nil {
			l.last[e.Stream] = m
		}
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// Last returns the newest message of a stream that the subscriber was handed or knows the state after, and whether the stream
// has ended since.
func (l *Log) Last(stream string) (m Message, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last[stream], l.ended[stream]
}

// Resets returns how often the subscriber was told that it misses something.
func (l *Log) Resets() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.resets
}

// Changed returns a channel that is closed when there is more.
func (l *Log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

// Events returns what there is so far.
func (l *Log) Events() []wireclient.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events[:len(l.events):len(l.events)]
}
