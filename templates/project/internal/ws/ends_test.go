package ws_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
)

// socketEnd is one of the ways in which a socket ends.
type socketEnd struct {
	name  string
	do    func(t *testing.T, e *endingPage) // while a handler runs, unless asks or connect is set
	asks  func() error                      // a handler that ends the socket itself
	early func() error                      // what Connect does once it has accepted
	deaf  bool                              // the page does not read
	want  ws.CloseStatus                    // without its reason
}

// endingPage is a page whose socket is about to end, and what belongs to it.
type endingPage struct {
	*rawPage
	v1    bool
	s     *ws.Socket
	app   *ws.Router
	layer *ws.Layer
}

// say sends a message.
func (p *endingPage) say(t *testing.T, text string) {
	t.Helper()
	if p.v1 {
		text = "m" + text
	}
	p.write(t, frame(0x81, text))
}

// flood sends until the socket ends.
func (p *endingPage) flood(t *testing.T, send func(*endingPage) error) {
	t.Helper()
	for range 10_000 {
		if err := send(p); err != nil {
			return
		}
		if p.s.Send(context.Background(), ws.Text("")) != nil {
			return
		}
	}
	t.Error("no bound")
}

// socketEnds are all ways but those that streams and clients have of their own.
func socketEnds() []socketEnd {
	long := ws.Text(strings.Repeat("x", 60_000))
	return []socketEnd{
		{name: "the page closes", want: ws.CloseStatus{Code: 1001, Remote: true},
			do: func(t *testing.T, p *endingPage) { p.write(t, closeFrame(1001, "")) }},
		{name: "the connection is lost", want: ws.CloseStatus{Code: 1006, Remote: true},
			do: func(_ *testing.T, p *endingPage) { _ = p.Close() }},
		{name: "a breach of the protocol", want: ws.CloseStatus{Code: 1002},
			do: func(t *testing.T, p *endingPage) { p.write(t, "\x81\x01x") }},
		{name: "text that is no UTF-8", want: ws.CloseStatus{Code: 1007},
			do: func(t *testing.T, p *endingPage) { p.say(t, "\xff") }},
		{name: "too big", want: ws.CloseStatus{Code: 1009},
			do: func(t *testing.T, p *endingPage) { p.say(t, strings.Repeat("x", 64<<10+1)) }},
		{name: "the inbox stays full", want: ws.CloseStatus{Code: 1013},
			do: func(t *testing.T, p *endingPage) { p.write(t, strings.Repeat(frame(0x81, "m"), 33)) }},
		{name: "no answer to a ping", want: ws.CloseStatus{Code: 1006, Remote: true},
			do: func(*testing.T, *endingPage) {}},
		{name: "nothing is taken", want: ws.CloseStatus{Code: 1006, Remote: true}, deaf: true,
			do: func(t *testing.T, p *endingPage) {
				if err := p.s.Send(t.Context(), long); err != nil {
					t.Error(err)
				}
			}},
		{name: "too slow", want: ws.CloseStatus{Code: 4008}, deaf: true,
			do: func(t *testing.T, p *endingPage) {
				p.flood(t, func(p *endingPage) error { return p.layer.Send(context.Background(), "g", long) })
			}},
		{name: "too many events", want: ws.CloseStatus{Code: 4008},
			do: func(t *testing.T, p *endingPage) {
				event := ws.Event{Type: "x", Data: long.Data}
				p.flood(t, func(p *endingPage) error { return p.layer.Notify(context.Background(), "g", event) })
			}},
		{name: "closed by other code", want: ws.CloseStatus{Code: 4000},
			do: func(t *testing.T, p *endingPage) {
				if err := p.s.Close(4000, ""); err != nil {
					t.Error(err)
				}
			}},
		{name: "the service stops", want: ws.CloseStatus{Code: 1012},
			do: func(t *testing.T, p *endingPage) {
				if err := p.app.Drain(context.Background(), 0); err != nil {
					t.Error(err)
				}
			}},
		{name: "a handler closes", asks: func() error { return ws.Close(4503, "") }, want: ws.CloseStatus{Code: 4503}},
		{name: "a handler fails", asks: func() error { return errors.New("secret") }, want: ws.CloseStatus{Code: 1011}},
		{name: "a handler panics", asks: func() error { panic("secret") }, want: ws.CloseStatus{Code: 1011}},
		{name: "a handler ends its goroutine", asks: func() error { runtime.Goexit(); return nil }, want: ws.CloseStatus{Code: 1011}},
		{name: "Connect fails after its accept", early: func() error { return errors.New("secret") }, want: ws.CloseStatus{Code: 1011}},
		{name: "Connect panics after its accept", early: func() error { panic("secret") }, want: ws.CloseStatus{Code: 1011}},
		{name: "Connect closes after its accept", early: func() error { return ws.Close(4001, "") }, want: ws.CloseStatus{Code: 4001}},
	}
}

