package ws_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// resume connects a page by hand and resumes its first stream from the beginning.
func resume(t *testing.T, dial func(testing.TB, *ws.Router, string, ...string) *page, app *ws.Router, path string) *page {
	t.Helper()
	page := dial(t, app, path, "wsgen.1")
	page.read(t) // hello
	if joined := page.read(t); !strings.HasPrefix(joined, `c{"type":"joined","stream":1,`) {
		t.Fatalf("got %s", joined)
	}
	page.send(t, `c{"type":"resume","stream":1}`)
	if recovered := page.read(t); !strings.HasPrefix(recovered, `c{"type":"recovered","stream":1,"recovered":true,`) {
		t.Fatalf("got %s", recovered)
	}
	return page
}

// TestReplayGoesAtThePagesPace: a replay of much more than an outbox holds costs a page that does not read neither its socket nor
// the service its memory, and what is new comes behind it.
func TestReplayGoesAtThePagesPace(t *testing.T) {
	const messages = 4000 // 16 MB
	app, layer := streamApp(t, long(), follower())
	for i := range messages {
		if err := layer.Send(t.Context(), "job:1", numbered(i, "-")); err != nil {
			t.Fatal(err)
		}
	}
	page := resume(t, dialPipe, app, toJob1)
	for i := messages; i < messages+500; i++ { // twice an outbox, while the replay waits for the page
		if err := layer.Send(t.Context(), "job:1", numbered(i, "-")); err != nil {
			t.Fatal(err)
		}
	}
	if sent := app.Stats().Sent; sent > 200 {
		t.Errorf("%d messages wait for a page that does not read", sent)
	}
	for i := range messages + 500 {
		prefix := fmt.Sprintf("s1:%d:", i+1)
		text, ok := strings.CutPrefix(page.read(t), prefix)
		if got, _ := numberOf(t, text); !ok || got != i {
			t.Fatalf("got %.30q, want %s%d", text, prefix, i)
		}
	}
	if st := app.Stats(); st.Slow != 0 || st.Resets != 0 {
		t.Errorf("stats %+v", st)
	}
}

// TestRingOvertakesASlowReplay: the page is told, once or more than once, and between two resets nothing is missing.
func TestRingOvertakesASlowReplay(t *testing.T) {
	h := long()
	h.Messages = 200
	app, layer := streamApp(t, h, follower())
	total := 0
	burst := func(n int) {
		for range n {
			if err := layer.Send(t.Context(), "job:1", numbered(total, "-")); err != nil {
				t.Fatal(err)
			}
			total++
		}
	}
	burst(200)
	page := resume(t, dialPipe, app, toJob1)
	burst(1000)
	resets, next, anywhere := 0, 1, false
	for next <= total {
		text := page.read(t)
		var offset int
		switch {
		case strings.HasPrefix(text, `c{"type":"recovered","stream":1,"recovered":false,"reason":"trimmed",`):
			resets++
			anywhere = true
			continue
		case strings.HasPrefix(text, "s1:"):
			if _, err := fmt.Sscanf(text, "s1:%d:", &offset); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("got %.80q", text)
		}
		if offset < next || offset > next && !anywhere {
			t.Fatalf("offset %d, want %d", offset, next)
		}
		next, anywhere = offset+1, false
	}
	if resets == 0 || app.Stats().Resets != uint64(resets) {
		t.Errorf("%d resets, stats %+v", resets, app.Stats())
	}
}

// TestLeavingInMidReplay: nothing of the stream follows the frame that says so, and joining again gives another number.
func TestLeavingInMidReplay(t *testing.T) {
	sockets := make(chan *ws.Socket, 1)
	app, layer := streamApp(t, long(), syncRoute(&funcs{connect: func(ctx context.Context, h *ws.Handshake) error {
		s, err := h.Accept()
		sockets <- s
		return errorsOf(err, s.Join(ctx, "job:1"))
	}}))
	for i := range 1000 {
		if err := layer.Send(t.Context(), "job:1", numbered(i, "-")); err != nil {
			t.Fatal(err)
		}
	}
	page := resume(t, dialPipe, app, "/ws")
	s := await(t, sockets, "the socket")
	for range 20 {
		page.read(t)
	}
	if err := s.Leave(t.Context(), "job:1"); err != nil {
		t.Fatal(err)
	}
	read := 20
	for ; ; read++ {
		if text := page.read(t); text == `c{"type":"left","stream":1}` {
			break
		} else if !strings.HasPrefix(text, "s1:") {
			t.Fatalf("got %.80q", text)
		}
	}
	if read == 1000 {
		t.Error("it left after the replay, which shows nothing")
	}
	page.send(t, `c{"type":"resume","stream":1}`) // is ignored
	if err := s.Join(t.Context(), "job:1"); err != nil {
		t.Fatal(err)
	}
	if text := page.read(t); !strings.HasPrefix(text, `c{"type":"joined","stream":2,`) {
		t.Errorf("got %.80q", text)
	}
	page.send(t, `c{"type":"resume","stream":2}`)
	if text := page.read(t); !strings.HasPrefix(text, `c{"type":"recovered","stream":2,"recovered":true,`) {
		t.Errorf("got %.80q", text)
	}
	if text := page.read(t); !strings.HasPrefix(text, "s2:1:0 ") {
		t.Errorf("got %.80q", text)
	}
}

