package ws

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Envelope is what a [Backend] carries: a message to pages, or an event to consumers.
type Envelope struct {
	Event  string // the type of an event; "" for a message
	Data   []byte
	Binary bool
	Key    string
	To     string // the id of the one socket that it is for; "" for a group

	// Gap says, in place of all else, that the backend may have missed something of the topic, as after a lost connection to its
	// server: who follows a stream reads the log again.
	Gap bool

	// The rest is for streams. A backend sets Epoch and Offset of what it appends to a log.
	Epoch  string
	Offset uint64
	End    JobState // set on the record that ends a stream
	Reason string   // why a job ended, where it was not done
}

// Backend carries envelopes between the processes that share it. Topics are printable UTF-8 of up to 210 bytes; a backend
// encodes what its server does not take. Its methods are safe for concurrent use; for one topic, Subscribe and Unsubscribe
// are not called at the same time.
type Backend interface {
	// Start is called once, before all else. deliver takes what is published to a subscribed topic, by whichever process,
	// in the order of the backend; it does not block, and the envelope's data is not written to after it.
	Start(deliver func(topic string, e Envelope)) error
	// Publish returns when the backend has taken the envelope. It does not keep e.Data.
	Publish(ctx context.Context, topic string, e Envelope) error
	// Subscribe returns when every later Publish of any process, and every later Append to its [Log], will be delivered.
	Subscribe(ctx context.Context, topic string) error
	// Unsubscribe ends a subscription.
	Unsubscribe(ctx context.Context, topic string) error
	// Close ends all subscriptions. What is called after it returns an error.
	Close() error
}

// Layer carries messages and events to groups of sockets, and to single ones, from any code of the service: a consumer, an
// HTTP handler, a job. It is safe for concurrent use. What one goroutine sends to a group arrives in that order, and a slow
// socket never holds up the others.
type Layer struct {
	backend Backend
	log     Log    // the same, or nil where it keeps none
	node    string // names this process among those that share the backend
	jobs    *Jobs
	flusher flusher

	mu       sync.RWMutex // guards the rest
	sockets  map[string]*Socket
	groups   map[string]*group
	families map[string]*History       // of groups that keep history
	hearers  map[string]func(Envelope) // by a topic that is neither a group's nor wsgen's own
}

// Errors of a Layer, for errors.Is.
var (
	ErrNoSocket    = errors.New("ws: no open socket has this id")
	ErrLayerClosed = errors.New("ws: the layer is closed")
	ErrGroupName   = errors.New("ws: a group name is 1 to 200 bytes of printable UTF-8")
)

// errNoType says what an event lacks.
var errNoType = errors.New("ws: an event has a type")

// maxGroupName is the length of the longest name of a group, in bytes.
const maxGroupName = 200

// groupTopic, followed by a group's name, is the topic of the group.
const groupTopic = "group:"

// NewMemoryLayer returns a layer within this process.
func NewMemoryLayer() *Layer {
	l, err := NewLayer(&memoryBackend{})
	if err != nil {
		panic(err) // the memory backend starts always
	}
	return l
}

// NewLayer returns a layer over a backend that serves this process alone, which it closes when it is closed.
func NewLayer(b Backend) (*Layer, error) {
	l := newLayer(b)
	if err := b.Start(l.deliver); err != nil {
		return nil, fmt.Errorf("ws: start layer: %w", err)
	}
	return l, nil
}

// newLayer returns a layer over a backend that is not started yet.
func newLayer(b Backend) *Layer {
	l := &Layer{
		backend: b,
		node:    strings.ToLower(rand.Text()[:8]),
		sockets: make(map[string]*Socket),
		groups:  make(map[string]*group),
		flusher: newFlusher(),
	}
	l.log, _ = b.(Log)
	l.jobs = newJobs(l)
	return l
}

// Send sends a message to the pages of a group. It has copied the message when it returns. Each socket takes it as the
// outbound policy of its consumer says. Where the group keeps history, the message is kept as well.
func (l *Layer) Send(ctx context.Context, group string, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	e := Envelope{Data: m.Data, Binary: m.Binary, Key: m.Key}
	if h := l.history(group); h != nil {
		_, err := l.append(ctx, group, *h, e)
		return err
	}
	return l.publish(ctx, group, e)
}