// keptKey is that of a value that a middleware puts into the context.
type keptKey struct{}

// witness tells what became of a socket.
type witness struct {
	log     journal
	began   chan struct{}
	gone    chan ws.CloseStatus
	sockets chan *ws.Socket
	backend *orderedBackend
}

// consumer returns a consumer whose socket ends as it should.
func (w *witness) consumer(t *testing.T, end socketEnd) *funcs {
	handle := func(ctx context.Context) error {
		if end.asks != nil {
			w.log.add("handler")
			return end.asks()
		}
		select {
		case w.began <- struct{}{}:
		default: // of a message that waited
		}
		<-ctx.Done()
		time.Sleep(3 * time.Second) // it takes its time
		w.log.add("handler")
		return ctx.Err()
	}
	return &funcs{
		connect: func(ctx context.Context, h *ws.Handshake) error {
			s, err := h.Accept()
			if err != nil {
				return err
			}
			w.sockets <- s
			if err := s.Join(ctx, "g"); err != nil || end.early == nil {
				return err
			}
			return end.early()
		},
		receive: func(ctx context.Context, _ *ws.Socket, _ ws.Message) error { return handle(ctx) },
		request: func(ctx context.Context, _ *ws.Request) error { return handle(ctx) },
		disconnect: func(ctx context.Context, st ws.CloseStatus) {
			w.backend.mu.Lock()
			joined := w.backend.topics["group:g"]
			w.backend.mu.Unlock()
			if joined || ctx.Err() != nil || ctx.Value(keptKey{}) != "kept" {
				t.Errorf("Disconnect: in a group %v, context %v with %v", joined, ctx.Err(), ctx.Value(keptKey{}))
			}
			w.log.add("disconnect")
			st.Reason = ""
			w.gone <- st
			panic("in Disconnect, too")
		},
	}
}

// TestDisconnectOnce: however a socket ends, Disconnect runs once, when its handlers have returned and it is in no group any more,
// with a context that has not ended and holds what middlewares put into it; also where it panics itself.
func TestDisconnectOnce(t *testing.T) {
	for _, end := range socketEnds() {
		for _, mode := range []string{"sync", "async"} {
			for _, offer := range []string{"", v1Offer} {
				t.Run(end.name+"/"+mode+"/"+offer, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testDisconnectOnce(t, end, mode, offer) })
				})
			}
		}
	}
}

func testDisconnectOnce(t *testing.T, end socketEnd, mode, offer string) {
	w := &witness{
		backend: &orderedBackend{t: t, topics: make(map[string]bool), busy: make(map[string]bool)},
		began:   make(chan struct{}, 1), gone: make(chan ws.CloseStatus, 9), sockets: make(chan *ws.Socket, 1),
	}
	layer, err := ws.NewLayer(w.backend)
	if err != nil {
		t.Fatal(err)
	}
	f := w.consumer(t, end)
	route := syncRoute(f)
	if mode == "async" {
		route = asyncRoute(f, ws.Concurrency(1))
	}
	keep := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keptKey{}, "kept")))
		})
	}
	app := ws.NewRouter(ws.DefaultLimits(), layer, []ws.Middleware{keep}, route)
	page := &endingPage{rawPage: shakeHands(t, pipeTo(t, app), "/ws", offer), v1: offer != "", s: <-w.sockets, app: app, layer: layer}
	if !end.deaf {
		go func() { // to the end, and answers nothing
			for {
				if _, _, err := page.tryNext(); err != nil {
					return
				}
			}
		}()
	}
	if end.early == nil {
		page.say(t, "work")
	}
	if end.do != nil {
		<-w.began
		end.do(t, page)
	}
	select {
	case st := <-w.gone:
		if st != end.want {
			t.Errorf("Disconnect got %+v, want %+v", st, end.want)
		}
	case <-time.After(10 * time.Minute):
		t.Fatal("no Disconnect in ten minutes")
	}
	time.Sleep(time.Minute) // for all that might still come
	if happened := strings.ReplaceAll(strings.Join(w.log.all(), " "), "handler ", ""); happened != "disconnect" || (len(w.log.all()) == 1) != (end.early != nil) {
		t.Errorf("happened: %s", w.log.all())
	}
	if st := app.Stats(); st.Sockets != 0 || st.Panics == 0 {
		t.Errorf("stats %+v", st)
	}
	_ = page.Close()
	if err := errors.Join(app.Drain(context.Background(), 0), layer.Close()); err != nil {
		t.Error(err)
	}
}
