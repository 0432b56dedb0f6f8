package ws_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"

	"github.com/coder/websocket"
)

// TestResultOutlivesTheRing: who comes long after the history is gone is told so, and still gets the result: a page that saw
// the beginning, one that comes for the first time, and a plain one nothing, since it gets what is new alone.
func TestResultOutlivesTheRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := long()
		h.TTL = time.Minute
		app, layer := streamApp(t, h, follower())
		page := wstest.Connect(t, app, toJob1, wstest.V1())
		seen, goOn := make(chan struct{}), make(chan struct{})
		started, err := layer.Jobs().Start(t.Context(), "1", func(ctx context.Context, j *ws.Job) (ws.Message, error) {
			if err := j.Send(ctx, ws.Text("half")); err != nil {
				return ws.Message{}, err
			}
			close(seen)
			<-goOn
			return ws.Text("result"), j.Send(ctx, ws.Text("all"))
		})
		if !started || err != nil {
			t.Fatal(started, err)
		}
		<-seen
		page.Expect("half")
		page.Drop()
		close(goOn)
		time.Sleep(23 * time.Hour) // on a clock that moves by itself
		page = wstest.Connect(t, app, toJob1, wstest.Return(page))
		if snapshot := page.ExpectReset("trimmed"); snapshot != nil {
			t.Errorf("snapshot %+v", snapshot)
		}
		fresh, plain := wstest.Connect(t, app, toJob1, wstest.V1()), wstest.Connect(t, app, toJob1)
		for _, s := range []*wstest.Sock{page, fresh} {
			if m := s.ExpectEnd(ws.JobDone); string(m.Data) != "result" {
				t.Errorf("ended with %q", m.Data)
			}
			s.Quiet()
		}
		plain.Quiet()
		page.Drop()
		time.Sleep(2 * time.Hour)
		page = wstest.Connect(t, app, toJob1, wstest.Return(page)) // it has the result, and misses nothing
		page.Quiet()
		wstest.Connect(t, app, toJob1, wstest.V1()).Quiet() // for others it is gone
	})
}

// TestIdleStreamKeepsItsPages: a page that is live on a stream of which nothing is kept any more goes on without a reset.
func TestIdleStreamKeepsItsPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := long()
		h.TTL = time.Minute
		app, layer := streamApp(t, h, follower())
		page := wstest.Connect(t, app, toJob1, wstest.V1())
		publish(t, layer, "job:1", "one")
		page.Expect("one")
		time.Sleep(3 * time.Hour)
		publish(t, layer, "job:1", "two")
		page.Expect("two")
		page.Drop()
		time.Sleep(59 * time.Second)
		publish(t, layer, "job:1", "three")
		page = wstest.Connect(t, app, toJob1, wstest.Return(page))
		page.Expect("three")
		page.Quiet()
	})
}

// TestReplayForThoseWhoWantTheNewest: under outbound latest a replay leaves out what a later message of the same key replaces.
func TestReplayForThoseWhoWantTheNewest(t *testing.T) {
	app, layer := streamApp(t, long(), follower(ws.OutboundLatest()))
	for i := range 60 {
		for _, key := range []string{"a", "b", ""} {
			if key == "" && i%50 > 0 {
				continue
			}
			m := ws.Text(fmt.Sprint(key, i))
			m.Key = key
			if err := layer.Send(t.Context(), "job:1", m); err != nil {
				t.Fatal(err)
			}
		}
	}
	page := wstest.Connect(t, app, toJob1, wstest.V1())
	for _, want := range []string{"0", "50", "a59", "b59"} {
		page.Expect(want)
	}
	page.Quiet()
	if st := app.Stats(); st.Replaced != 118 || st.Replayed != 4 {
		t.Errorf("stats %+v", st)
	}
	if at := page.Position("job:1"); at.Offset != 122 {
		t.Errorf("the page is at %+v", at)
	}
}

