package redislayer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/envelope"

	"github.com/redis/rueidis"
)

// What a message on a channel is, its first byte.
const (
	kindPlain  = 'p' // an envelope
	kindRecord = 'r' // the epoch, a space, the offset in decimal, a space, and the envelope
)

const (
	// batch is how many channels are subscribed to again at once, and how many streams are touched.
	batch = 500
	// relinkPause is how long a link waits after an attempt that failed. It doubles up to relinkPauseMax.
	relinkPause    = 62500 * time.Microsecond
	relinkPauseMax = time.Second
	// touchEvery is how often the server hears of streams that somebody subscribes to. It forgets those that nobody asks for, but
	// not before three times as long.
	touchEvery = 5 * time.Minute
)

// link hears what is published: one connection of its own, made again whenever it is lost.
type link struct {
	backend *Backend
	server  *server
	tasks   sync.WaitGroup // its goroutines

	mu      sync.Mutex // guards the rest
	topics  map[string]*topicState
	conn    rueidis.DedicatedClient // nil while there is none that hears all topics
	down    error                   // why
	changed chan struct{}           // closed when conn or down changes
}

// topicState is what is known of a topic that is subscribed to.
type topicState struct {
	stream bool // it has been read or appended to
	heard  bool // the server has confirmed the subscription
	due    bool // it was heard over a connection that is lost: a Gap is to be delivered when the server confirms it again
}

// errNotYet is why a link hears nothing at first.
var errNotYet = errors.New("not connected yet")

func newLink(b *Backend, s *server) *link {
	return &link{backend: b, server: s, topics: make(map[string]*topicState), down: errNotYet, changed: make(chan struct{})}
}

// start begins to listen.
func (l *link) start() {
	l.tasks.Add(2)
	go l.run()
	go l.touch()
}

// ready returns why the link hears nothing, or nil.
func (l *link) ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

// set tells all that wait that there is a connection, or why there is none.
func (l *link) set(conn rueidis.DedicatedClient, down error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.down = conn, down
	close(l.changed)
	l.changed = make(chan struct{})
}

// subscribe adds a topic.
func (l *link) subscribe(ctx context.Context, topic string) error {
	l.mu.Lock()
	state := l.topics[topic]
	if state == nil {
		state = new(topicState)
		l.topics[topic] = state
	}
	l.mu.Unlock()
	conn, err := l.await(ctx)
	if err == nil {
		err = conn.Do(ctx, conn.B().Ssubscribe().Channel(l.channel(topic)).Build()).Error()
	}
	if err != nil {
		// The server may have done it all the same. What is published to the topic then goes nowhere.
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.topics, topic)
	}
	return err
}

// unsubscribe takes a topic out, and reports whether a stream of that name was used. Where there is no connection there is no
// subscription either.
func (l *link) unsubscribe(ctx context.Context, topic string) (stream bool, err error) {
	l.mu.Lock()
	state, conn := l.topics[topic], l.conn
	delete(l.topics, topic)
	l.mu.Unlock()
	if state == nil || conn == nil {
		return false, nil
	}
	return state.stream, conn.Do(ctx, conn.B().Sunsubscribe().Channel(l.channel(topic)).Build()).Error()
}

// used takes note that a topic is a stream, if it is subscribed to.
func (l *link) used(topic string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if state := l.topics[topic]; state != nil {
		state.stream = true
	}
}

// await returns the connection as soon as there is one.
func (l *link) await(ctx context.Context) (rueidis.DedicatedClient, error) {
	for {
		l.mu.Lock()
		conn, down, changed := l.conn, l.down, l.changed
		l.mu.Unlock()
		if conn != nil {
			return conn, nil
		}
		select {
		case <-changed:
		case <-l.backend.closing:
			return nil, ws.ErrLayerClosed
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", context.Cause(ctx), down)
		}
	}
}

// run is the goroutine that keeps a connection.
func (l *link) run() {
	defer l.tasks.Done()
	for pause := relinkPause; ; pause = min(2*pause, relinkPauseMax) {
		heard, err := l.listen()
		if l.backend.closed.Load() {
			return
		}
		level := slog.LevelDebug
		if heard || pause == relinkPauseMax/2 { // each loss, and that it lasts, but not each attempt
			level = slog.LevelWarn
		}
		slog.Log(context.Background(), level, "ws: nothing is heard of what other processes send over Redis; trying again", "error", err)
		if heard {
			pause = relinkPause
		}
		if wait(l.backend.closing, pause) != nil {
			return
		}
	}
}

// listen makes a connection, subscribes to all topics, and returns why the connection is lost, and whether it ever worked.
func (l *link) listen() (heard bool, err error) {
	conn, release := l.backend.client.Dedicate()
	ear := &ear{link: l, lost: make(chan struct{})}
	lost := conn.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: ear.onMessage, OnSubscription: ear.onSubscription})
	if err = l.resubscribe(conn); err == nil {
		heard = true
		l.set(conn, nil)
		select {
		case err = <-lost:
		case <-ear.lost:
			err = errMoved
		case <-l.backend.closing:
			err = ws.ErrLayerClosed
		}
	}
	if err == nil {
		err = errEnded
	}
	l.set(nil, err)
	ear.close()
	conn.Close()
	release()
	return heard, err
}

