package ws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// TestFreshPageGetsAllThatIsKept: a page that comes for the first time gets what is kept, in order, and then what is new; a plain
// one what is new alone.
func TestFreshPageGetsAllThatIsKept(t *testing.T) {
	app, layer := streamApp(t, short(), syncRoute(&funcs{connect: join("job:1")}))
	for i := range 15 {
		publish(t, layer, "job:1", fmt.Sprint(i))
	}
	page, plain := wstest.Connect(t, app, "/ws", wstest.V1()), wstest.Connect(t, app, "/ws")
	for i := 5; i < 15; i++ { // what was gone before it came, it has not missed
		page.Expect(fmt.Sprint(i))
	}
	page.Quiet()
	publish(t, layer, "job:1", "new")
	page.Expect("new")
	plain.Expect("new")
	for _, s := range []*wstest.Sock{page, plain} {
		s.Quiet()
	}
	if st := app.Stats(); st.Replayed != 10 || st.Resets != 0 || st.Sent < 12 {
		t.Errorf("stats %+v", st)
	}
}

// TestReturningPageGetsWhatItMissed: in order and once, text as text and binary as binary, again and again, and whether the
// service has noticed that the page was gone or not.
func TestReturningPageGetsWhatItMissed(t *testing.T) {
	app, layer := streamApp(t, long(), syncRoute(&funcs{connect: join("job:1", "plain")}))
	page := wstest.Connect(t, app, "/ws", wstest.V1())
	for round := range 3 {
		publish(t, layer, "job:1", "live")
		page.Expect("live")
		back := wstest.Return(page)
		if round != 1 {
			page.Drop()
		}
		publish(t, layer, "job:1", "missed")
		publish(t, layer, "plain", "lost")
		if err := layer.Send(t.Context(), "job:1", ws.Message{Data: []byte{0, 's', ':'}, Binary: true}); err != nil {
			t.Fatal(err)
		}
		page = wstest.Connect(t, app, "/ws", back)
		page.Expect("missed")
		page.ExpectBinary([]byte{0, 's', ':'})
		page.Quiet()
	}
	if at := page.Position("job:1"); at.Offset != 9 || at.Epoch == "" {
		t.Errorf("the page is at %+v", at)
	}
	if st := app.Stats(); st.Resets != 0 {
		t.Errorf("stats %+v", st)
	}
}