// TestEndIsNotReplaced: by a later message of the same key, where a page wants the newest of each.
func TestEndIsNotReplaced(t *testing.T) {
	app, layer, log := fakeApp(t, long(), follower(ws.OutboundLatest()))
	end := ws.Append{History: long(), Envelope: ws.Envelope{Data: []byte("result"), Key: "a", End: ws.JobDone}}
	if _, err := log.Append(t.Context(), "group:job:1", end); err != nil {
		t.Fatal(err)
	}
	if err := layer.Send(t.Context(), "job:1", ws.Message{Data: []byte("later"), Key: "a"}); err != nil {
		t.Fatal(err)
	}
	page := wstest.Connect(t, app, toJob1, wstest.V1())
	page.ExpectEnd(ws.JobDone)
	page.Expect("later")
}

// TestLogThatHoldsBack: a log that says that there is more, but has none of it yet, is asked again. Nothing is skipped.
func TestLogThatHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, layer, log := fakeApp(t, long(), follower())
		publish(t, layer, "job:1", "1", "2")
		readings := 0
		log.onEachRead(func(_ string, _ uint64, page *ws.Page) error {
			if readings++; readings > 1 && readings < 5 { // the first one is for joined
				page.Records = nil
			}
			return nil
		})
		page := wstest.Connect(t, app, toJob1, wstest.V1())
		page.Expect("1")
		page.Expect("2")
		page.Quiet()
	})
}

// TestOddResumes: whatever a page says of its position, it is answered in kind.
func TestOddResumes(t *testing.T) {
	app, layer := streamApp(t, long(), follower())
	publish(t, layer, "job:1", "one")
	at, err := layer.Stream("job:1").Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for say, want := range map[string]string{
		`"epoch":"` + at.Epoch + `","offset":18446744073709551615`: `"recovered":false,"reason":"ahead"`,
		`"epoch":"` + at.Epoch + `","offset":2`:                    `"recovered":false,"reason":"ahead"`,
		`"epoch":"` + at.Epoch + `","offset":1`:                    `"recovered":true,"reason":"",`,
		`"epoch":"` + at.Epoch + `"`:                               `"recovered":true,"reason":"",`,
		`"epoch":"` + strings.Repeat("x", 60_000) + `","offset":1`: `"recovered":false,"reason":"restarted"`,
		`"epoch":"\u0000\"","offset":0`:                            `"recovered":false,"reason":"restarted"`,
		`"offset":7`:                                               `"recovered":true,"reason":"",`,
		`"epoch":null,"offset":null`:                               `"recovered":true,"reason":"",`,
		`"epoch":"e","offset":-1`:                                  `"close","code":1002,`,
		`"epoch":"e","offset":1.5`:                                 `"close","code":1002,`,
		`"epoch":"e","offset":"1"`:                                 `"close","code":1002,`,
		`"epoch":1,"offset":1`:                                     `"close","code":1002,`,
		`"stream":-1`:                                              `"close","code":1002,`,
		`"epoch":["e"],"offset":[1]`:                               `"close","code":1002,`,
		`"offset":36893488147419103232`:                            `"close","code":1002,`,
	} {
		page := dialTCP(t, app, toJob1, "wsgen.1")
		page.read(t) // hello
		page.read(t) // joined
		page.send(t, `c{"type":"resume","stream":1,`+say+`}`)
		if got := page.read(t); !strings.Contains(got, want) {
			t.Errorf("%.80s: got %.120s", say, got)
		}
	}
	if st := app.Stats(); st.Panics != 0 {
		t.Errorf("stats %+v", st)
	}
}

