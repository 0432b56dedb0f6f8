package ws_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// fakeLog is a backend with a log that does as it is told: it can fail, lag behind its own deliveries, trim and begin anew at the
// worst moment.
type fakeLog struct {
	deliver func(string, ws.Envelope)

	ordered sync.Mutex // held over an append and its delivery

	mu      sync.Mutex // guards the rest
	streams map[string]*fakeStream
	epochs  int
	reads   int
	// onRead, where it is set, sees each page that was read, may change it, and may wait. It is called without mu.
	onRead func(topic string, after uint64, page *ws.Page) error
	// silent has what is appended delivered to nobody, as by another process whose messages are lost on the way.
	silent bool
}

// fakeStream is one stream of it.
type fakeStream struct {
	epoch    string
	records  []ws.Envelope
	top      uint64
	since    uint64
	snapshot *ws.Envelope
}

func (l *fakeLog) Start(deliver func(string, ws.Envelope)) error {
	l.deliver = deliver
	l.streams = make(map[string]*fakeStream)
	return nil
}

func (l *fakeLog) Publish(_ context.Context, topic string, e ws.Envelope) error {
	l.ordered.Lock()
	defer l.ordered.Unlock()
	l.deliver(topic, e)
	return nil
}

func (l *fakeLog) Subscribe(context.Context, string) error   { return nil }
func (l *fakeLog) Unsubscribe(context.Context, string) error { return nil }
func (l *fakeLog) Close() error                              { return nil }

// stream returns a stream, made if it is missing; l.mu is held.
func (l *fakeLog) stream(topic string) *fakeStream {
	if l.streams[topic] == nil {
		l.epochs++
		l.streams[topic] = &fakeStream{epoch: fmt.Sprint("e", l.epochs)}
	}
	return l.streams[topic]
}

func (l *fakeLog) Append(_ context.Context, topic string, a ws.Append) (ws.Position, error) {
	l.ordered.Lock()
	defer l.ordered.Unlock()
	l.mu.Lock()
	s := l.stream(topic)
	s.top++
	e := a.Envelope
	e.Data, e.Epoch, e.Offset = bytes.Clone(e.Data), s.epoch, s.top
	s.records = append(s.records, e)
	for len(s.records) > a.History.Messages {
		s.since, s.records = s.records[0].Offset, s.records[1:]
	}
	silent := l.silent
	l.mu.Unlock()
	if !silent {
		l.deliver(topic, e)
	}
	return ws.Position{Epoch: e.Epoch, Offset: e.Offset}, nil
}

func (l *fakeLog) Read(ctx context.Context, topic string, _ ws.History, after uint64, limit int) (ws.Page, error) {
	l.mu.Lock()
	s := l.stream(topic)
	page := ws.Page{Epoch: s.epoch, Top: s.top, Since: s.since, Snapshot: s.snapshot}
	for _, e := range s.records {
		if e.Offset > after && len(page.Records) < limit {
			page.Records = append(page.Records, e)
		}
	}
	l.reads++
	onRead := l.onRead
	l.mu.Unlock()
	if onRead != nil {
		if err := onRead(topic, after, &page); err != nil {
			return ws.Page{}, err
		}
	}
	return page, ctx.Err()
}

func (l *fakeLog) Save(_ context.Context, topic string, a ws.Append) (ws.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stream(topic)
	e := a.Envelope
	e.Data, e.Offset = bytes.Clone(e.Data), s.top
	s.snapshot = &e
	return ws.Position{Epoch: s.epoch, Offset: s.top}, nil
}

func (l *fakeLog) Lease(context.Context, string, string, time.Duration) (ws.Lease, error) {
	return ws.Lease{}, nil
}
func (l *fakeLog) Cancel(context.Context, string) error          { return nil }
func (l *fakeLog) Release(context.Context, string, string) error { return nil }
func (l *fakeLog) Lapsed(context.Context) ([]string, error)      { return nil, nil }
func (l *fakeLog) Forget(context.Context, string) error          { return nil }

// restart has a group's stream begin anew, as after a restart of the log.
func (l *fakeLog) restart(group string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.streams, "group:"+group)
}

// trim forgets the oldest messages of a group's stream, up to an offset.
func (l *fakeLog) trim(group string, upTo uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stream("group:" + group)
	for len(s.records) > 0 && s.records[0].Offset <= upTo {
		s.records = s.records[1:]
	}
	s.since = max(s.since, upTo)
}

// onEachRead sets what happens at each reading from now on.
func (l *fakeLog) onEachRead(f func(topic string, after uint64, page *ws.Page) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.onRead = f
}

// short is a history of ten messages, long one of very many.
func short() ws.History { return ws.History{Messages: 10, Bytes: 1 << 30, TTL: time.Hour} }
func long() ws.History  { return ws.History{Messages: 1 << 20, Bytes: 1 << 30, TTL: time.Hour} }

// fakeApp returns a router on a layer over a fakeLog, where groups of the family job keep a history. It has drained when the
// test ends.
func fakeApp(t testing.TB, h ws.History, routes ...ws.Route) (*ws.Router, *ws.Layer, *fakeLog) {
	log := new(fakeLog)
	layer, err := ws.NewLayer(log)
	if err != nil {
		t.Fatal(err)
	}
	layer.Keep("job", h)
	return appOn(t, layer, routes...), layer, log
}

// streamApp is the same over the memory layer.
func streamApp(t testing.TB, h ws.History, routes ...ws.Route) (*ws.Router, *ws.Layer) {
	layer := ws.NewMemoryLayer()
	layer.Keep("job", h)
	return appOn(t, layer, routes...), layer
}

// appOn returns a router on a layer, which drains and closes when the test ends.
func appOn(t testing.TB, layer *ws.Layer, routes ...ws.Route) *ws.Router {
	app := ws.NewRouter(ws.DefaultLimits(), layer, nil, routes...)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := app.Drain(ctx, 0); err != nil {
			t.Error(err)
		}
		if err := layer.Close(); err != nil {
			t.Error(err)
		}
	})
	return app
}

// publish sends texts to a group.
func publish(t testing.TB, layer *ws.Layer, group string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := layer.Send(context.Background(), group, ws.Text(text)); err != nil {
			t.Fatal(err)
		}
	}
}