// errMoved is why a connection is given up whose server does not have its channels any more.
var errMoved = errors.New("the partition has moved to another server of the cluster")

// resubscribe subscribes to all topics over a new connection, and returns when the server has confirmed each.
func (l *link) resubscribe(conn rueidis.DedicatedClient) error {
	// The first command says which server of a cluster this is about.
	steps := []rueidis.Completed{conn.B().Exists().Key(l.server.tag).Build()}
	l.mu.Lock()
	var channels []string
	for topic, state := range l.topics {
		state.due = state.heard
		channels = append(channels, l.channel(topic))
	}
	l.mu.Unlock()
	for part := range slices.Chunk(channels, batch) {
		steps = append(steps, conn.B().Ssubscribe().Channel(part...).Build())
	}
	if len(channels) > 0 { // whose answer comes after all that confirms a subscription
		steps = append(steps, conn.B().Exists().Key(l.server.tag).Build())
	}
	for _, step := range steps {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		err := conn.Do(ctx, step).Error()
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// touch is the goroutine that keeps the server from forgetting streams that somebody subscribes to.
func (l *link) touch() {
	defer l.tasks.Done()
	for wait(l.backend.closing, touchEvery) == nil {
		byPart := make(map[*part][]string)
		l.mu.Lock()
		for topic, state := range l.topics {
			if state.stream {
				p := l.backend.part(topic)
				byPart[p] = append(byPart[p], topic)
			}
		}
		l.mu.Unlock()
		for p, topics := range byPart {
			for some := range slices.Chunk(topics, batch) {
				l.touchSome(p, some)
			}
		}
	}
}

// touchSome does it for some topics of a partition.
func (l *link) touchSome(p *part, topics []string) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	var keys []string
	for _, topic := range topics {
		keys = append(keys, p.streamKey(topic), p.logKey(topic))
	}
	if _, err := l.backend.runOn(ctx, p, keys, []string{opTouch, newEpoch(), ""}); err != nil && !l.backend.closed.Load() {
		slog.Warn("ws: streams not kept alive in Redis; the next attempt is in five minutes", "streams", len(topics), "error", err)
	}
}

// channel returns the channel of a topic.
func (l *link) channel(topic string) string { return l.backend.channel(l.backend.part(topic), topic) }

// ear is what hears on one connection.
type ear struct {
	link  *link
	lost  chan struct{} // closed when the connection is of no use any more
	moved sync.Once

	mu     sync.Mutex // guards closed; held while something is delivered
	closed bool       // nothing is delivered any more: another connection may do so
}

// close returns when nothing of the connection is delivered any more.
func (e *ear) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
}

// deliver delivers an envelope. The calls come one after the other.
func (e *ear) deliver(topic string, v ws.Envelope) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.link.backend.deliver(topic, v)
	}
}

// onMessage delivers what was published.
func (e *ear) onMessage(m rueidis.PubSubMessage) {
	topic := topicOf(m.Channel)
	v, err := parseMessage([]byte(m.Message))
	if err != nil {
		slog.Error("ws: message on a channel of Redis not understood; REDIS_PREFIX must be this service's alone",
			"channel", m.Channel, "error", err)
		return
	}
	if v.Offset > 0 {
		e.link.used(topic)
	}
	e.deliver(topic, v)
}

// onSubscription takes note of what the server confirms. After a lost connection that is the moment from which on nothing is
// missed any more; so the Gap is delivered here, before what is published next.
func (e *ear) onSubscription(s rueidis.PubSubSubscription) {
	topic := topicOf(s.Channel)
	l := e.link
	l.mu.Lock()
	state, gap := l.topics[topic], false
	if state != nil && s.Kind == "ssubscribe" {
		gap = state.due
		state.heard, state.due = true, false
	}
	l.mu.Unlock()
	switch {
	case gap:
		e.deliver(topic, ws.Envelope{Gap: true})
	case state != nil && s.Kind == "sunsubscribe": // nobody has asked for it
		e.moved.Do(func() { close(e.lost) })
	}
}

// topicOf returns the topic of a channel.
func topicOf(channel string) string {
	_, rest, _ := strings.Cut(channel, "}:")
	_, topic, _ := strings.Cut(rest, ":")
	return topic
}

// errMessage is why a message cannot be understood.
var errMessage = errors.New("it does not begin as the messages of a layer do")

// parseMessage returns the envelope of a message. Its data is a part of b.
func parseMessage(b []byte) (ws.Envelope, error) {
	switch {
	case len(b) > 0 && b[0] == kindPlain:
		return envelope.Parse(b[1:])
	case len(b) > 0 && b[0] == kindRecord:
		epoch, rest, _ := bytes.Cut(b[1:], []byte(" "))
		offset, rest, _ := bytes.Cut(rest, []byte(" "))
		n, err := strconv.ParseUint(string(offset), 10, 64)
		if err != nil || n == 0 || len(epoch) == 0 {
			return ws.Envelope{}, errMessage
		}
		e, err := envelope.Parse(rest)
		e.Epoch, e.Offset = string(epoch), n
		return e, err
	}
	return ws.Envelope{}, errMessage
}