// TestOffsetWithoutAnEpoch means nothing: the page gets all that is kept.
func TestOffsetWithoutAnEpoch(t *testing.T) {
	app, layer := streamApp(t, long(), follower())
	publish(t, layer, "job:1", "one", "two", "three")
	page := dialTCP(t, app, toJob1, "wsgen.1")
	page.read(t) // hello
	page.read(t) // joined
	page.send(t, `c{"type":"resume","stream":1,"offset":2}`)
	page.read(t) // recovered
	for _, want := range []string{"s1:1:one", "s1:2:two", "s1:3:three"} {
		if got := page.read(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestKeepThatComesLate: a group that had members before it was told to keep history has them as plain ones, and those who join
// meanwhile too; all get what is sent.
func TestKeepThatComesLate(t *testing.T) {
	app, layer := newApp(t, follower())
	before := wstest.Connect(t, app, toJob1, wstest.V1())
	layer.Keep("job", long())
	after := wstest.Connect(t, app, toJob1, wstest.V1())
	publish(t, layer, "job:1", "one")
	before.Expect("one")
	after.Expect("one")
	before.Drop()
	after.Drop()
	late := wstest.Connect(t, app, toJob1, wstest.V1())
	late.Expect("one")
	late.Quiet()
}

// TestCompressedStreams: live and replayed, messages and ends, under any number.
func TestCompressedStreams(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.Compression = true
	layer := ws.NewMemoryLayer()
	layer.Keep("job", long())
	app := ws.NewRouter(limits, layer, nil, syncRoute(&funcs{connect: join("job:1", "job:2")}))
	text := strings.Repeat("all work and no play ", 500)
	for _, when := range []string{"live", "replayed"} {
		page := dialWith(t, app, "/ws", &websocket.DialOptions{
			Subprotocols: []string{"wsgen.1"}, CompressionMode: websocket.CompressionNoContextTakeover,
		})
		for range 3 { // hello, and joined twice
			page.read(t)
		}
		for stream := 1; stream <= 2; stream++ {
			page.send(t, fmt.Sprintf(`c{"type":"resume","stream":%d}`, stream))
			page.read(t) // recovered
			if when == "live" {
				settle(t, app)
				publish(t, layer, fmt.Sprint("job:", stream), text)
				started, err := layer.Jobs().Start(t.Context(), fmt.Sprint(stream), func(context.Context, *ws.Job) (ws.Message, error) {
					return ws.Text(text), nil
				})
				if !started || err != nil {
					t.Fatal(started, err)
				}
			}
			for _, want := range []string{
				fmt.Sprintf("s%d:1:", stream) + text,
				fmt.Sprintf(`c{"type":"ended","stream":%d,"offset":2,"state":"done","reason":""}`, stream),
				fmt.Sprintf("s%d:2:", stream) + text,
			} {
				if got := page.read(t); got != want {
					t.Errorf("%s: got %.80q, want %.80q", when, got, want)
				}
			}
		}
	}
	if err := layer.Close(); err != nil {
		t.Error(err)
	}
}

// TestQuietAndDrainKnowReplays: a replay that is under way is work, and ends with the service.
func TestQuietAndDrainKnowReplays(t *testing.T) {
	app, layer, log := fakeApp(t, long(), follower())
	publish(t, layer, "job:1", "one")
	stuck, release := make(chan struct{}, 10), make(chan struct{})
	reads := 0
	log.onEachRead(func(string, uint64, *ws.Page) error {
		if reads++; reads > 1 {
			stuck <- struct{}{}
			<-release
		}
		return nil
	})
	page := dialTCP(t, app, toJob1, "wsgen.1")
	page.read(t) // hello
	page.read(t) // joined
	page.send(t, `c{"type":"resume","stream":1}`)
	await(t, stuck, "the reading")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := app.Quiet(ended); err == nil {
		t.Error("quiet, although a replay is under way")
	}
	drained := make(chan error, 1)
	go func() { drained <- app.Drain(context.Background(), 0) }()
	if got := page.read(t); got != `c{"type":"close","code":1012,"reason":"service restart"}` {
		t.Errorf("got %s", got)
	}
	page.expectClose(t, 1012)
	select {
	case err := <-drained:
		t.Errorf("drained with a replay under way: %v", err)
	default:
	}
	close(release)
	if err := await(t, drained, "the drain"); err != nil {
		t.Error(err)
	}
}