// Notify calls the Event methods of the sockets in a group. It has copied the event when it returns. An event is never kept
// for a socket that joins later, whatever history the group keeps.
func (l *Layer) Notify(ctx context.Context, group string, e Event) error {
	if e.Type == "" {
		return errNoType
	}
	return l.publish(ctx, group, Envelope{Event: e.Type, Data: e.Data})
}

// publish hands an envelope for a group to the backend.
func (l *Layer) publish(ctx context.Context, group string, e Envelope) error {
	if err := checkGroup(group); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return l.backend.Publish(ctx, groupTopic+group, e)
}

// SendTo sends a message to one socket, by its id. Where no open socket of this process has it, and no other process can have it,
// it returns [ErrNoSocket]. Where another can have it, nil means that the message was handed on: the socket may have ended.
func (l *Layer) SendTo(ctx context.Context, socketID string, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	s, err := l.socket(socketID)
	if err != nil {
		return l.sendElsewhere(ctx, socketID, Envelope{Data: m.Data, Binary: m.Binary, Key: m.Key})
	}
	p := messagePiece(m, s.form, string(kindMessage))
	return s.sendShared(ctx, &p, false)
}

// NotifyTo calls the Event method of one socket, by its id, as [Layer.Notify] does for a group. Its errors are those of
// [Layer.SendTo].
func (l *Layer) NotifyTo(ctx context.Context, socketID string, e Event) error {
	if e.Type == "" {
		return errNoType
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s, err := l.socket(socketID)
	if err != nil {
		return l.sendElsewhere(ctx, socketID, Envelope{Event: e.Type, Data: e.Data})
	}
	return s.notify(&Event{Type: e.Type, Data: bytes.Clone(e.Data)})
}

// sendElsewhere hands an envelope for one socket to the process that has it.
func (l *Layer) sendElsewhere(ctx context.Context, socketID string, e Envelope) error {
	if b, ok := l.backend.(interface {
		sendTo(context.Context, string, Envelope) error
	}); ok {
		return b.sendTo(ctx, socketID, e)
	}
	return ErrNoSocket
}

// Ready returns nil where the layer works, and else why it does not: the server of its backend cannot be reached. It does not
// block. /readyz says the same.
func (l *Layer) Ready() error {
	if b, ok := l.backend.(interface{ Ready() error }); ok {
		if err := b.Ready(); err != nil {
			return fmt.Errorf("layer: %w", err)
		}
	}
	return nil
}

// socket returns the open socket of an id.
func (l *Layer) socket(id string) (*Socket, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.sockets[id]
	if s == nil {
		return nil, ErrNoSocket
	}
	return s, nil
}

// Close closes the layer and its backend. Sending to a group, and joining one, returns an error after it. Jobs that still run
// are told to stop; it waits two seconds for them.
func (l *Layer) Close() error {
	l.jobs.close()
	if err := l.backend.Close(); err != nil {
		return fmt.Errorf("ws: close layer: %w", err)
	}
	return nil
}

// checkGroup reports why a group cannot have the name.
func checkGroup(name string) error {
	printable := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
	if name == "" || len(name) > maxGroupName || !printable || !utf8.ValidString(name) {
		return fmt.Errorf("%w: not %q", ErrGroupName, clip(name))
	}
	return nil
}

// register makes a socket known by its id.
func (l *Layer) register(s *Socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sockets[s.id] = s
}

// notify gives an event to the handlers. Where there is no room for it, the socket closes.
func (s *Socket) notify(e *Event) error {
	switch s.push(task{event: e}) {
	case taken, started:
		s.router.counts.events.Add(1)
		return nil
	case refused:
		return s.closedError()
	}
	s.router.counts.eventOverflows.add(1, "ws: sockets closed with too many events waiting; EVENT_BYTES bounds them",
		"route", s.scope.route.pattern, "socket", s.id, "code", CodeSlow)
	s.shut(ending{status: CloseStatus{Code: CodeSlow, Reason: "too many events"}, keepInbox: true})
	return s.closedError()
}