// TestSocketThatEndsDoesNotLeave: its stream goes on without it, which is not said.
func TestSocketThatEndsDoesNotLeave(t *testing.T) {
	sockets := make(chan *ws.Socket, 1)
	app, _ := streamApp(t, long(), syncRoute(&funcs{connect: func(ctx context.Context, h *ws.Handshake) error {
		s, err := h.Accept()
		sockets <- s
		return errorsOf(err, s.Join(ctx, "job:1"))
	}}))
	for range 30 { // the two race each other
		page := resume(t, dialTCP, app, "/ws")
		if err := await(t, sockets, "the socket").Close(4000, ""); err != nil {
			t.Fatal(err)
		}
		if got := page.read(t); got != `c{"type":"close","code":4000,"reason":""}` {
			t.Fatalf("got %s", got)
		}
		page.expectClose(t, 4000)
	}
}

// errorsOf returns the first error.
func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestLeavingKeepsThePosition: over leaving and joining on one connection as over connections, and joining twice is joining once.
func TestLeavingKeepsThePosition(t *testing.T) {
	app, layer := streamApp(t, long(), syncRoute(command()))
	page := wstest.Connect(t, app, "/ws", wstest.V1())
	tell(t, page, "join job:1")
	tell(t, page, "join job:1")
	tell(t, page, "join job:2")
	publish(t, layer, "job:1", "one")
	publish(t, layer, "job:2", "two")
	for range 2 {
		if got := string(page.Receive().Data); got != "one" && got != "two" {
			t.Errorf("got %q", got)
		}
	}
	page.Quiet()
	tell(t, page, "leave job:1")
	publish(t, layer, "job:1", "three", "four")
	page.Quiet()
	page.Send("join job:1")
	if got := texts(page, 3); len(got) != 3 || got["done"] == 0 || got["three"] > got["four"] {
		t.Errorf("got %v", got)
	}
	publish(t, layer, "job:2", "five")
	page.Expect("five")
	page.Drop()
	publish(t, layer, "job:1", "six")
	publish(t, layer, "job:2", "seven")
	page = wstest.Connect(t, app, "/ws", wstest.Return(page))
	for group, missed := range map[string]string{"job:1": "six", "job:2": "seven"} {
		page.Send("join " + group)
		if got := texts(page, 2); got[missed] == 0 || got["done"] == 0 {
			t.Errorf("got %v", got)
		}
		page.Quiet()
	}
}

// texts receives n messages, and returns the place of each. What an answer to a command is among what a stream replays, nobody
// has promised.
func texts(page *wstest.Sock, n int) map[string]int {
	got := make(map[string]int)
	for i := range n {
		got[string(page.Receive().Data)] = i + 1
	}
	return got
}