// TestJoinedCarriesThePosition: the reply to joining has epoch and top, also before the first message, and nothing of the stream
// comes before the page has said where it stands.
func TestJoinedCarriesThePosition(t *testing.T) {
	app, layer := streamApp(t, long(), syncRoute(&funcs{connect: join("job:1", "job", "jobless")}))
	page := dialTCP(t, app, "/ws", "wsgen.1")
	if hello := page.read(t); !strings.HasPrefix(hello, `c{"type":"hello",`) {
		t.Fatalf("first %s", hello)
	}
	at, err := layer.Stream("job:1").Position(t.Context())
	if err != nil || at.Epoch == "" || at.Offset != 0 {
		t.Fatalf("position %+v, %v", at, err)
	}
	if got, want := page.read(t), fmt.Sprintf(`c{"type":"joined","stream":1,"name":"job:1","epoch":%q,"top":0}`, at.Epoch); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := page.read(t); !strings.HasPrefix(got, `c{"type":"joined","stream":2,"name":"job","epoch":"`) {
		t.Errorf("got %s", got)
	}
	settle(t, app) // the last group is joined without a word
	publish(t, layer, "job:1", "one", "two")
	publish(t, layer, "jobless", "plain")
	if got := page.read(t); got != "mplain" { // nothing came before
		t.Errorf("got %s", got)
	}
	for _, odd := range []string{`{"type":"resume","stream":3}`, `{"type":"resume","stream":0}`, `{"type":"resume"}`} {
		page.send(t, "c"+odd) // is ignored
	}
	page.send(t, `c{"type":"resume","stream":1}`)
	recovered := fmt.Sprintf(`c{"type":"recovered","stream":1,"recovered":true,"reason":"","epoch":%q,"offset":0,"snapshot":false}`, at.Epoch)
	for _, want := range []string{recovered, "s1:1:one", "s1:2:two"} {
		if got := page.read(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	page.send(t, `c{"type":"resume","stream":1}`) // is ignored
	page.send(t, "mecho")
	if got := page.read(t); got != "mecho" {
		t.Errorf("got %s", got)
	}
	settle(t, app)
	publish(t, layer, "job:1", "three")
	if got := page.read(t); got != "s1:3:three" {
		t.Errorf("got %s", got)
	}
}

// TestStream: its face, with and without history.
func TestStream(t *testing.T) {
	_, layer := streamApp(t, long())
	ctx := t.Context()
	s := layer.Stream("job:1")
	first, err := s.Send(ctx, ws.Text("one"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Send(ctx, ws.Text("two"))
	if err != nil || second.Epoch != first.Epoch || second.Offset <= first.Offset {
		t.Errorf("%+v after %+v, %v", second, first, err)
	}
	if at, err := s.Position(ctx); err != nil || at != second {
		t.Errorf("position %+v, %v", at, err)
	}
	if err := s.Save(ctx, ws.Text("state")); err != nil {
		t.Error(err)
	}
	if err := s.Save(ctx, ws.Text("\xff")); err == nil {
		t.Error("saved a text that is no UTF-8")
	}
	if _, err := s.Send(ctx, ws.JSON(func() {})); err == nil {
		t.Error("sent what is no JSON")
	}
	none := layer.Stream("chat:1")
	_, sent := none.Send(ctx, ws.Text("x"))
	_, read := none.Position(ctx)
	for what, err := range map[string]error{"send": sent, "position": read, "save": none.Save(ctx, ws.Text("x"))} {
		if !errors.Is(err, ws.ErrNoHistory) || !strings.Contains(err.Error(), `"chat:1"`) || !strings.Contains(err.Error(), "streams: {chat: {}}, and run wsgen generate") {
			t.Errorf("%s: %v", what, err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for what, err := range map[string]error{
		"no name":                  layer.Stream("").Save(ctx, ws.Text("x")),
		"a name with a line break": layer.Send(ctx, "job:\n", ws.Text("x")),
		"a long name":              layer.Send(ctx, "job:"+strings.Repeat("x", 200), ws.Text("x")),
		"a context that has ended": layer.Send(ended, "job:1", ws.Text("x")),
	} {
		if err == nil || strings.Contains(what, "name") != errors.Is(err, ws.ErrGroupName) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestKeep: what only a program can get wrong panics at start, and the same twice is once.
func TestKeep(t *testing.T) {
	layer := ws.NewMemoryLayer()
	for _, family := range []string{"job", "a.b-c_D9", strings.Repeat("x", 100)} {
		layer.Keep(family, short())
		layer.Keep(family, short())
	}
	plain, err := ws.NewLayer(&orderedBackend{t: t})
	if err != nil {
		t.Fatal(err)
	}
	for name, keep := range map[string]func(){
		"another history":     func() { layer.Keep("job", long()) },
		"no name":             func() { layer.Keep("", short()) },
		"a name with a colon": func() { layer.Keep("job:1", short()) },
		"a long name":         func() { layer.Keep(strings.Repeat("x", 101), short()) },
		"no message":          func() { layer.Keep("x", ws.History{Bytes: 1, TTL: 1}) },
		"no byte":             func() { layer.Keep("x", ws.History{Messages: 1, TTL: 1}) },
		"no time":             func() { layer.Keep("x", ws.History{Messages: 1, Bytes: 1}) },
		"no log":              func() { plain.Keep("x", short()) },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "ws: ") {
					t.Errorf("%s: panic %q", name, text)
				}
			}()
			keep()
			t.Errorf("%s was taken", name)
		}()
	}
}

// TestLatestKeepsTheNewestOfEachKey: under keep: latest a page that comes back misses nothing where the newest of each key is
// there.
func TestLatestKeepsTheNewestOfEachKey(t *testing.T) {
	h := short()
	h.Latest = true
	app, layer := streamApp(t, h, syncRoute(&funcs{connect: join("job:1")}))
	page := wstest.Connect(t, app, "/ws", wstest.V1())
	send := func(key, text string) {
		t.Helper()
		if err := layer.Send(t.Context(), "job:1", ws.Message{Data: []byte(text), Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	send("a", "a 0")
	page.Expect("a 0")
	page.Drop()
	for i := range 100 {
		send("a", fmt.Sprint("a ", i))
		send("b", fmt.Sprint("b ", i))
	}
	send("", "unkeyed")
	page = wstest.Connect(t, app, "/ws", wstest.Return(page))
	for _, want := range []string{"a 99", "b 99", "unkeyed"} {
		page.Expect(want)
	}
	page.Quiet()
	if st := app.Stats(); st.Resets != 0 {
		t.Errorf("stats %+v", st)
	}
}

// TestEventsAreNeverKept: Notify reaches who is there, also in a group that keeps history.
func TestEventsAreNeverKept(t *testing.T) {
	app, layer := streamApp(t, long(), syncRoute(&funcs{
		connect: join("job:1"),
		event: func(ctx context.Context, s *ws.Socket, e ws.Event) error {
			return s.Send(ctx, ws.Text("event "+e.Type))
		},
	}))
	page := wstest.Connect(t, app, "/ws", wstest.V1())
	if err := layer.Notify(t.Context(), "job:1", ws.Event{Type: "one"}); err != nil {
		t.Fatal(err)
	}
	page.Expect("event one")
	wstest.Connect(t, app, "/ws", wstest.V1()).Quiet()
}

// TestSeveralRoutersOnOneLayer: their pages follow the same stream.
func TestSeveralRoutersOnOneLayer(t *testing.T) {
	app, layer := streamApp(t, long(), syncRoute(&funcs{connect: join("job:1")}))
	other := ws.NewRouter(ws.DefaultLimits(), layer, nil, asyncRoute(&funcs{connect: join("job:1")}))
	publish(t, layer, "job:1", "one")
	pages := []*wstest.Sock{wstest.Connect(t, app, "/ws", wstest.V1()), wstest.Connect(t, other, "/ws", wstest.V1())}
	publish(t, layer, "job:1", "two")
	for _, page := range pages {
		page.Expect("one")
		page.Expect("two")
	}
	pages[1].Drop()
	publish(t, layer, "job:1", "three")
	moved := wstest.Connect(t, app, "/ws", wstest.Return(pages[1])) // the position is the stream's, not the router's
	moved.Expect("three")
	pages[0].Expect("three")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := other.Drain(ctx, time.Millisecond); err != nil {
		t.Error(err)
	}
}
