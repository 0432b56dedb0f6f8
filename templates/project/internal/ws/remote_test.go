package ws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// switchboard is a server that layers of one process share, as processes share Redis.
type switchboard struct {
	mu    sync.Mutex // held over a delivery, so that all see one order
	lines []*line
}

// line is the backend of one layer.
type line struct {
	fakeLog
	board  *switchboard
	topics map[string]bool
	down   error // what Ready and Publish return; guarded by board.mu
}

func (b *switchboard) layer(t testing.TB) (*ws.Layer, *line) {
	l := &line{board: b, topics: make(map[string]bool)}
	layer, err := ws.NewRemoteLayer(l)
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, l)
	return layer, l
}

func (l *line) Ready() error {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	return l.down
}

func (l *line) Subscribe(_ context.Context, topic string) error {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	l.topics[topic] = true
	return l.down
}

func (l *line) Publish(_ context.Context, topic string, e ws.Envelope) error {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	if l.down != nil {
		return l.down
	}
	for _, other := range l.board.lines {
		if other.topics[topic] {
			other.deliver(topic, e)
		}
	}
	return nil
}

// gap says of all that the line is subscribed to that something may be missing.
func (l *line) gap() {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	for topic := range l.topics {
		l.deliver(topic, ws.Envelope{Gap: true})
	}
}

var errLine = errors.New("no line")

// catcher is a route whose consumers note their events, and send on sockets as they come.
func catcher(events chan<- string, sockets chan<- *ws.Socket, groups ...string) ws.Route {
	return syncRoute(&funcs{
		connect: func(ctx context.Context, h *ws.Handshake) error {
			s, err := h.Accept()
			for _, group := range groups {
				if err == nil {
					err = s.Join(ctx, group)
				}
			}
			sockets <- s
			return err
		},
		event: func(_ context.Context, _ *ws.Socket, e ws.Event) error {
			events <- e.Type + " " + string(e.Data)
			return nil
		},
	})
}

// TestSocketOfAnotherProcess: by its id it is reached from any process.
func TestSocketOfAnotherProcess(t *testing.T) {
	board := new(switchboard)
	here, _ := board.layer(t)
	there, line := board.layer(t)
	events, sockets := make(chan string, 1), make(chan *ws.Socket, 1)
	app := appOn(t, here, catcher(events, sockets))
	t.Cleanup(func() {
		if err := there.Close(); err != nil {
			t.Error(err)
		}
	})
	page := wstest.Connect(t, app, "/ws", wstest.V1())
	id := await(t, sockets, "the socket").ID()

	if err := there.SendTo(t.Context(), id, ws.Message{Data: []byte{1}, Binary: true}); err != nil {
		t.Error(err)
	}
	page.ExpectBinary([]byte{1})
	if err := there.NotifyTo(t.Context(), id, ws.Event{Type: "moved", Data: []byte("far")}); err != nil {
		t.Error(err)
	}
	if got := await(t, events, "the event"); got != "moved far" {
		t.Errorf("event %q", got)
	}

	node, rest, _ := strings.Cut(id, ".")
	if err := there.SendTo(t.Context(), node+"."+strings.Repeat("A", len(rest)), ws.Text("x")); err != nil {
		t.Errorf("to a socket that may have ended: %v", err)
	}
	for _, id := range []string{"", "nobody", ".", "Ünode67.x", "12345678x.y", node} {
		if err := there.SendTo(t.Context(), id, ws.Text("x")); !errors.Is(err, ws.ErrNoSocket) {
			t.Errorf("to %q: %v", id, err)
		}
	}
	if err := here.NotifyTo(t.Context(), node+".ENDED", ws.Event{Type: "x"}); !errors.Is(err, ws.ErrNoSocket) {
		t.Errorf("to one of its own that has ended: %v", err)
	}
	line.board.mu.Lock()
	line.down = errLine
	line.board.mu.Unlock()
	if err := there.SendTo(t.Context(), id, ws.Text("x")); !errors.Is(err, errLine) {
		t.Errorf("without the server: %v", err)
	}
	page.Quiet()
}

// TestMissed: after a lost connection each page of a group hears that something may be missing, and each consumer that takes
// events; but not of messages that a stream keeps, nor a page that knows no control frames.
func TestMissed(t *testing.T) {
	board := new(switchboard)
	layer, line := board.layer(t)
	layer.Keep("job", long())
	events, sockets := make(chan string, 10), make(chan *ws.Socket, 2)
	app := appOn(t, layer, catcher(events, sockets, "room", "job:1"))
	page, plain := dialTCP(t, app, "/ws", "wsgen.1"), wstest.Connect(t, app, "/ws")
	await(t, sockets, "a socket")
	await(t, sockets, "a socket")

	line.gap()
	if err := layer.Send(t.Context(), "room", ws.Text("after")); err != nil {
		t.Fatal(err)
	}
	plain.Expect("after")
	told := make(map[string]bool)
	for frame := ""; frame != "mafter"; frame = page.read(t) {
		if strings.Contains(frame, "missed") {
			told[frame] = true
		}
	}
	if want := map[string]bool{`c{"type":"missed","group":"room"}`: true, `c{"type":"missed","group":""}`: true}; fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("the page was told %v, want %v", told, want)
	}
	count := make(map[string]int)
	for range 6 {
		count[await(t, events, "an event")]++
	}
	if want := map[string]int{"ws.missed room": 2, "ws.missed job:1": 2, "ws.missed ": 2}; fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("events %v, want %v", count, want)
	}
}

// TestLayerIsReady says what its backend does; one without a server is always ready.
func TestLayerIsReady(t *testing.T) {
	layer, line := new(switchboard).layer(t)
	if err := layer.Ready(); err != nil {
		t.Error(err)
	}
	line.board.mu.Lock()
	line.down = errLine
	line.board.mu.Unlock()
	if err := layer.Ready(); !errors.Is(err, errLine) || !strings.HasPrefix(err.Error(), "layer: ") {
		t.Error(err)
	}
	if err := ws.NewMemoryLayer().Ready(); err != nil {
		t.Error(err)
	}
	if err := layer.Close(); err != nil {
		t.Error(err)
	}
}

// TestLayerThatCannotStart closes its backend.
func TestLayerThatCannotStart(t *testing.T) {
	l := &line{board: new(switchboard), topics: make(map[string]bool), down: errLine}
	if _, err := ws.NewRemoteLayer(l); !errors.Is(err, errLine) {
		t.Error(err)
	}
}
