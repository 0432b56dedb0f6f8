package ws_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// command is a consumer that does what the page says: "join NAME", "leave NAME".
func command() *funcs {
	return &funcs{receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error {
		verb, name, _ := strings.Cut(string(m.Data), " ")
		do := s.Join
		if verb == "leave" {
			do = s.Leave
		}
		if err := do(ctx, name); err != nil {
			return err
		}
		return s.Send(ctx, ws.Text("done"))
	}}
}

// tell sends a command and waits until it is done.
func tell(t *testing.T, sock *wstest.Sock, text string) {
	t.Helper()
	sock.Send(text)
	sock.Expect("done")
}

func TestGroups(t *testing.T) {
	app, layer := newApp(t, syncRoute(command()))
	send := func(group, text string) {
		t.Helper()
		if err := layer.Send(t.Context(), group, ws.Text(text)); err != nil {
			t.Fatal(err)
		}
	}
	a, b, c := wstest.Connect(t, app, "/ws"), wstest.Connect(t, app, "/ws", wstest.V1()), wstest.Connect(t, app, "/ws")
	send("x", "to nobody")
	for _, s := range []*wstest.Sock{a, b} {
		tell(t, s, "join x")
		tell(t, s, "join x") // is joining once
	}
	tell(t, c, "join y")
	send("x", "one")
	send("y", "two")
	a.Expect("one")
	b.Expect("one")
	c.Expect("two")
	tell(t, a, "leave x")
	tell(t, a, "leave x") // is no error
	tell(t, a, "leave never joined")
	send("x", "three")
	b.Expect("three")
	b.Close(1000)
	send("x", "to nobody again")
	tell(t, c, "join x") // the group is made anew
	send("x", "four")
	c.Expect("four")
	for _, s := range []*wstest.Sock{a, c} {
		s.Quiet()
	}
}

func TestGroupsAreLeftBeforeDisconnect(t *testing.T) {
	var layer *ws.Layer
	other := make(chan string, 1)
	app, l := newApp(t, syncRoute(&funcs{
		connect: join("g"),
		event:   func(_ context.Context, _ *ws.Socket, e ws.Event) error { other <- string(e.Data); return nil },
		disconnect: func(ctx context.Context, _ ws.CloseStatus) {
			if err := layer.Notify(ctx, "g", ws.Event{Type: "left", Data: []byte("one of us")}); err != nil {
				t.Error(err)
			}
		},
	}))
	layer = l
	wstest.Connect(t, app, "/ws")
	wstest.Connect(t, app, "/ws").Close(1000)
	if got := await(t, other, "the event"); got != "one of us" {
		t.Errorf("event %q", got)
	}
}