// TestEndOfAStream: it comes live and in a replay, as one piece, to a plain page as a message, and the stream may go on.
func TestEndOfAStream(t *testing.T) {
	app, layer, log := fakeApp(t, long(), follower())
	end := func(state ws.JobState, reason, text string) {
		t.Helper()
		_, err := log.Append(t.Context(), "group:job:1", ws.Append{History: long(), Envelope: ws.Envelope{
			Data: []byte(text), End: state, Reason: reason, Key: "end",
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	plain, page, byHand := wstest.Connect(t, app, toJob1), wstest.Connect(t, app, toJob1, wstest.V1()), resume(t, dialTCP, app, toJob1)
	settle(t, app)
	publish(t, layer, "job:1", "one")
	end(ws.JobFailed, `the "disk" is full`, `{"job":"1","state":"failed"}`)
	publish(t, layer, "job:1", "two")
	end(ws.JobDone, "", "result")
	late := wstest.Connect(t, app, toJob1, wstest.V1())
	for _, s := range []*wstest.Sock{page, late} {
		s.Expect("one")
		if m := s.ExpectEnd(ws.JobFailed); string(m.Data) != `{"job":"1","state":"failed"}` {
			t.Errorf("ended with %q", m.Data)
		}
		s.Expect("two")
		if m := s.ExpectEnd(ws.JobDone); string(m.Data) != "result" {
			t.Errorf("ended with %q", m.Data)
		}
		s.Quiet()
	}
	for _, want := range []string{"one", `{"job":"1","state":"failed"}`, "two", "result"} {
		plain.Expect(want)
	}
	for _, want := range []string{
		"s1:1:one",
		`c{"type":"ended","stream":1,"offset":2,"state":"failed","reason":"the \"disk\" is full"}`,
		`s1:2:{"job":"1","state":"failed"}`,
		"s1:3:two",
		`c{"type":"ended","stream":1,"offset":4,"state":"done","reason":""}`,
		"s1:4:result",
	} {
		if got := byHand.read(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestKeysCountWithinTheirGroup: under outbound latest, a message replaces one of the same key and group, and no other.
func TestKeysCountWithinTheirGroup(t *testing.T) {
	for name, keep := range map[string]bool{"plain groups": false, "streams": true} {
		t.Run(name, func(t *testing.T) {
			layer := ws.NewMemoryLayer()
			if keep {
				layer.Keep("job", long())
			}
			sockets := make(chan *ws.Socket, 1)
			app := ws.NewRouter(narrow(), layer, nil, syncRoute(&funcs{connect: func(ctx context.Context, h *ws.Handshake) error {
				s, err := h.Accept()
				err = errorsOf(err, s.Join(ctx, "job:1"), s.Join(ctx, "job:2"))
				sockets <- s
				return err
			}}, ws.OutboundLatest()))
			page := dialPipe(t, app, "/ws")
			s := await(t, sockets, "the socket")
			// The first one is on its way, so that all others wait.
			if err := s.Send(t.Context(), numbered(0, "")); err != nil {
				t.Fatal(err)
			}
			page.read(t)
			blocked := numbered(1, "")
			blocked.Data = append(blocked.Data, make([]byte, 200<<10)...)
			for i := range blocked.Data[4000:] {
				blocked.Data[4000+i] = 'x'
			}
			if err := s.Send(t.Context(), blocked); err != nil {
				t.Fatal(err)
			}
			send := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			for round := range 3 {
				for _, group := range []string{"job:1", "job:2"} {
					send(layer.Send(t.Context(), group, ws.Message{Data: fmt.Append(nil, group, " ", round), Key: "k"}))
				}
				send(s.Send(t.Context(), ws.Message{Data: fmt.Append(nil, "direct ", round), Key: "k"}))
				send(s.Send(t.Context(), ws.Message{Data: fmt.Append(nil, "odd ", round), Key: "job:1\x00k"}))
			}
			page.read(t)
			for _, want := range []string{"job:1 2", "job:2 2", "direct 2", "odd 2"} {
				if got := page.read(t); got != want {
					t.Errorf("got %.30q, want %q", got, want)
				}
			}
			if st := app.Stats(); st.Replaced != 8 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

// TestPagesThatComeAndGo: under a stream of messages, pages connect, drop and return at random moments. None misses one, none
// gets one twice, and all are in order.
func TestPagesThatComeAndGo(t *testing.T) {
	const messages, pages = 3000, 6
	app, layer := streamApp(t, long(), follower())
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for i := range messages {
			if err := layer.Send(context.Background(), "job:1", ws.Text(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		}
	})
	for p := range pages {
		rng := rand.New(rand.NewPCG(1, uint64(p)))
		wg.Go(func() {
			sock := wstest.Connect(t, app, toJob1, wstest.V1())
			for next := 0; next < messages; {
				for range min(rng.IntN(400), messages-next) {
					sock.Expect(fmt.Sprint(next))
					next++
				}
				sock.Drop()
				for uint64(next) < sock.Position("job:1").Offset { // the page has these already
					sock.Expect(fmt.Sprint(next))
					next++
				}
				sock = wstest.Connect(t, app, toJob1, wstest.Return(sock))
			}
			sock.Quiet()
		})
	}
}