func TestMembershipAfterTheEnd(t *testing.T) {
	sockets := make(chan *ws.Socket, 1)
	app, layer := newApp(t, syncRoute(&funcs{connect: func(_ context.Context, h *ws.Handshake) error {
		s, err := h.Accept()
		sockets <- s
		return err
	}}))
	sock := wstest.Connect(t, app, "/ws")
	s := await(t, sockets, "the socket")
	sock.Close(1000)
	for what, err := range map[string]error{
		"join":  s.Join(t.Context(), "g"),
		"send":  s.Send(t.Context(), ws.Text("x")),
		"block": s.Send(context.Background(), ws.Text("x")),
	} {
		var st ws.CloseStatus
		if !errors.Is(err, ws.ErrClosed) || !errors.As(err, &st) || st.Code != 1000 || !st.Remote {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.Leave(t.Context(), "g"); err != nil {
		t.Errorf("leave: %v", err)
	}
	if err := s.Close(1000, ""); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := layer.SendTo(t.Context(), s.ID(), ws.Text("x")); !errors.Is(err, ws.ErrNoSocket) {
		t.Errorf("send to: %v", err)
	}
}

func TestSendTo(t *testing.T) {
	app, layer := newApp(t, syncRoute(&funcs{}))
	one, two := wstest.Connect(t, app, "/ws", wstest.V1()), wstest.Connect(t, app, "/ws", wstest.V1())
	if one.ID() == two.ID() || len(one.ID()) < 26 {
		t.Fatalf("ids %q and %q", one.ID(), two.ID())
	}
	data := []byte("for you")
	if err := layer.SendTo(t.Context(), two.ID(), ws.Message{Data: data, Binary: true}); err != nil {
		t.Fatal(err)
	}
	data[0] = '!' // it has been copied
	two.ExpectBinary([]byte("for you"))
	one.Quiet()
	if err := layer.SendTo(t.Context(), "nobody", ws.Text("x")); !errors.Is(err, ws.ErrNoSocket) {
		t.Errorf("send to nobody: %v", err)
	}
}

// TestNotifyTo: an event for one socket, whose consumer sees the data as it was, and which may be over.
func TestNotifyTo(t *testing.T) {
	release := make(chan struct{})
	limits := ws.DefaultLimits()
	limits.EventBytes = 200
	app, layer := newAppWith(t, limits, syncRoute(&funcs{event: func(ctx context.Context, s *ws.Socket, e ws.Event) error {
		<-release
		return s.Send(ctx, ws.Text(e.Type+" "+string(e.Data)))
	}}))
	one, two := wstest.Connect(t, app, "/ws", wstest.V1()), wstest.Connect(t, app, "/ws", wstest.V1())
	data := []byte("for you")
	if err := layer.NotifyTo(t.Context(), two.ID(), ws.Event{Type: "note", Data: data}); err != nil {
		t.Fatal(err)
	}
	data[0] = '!' // it has been copied
	close(release)
	two.Expect("note for you")
	one.Quiet()
	if err := layer.NotifyTo(t.Context(), two.ID(), ws.Event{Type: "large", Data: make([]byte, 200)}); !errors.Is(err, ws.ErrClosed) {
		t.Errorf("beyond EVENT_BYTES: %v", err)
	}
	two.ExpectClose(4008)
	for what, id := range map[string]string{"nobody": "nobody", "one that is over": two.ID()} {
		if err := layer.NotifyTo(t.Context(), id, ws.Event{Type: "x"}); !errors.Is(err, ws.ErrNoSocket) {
			t.Errorf("notify %s: %v", what, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := layer.NotifyTo(ended, one.ID(), ws.Event{Type: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestWhatCannotBeSent(t *testing.T) {
	app, layer := newApp(t, syncRoute(&funcs{connect: join("g")}))
	sock := wstest.Connect(t, app, "/ws", wstest.V1())
	ctx := t.Context()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for what, err := range map[string]error{
		"a text that is no UTF-8":  layer.Send(ctx, "g", ws.Message{Data: []byte("\xff")}),
		"no JSON":                  layer.Send(ctx, "g", ws.JSON(make(chan int))),
		"no JSON, to one":          layer.SendTo(ctx, sock.ID(), ws.JSON(make(chan int))),
		"an event without a type":  layer.Notify(ctx, "g", ws.Event{}),
		"an event of no type":      layer.NotifyTo(ctx, sock.ID(), ws.Event{}),
		"no name":                  layer.Send(ctx, "", ws.Text("x")),
		"a long name":              layer.Send(ctx, strings.Repeat("x", 201), ws.Text("x")),
		"a name with a line break": layer.Send(ctx, "a\nb", ws.Text("x")),
		"a name that is no UTF-8":  layer.Notify(ctx, "a\xff", ws.Event{Type: "x"}),
		"a context that has ended": layer.Send(ended, "g", ws.Text("x")),
	} {
		if err == nil {
			t.Errorf("%s was sent", what)
		}
		if name := strings.Contains(what, "name"); name != errors.Is(err, ws.ErrGroupName) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range []string{strings.Repeat("x", 200), "room:a b", "grüße 世界", "*"} {
		if err := layer.Send(ctx, name, ws.Text("x")); err != nil {
			t.Errorf("group %q: %v", name, err)
		}
	}
	sock.Quiet()
	closed := ws.NewMemoryLayer()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := closed.Send(ctx, "g", ws.Text("x")); !errors.Is(err, ws.ErrLayerClosed) {
		t.Errorf("send over a closed layer: %v", err)
	}
}

// TestOneOrderForAll: however many send at once, all members of a group see the same order.
func TestOneOrderForAll(t *testing.T) {
	const senders, each = 8, 50
	app, layer := newApp(t, syncRoute(&funcs{connect: join("g")}))
	var socks []*wstest.Sock
	for range 5 {
		socks = append(socks, wstest.Connect(t, app, "/ws"))
	}
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for j := range each {
				if err := layer.Send(context.Background(), "g", ws.Text(fmt.Sprint(i, " ", j))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	next := make(map[int]int)
	for range senders * each {
		var i, j int
		first := string(socks[0].Receive().Data)
		if _, err := fmt.Sscan(first, &i, &j); err != nil || next[i] != j {
			t.Fatalf("%q, want number %d of its sender (%v)", first, next[i], err)
		}
		next[i]++
		for _, s := range socks[1:] {
			s.Expect(first)
		}
	}
}

// TestGroupChurn: joining, leaving, sending and ending at once, under the race detector.
func TestGroupChurn(t *testing.T) {
	app, layer := newApp(t, asyncRoute(&funcs{
		connect: join("a", "b"),
		request: func(ctx context.Context, r *ws.Request) error {
			return errors.Join(r.Socket.Leave(ctx, "a"), r.Socket.Join(ctx, "a"), sendIfOpen(ctx, r.Socket))
		},
	}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				sock := wstest.Connect(t, app, "/ws")
				for range 10 {
					sock.Send("churn")
				}
				sock.Close(1000)
			}
		})
	}
	for i := range 200 {
		if err := layer.Send(t.Context(), []string{"a", "b"}[i%2], ws.Text("x")); err != nil {
			t.Error(err)
		}
		if err := layer.Notify(t.Context(), "b", ws.Event{Type: "x"}); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	settle(t, app)
	if st := app.Stats(); st.Accepted != 40 || st.Panics != 0 {
		t.Errorf("stats %+v", st)
	}
}

// sendIfOpen sends, unless the socket has ended.
func sendIfOpen(ctx context.Context, s *ws.Socket) error {
	if err := s.Send(ctx, ws.Text("x")); !errors.Is(err, ws.ErrClosed) {
		return err
	}
	return nil
}

// orderedBackend fails the test where the layer breaks its word to a backend. Its delivery is another goroutine's.
type orderedBackend struct {
	t       *testing.T
	mu      sync.Mutex
	topics  map[string]bool // subscribed
	busy    map[string]bool // a call for the topic is under way
	fail    error
	deliver func(string, ws.Envelope)
	closed  int
}

func (b *orderedBackend) Start(deliver func(string, ws.Envelope)) error {
	b.deliver = deliver
	return b.fail
}

func (b *orderedBackend) change(topic string, on bool) error {
	b.mu.Lock()
	if b.fail != nil {
		b.mu.Unlock()
		return b.fail
	}
	if b.busy[topic] || b.topics[topic] == on {
		b.t.Errorf("topic %q: subscribed %v to be %v, busy %v", topic, b.topics[topic], on, b.busy[topic])
	}
	b.busy[topic] = true
	b.mu.Unlock()
	runtime.Gosched() // as a network would
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy[topic], b.topics[topic] = false, on
	return nil
}

func (b *orderedBackend) Subscribe(_ context.Context, topic string) error {
	return b.change(topic, true)
}
func (b *orderedBackend) Unsubscribe(_ context.Context, topic string) error {
	return b.change(topic, false)
}

func (b *orderedBackend) Publish(_ context.Context, topic string, e ws.Envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	if b.topics[topic] {
		e.Data = append([]byte(nil), e.Data...)
		done := make(chan struct{})
		go func() { defer close(done); b.deliver(topic, e) }()
		<-done
	}
	return nil
}

func (b *orderedBackend) Close() error { b.closed++; return b.fail }

// TestBackend: a backend behind a network sees one subscription while a group has members here, and its errors are told.
func TestBackend(t *testing.T) {
	b := &orderedBackend{t: t, topics: make(map[string]bool), busy: make(map[string]bool)}
	layer, err := ws.NewLayer(b)
	if err != nil {
		t.Fatal(err)
	}
	app := ws.NewRouter(ws.DefaultLimits(), layer, nil, syncRoute(command()))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				sock := wstest.Connect(t, app, "/ws")
				sock.Send("join g")
				sock.Expect("done")
				sock.Send("leave g")
				sock.Send("join g")
				sock.Close(1000)
			}
		})
	}
	wg.Wait()
	settle(t, app)
	for topic, on := range b.topics {
		if on {
			t.Errorf("topic %q remains subscribed", topic)
		}
	}
	sock := wstest.Connect(t, app, "/ws")
	tell(t, sock, "join g")
	if err := layer.Send(t.Context(), "g", ws.Text("hello")); err != nil {
		t.Fatal(err)
	}
	sock.Expect("hello")
	b.mu.Lock()
	b.fail = errors.New("server gone")
	b.mu.Unlock()
	for what, err := range map[string]error{"send": layer.Send(t.Context(), "g", ws.Text("x")), "close": layer.Close()} {
		if !errors.Is(err, b.fail) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := ws.NewLayer(b); !errors.Is(err, b.fail) {
		t.Errorf("start: %v", err)
	}
	sock.Send("join h")
	sock.ExpectClose(1011)
}
