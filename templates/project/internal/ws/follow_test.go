package ws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// follower is a route whose sockets join the groups that their query names.
func follower(o ...ws.RouteOption) ws.Route {
	return syncRoute(&funcs{connect: func(ctx context.Context, h *ws.Handshake) error {
		s, err := h.Accept()
		if err != nil {
			return err
		}
		return s.Join(ctx, h.Scope().Query().Get("group"))
	}}, o...)
}

const toJob1 = "/ws?group=job:1"

// TestResets: a page that cannot be told all it missed hears of it first, with the reason and the snapshot if there is one; then
// comes all that is kept behind it, and what is new.
func TestResets(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		snapshot     uint64                    // the offset of the snapshot, 0 for none
		between      func(*fakeLog, *ws.Layer) // while the page is away, at offset 5
		offset       uint64                    // the position that the page is given
		want         []string
	}{
		{"trimmed", "trimmed", 0, func(l *fakeLog, _ *ws.Layer) { l.trim("job:1", 7) }, 7, []string{"8", "9"}},
		{"trimmed, with a later snapshot", "trimmed", 8, func(l *fakeLog, _ *ws.Layer) { l.trim("job:1", 7) }, 8, []string{"9"}},
		{"trimmed, with an older snapshot", "trimmed", 3, func(l *fakeLog, _ *ws.Layer) { l.trim("job:1", 7) }, 7, []string{"8", "9"}},
		{"all trimmed, with an older snapshot", "trimmed", 3, func(l *fakeLog, _ *ws.Layer) { l.trim("job:1", 9) }, 9, nil},
		{"all trimmed", "trimmed", 0, func(l *fakeLog, _ *ws.Layer) { l.trim("job:1", 9) }, 9, nil},
		{"restarted", "restarted", 0, func(l *fakeLog, layer *ws.Layer) {
			l.restart("job:1")
			publish(t, layer, "job:1", "1", "2", "3", "4", "5", "6", "7")
		}, 0, []string{"1", "2", "3", "4", "5", "6", "7"}},
		{"restarted and empty", "restarted", 0, func(l *fakeLog, _ *ws.Layer) { l.restart("job:1") }, 0, nil},
		{"ahead", "ahead", 0, func(l *fakeLog, _ *ws.Layer) {
			l.mu.Lock()
			defer l.mu.Unlock()
			s := l.stream("group:job:1")
			s.records, s.top = s.records[:3], 3
		}, 0, []string{"1", "2", "3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			app, layer, log := fakeApp(t, long(), follower())
			page := wstest.Connect(t, app, toJob1, wstest.V1())
			save := func(at uint64) {
				if at == test.snapshot {
					if err := layer.Stream("job:1").Save(t.Context(), ws.Text("state")); err != nil {
						t.Fatal(err)
					}
				}
			}
			for i := uint64(1); i < 10; i++ {
				publish(t, layer, "job:1", fmt.Sprint(i))
				save(i)
				if i <= 5 {
					page.Expect(fmt.Sprint(i))
				}
				if i == 5 {
					page.Drop()
				}
			}
			test.between(log, layer)
			page = wstest.Connect(t, app, toJob1, wstest.Return(page))
			snapshot := page.ExpectReset(test.reason)
			if (snapshot != nil) != (test.snapshot > 0) || snapshot != nil && string(snapshot.Data) != "state" {
				t.Errorf("snapshot %+v", snapshot)
			}
			for _, want := range test.want {
				page.Expect(want)
			}
			page.Quiet()
			if at := page.Position("job:1"); at.Offset != test.offset+uint64(len(test.want)) {
				t.Errorf("the page is at %+v", at)
			}
			publish(t, layer, "job:1", "new")
			page.Expect("new")
			if st := app.Stats(); st.Resets != 1 {
				t.Errorf("stats %+v", st)
			}
			// Having been told, it is whole again.
			page.Drop()
			wstest.Connect(t, app, toJob1, wstest.Return(page)).Quiet()
		})
	}
}

// TestFreshPageAndWhatIsGone: what was gone before a page came for the first time, it has not missed; but a snapshot tells it
// more, and what went between its joining and its resume it has missed.
func TestFreshPageAndWhatIsGone(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		snapshot     bool
		then         func(*fakeLog, *ws.Layer) // between joining and the resume
		want         []string
	}{
		{"nothing is gone, and there is a snapshot", "", true, nil, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}},
		{"the beginning is gone", "", false, nil, []string{"8", "9"}},
		{"all is gone", "", false, func(l *fakeLog, _ *ws.Layer) { l.trim("job:1", 9) }, nil},
		{"the beginning is gone, and there is a snapshot", "trimmed", true, nil, nil},
		{"it lost what came since", "trimmed", false, func(l *fakeLog, layer *ws.Layer) {
			publish(t, layer, "job:1", "10", "11")
			l.trim("job:1", 10)
		}, []string{"11"}},
		{"the stream began anew", "restarted", false, func(l *fakeLog, layer *ws.Layer) {
			l.restart("job:1")
			publish(t, layer, "job:1", "again")
		}, []string{"again"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			app, layer, log := fakeApp(t, long(), follower())
			for i := range 9 {
				publish(t, layer, "job:1", fmt.Sprint(i+1))
			}
			if test.snapshot {
				if err := layer.Stream("job:1").Save(t.Context(), ws.Message{Data: []byte{0xff}, Binary: true}); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.HasPrefix(test.name, "nothing is gone") {
				log.trim("job:1", 7)
			}
			first := true
			log.onEachRead(func(_ string, _ uint64, page *ws.Page) error {
				if first { // this is for joined
					first = false
					if test.then != nil {
						test.then(log, layer)
					}
				}
				return nil
			})
			page := wstest.Connect(t, app, toJob1, wstest.V1())
			if test.reason != "" {
				snapshot := page.ExpectReset(test.reason)
				if (snapshot != nil) != test.snapshot || snapshot != nil && (!snapshot.Binary || snapshot.Data[0] != 0xff) {
					t.Errorf("snapshot %+v", snapshot)
				}
			}
			for _, want := range test.want {
				page.Expect(want)
			}
			page.Quiet()
			page.Drop()
			wstest.Connect(t, app, toJob1, wstest.Return(page)).Quiet() // it knows where it is, whatever it got
		})
	}
}

// TestWhatComesDuringAReplay: messages that come while a page is sent what it missed, and at the moment when that ends, come
// behind it, each once.
func TestWhatComesDuringAReplay(t *testing.T) {
	app, layer, log := fakeApp(t, long(), follower())
	publish(t, layer, "job:1", "1", "2")
	reads := 0
	log.onEachRead(func(_ string, after uint64, page *ws.Page) error {
		reads++
		if reads > 1 && reads < 6 { // the first one is for joined; from now on each page is outdated when the pump gets it
			publish(t, layer, "job:1", fmt.Sprint(reads+1))
		}
		return nil
	})
	page := wstest.Connect(t, app, toJob1, wstest.V1())
	for i := range 6 {
		page.Expect(fmt.Sprint(i + 1))
	}
	page.Quiet()
	publish(t, layer, "job:1", "live")
	page.Expect("live")
	if reads != 6 {
		t.Errorf("the log was read %d times", reads)
	}
}

// TestEpochThatChanges: a stream begins anew under a page that is live.
func TestEpochThatChanges(t *testing.T) {
	app, layer, log := fakeApp(t, long(), follower())
	page := wstest.Connect(t, app, toJob1, wstest.V1())
	for i := range 5 {
		publish(t, layer, "job:1", fmt.Sprint(i))
		page.Expect(fmt.Sprint(i))
	}
	for range 2 {
		log.restart("job:1")
		publish(t, layer, "job:1", "anew")
		page.ExpectReset("restarted")
		page.Expect("anew")
		page.Quiet()
	}
}

// TestEpochThatChangesInMidReplay: the stream begins anew behind the back of a pump that has a page of it, be there more or not.
func TestEpochThatChangesInMidReplay(t *testing.T) {
	for _, kept := range []int{3, 400} {
		app, layer, log := fakeApp(t, long(), follower())
		for i := range kept {
			publish(t, layer, "job:1", fmt.Sprint(i))
		}
		readings := 0
		log.onEachRead(func(string, uint64, *ws.Page) error {
			if readings++; readings == 2 { // the first one is for joined
				log.restart("job:1")
				publish(t, layer, "job:1", "anew")
			}
			return nil
		})
		page := wstest.Connect(t, app, toJob1, wstest.V1())
		for i := range min(kept, 128) {
			page.Expect(fmt.Sprint(i))
		}
		page.ExpectReset("restarted")
		page.Expect("anew")
		page.Quiet()
		publish(t, layer, "job:1", "live")
		page.Expect("live")
	}
}

// TestTrimmedInMidReplay: the ring overtakes a replay. What is whole comes first, then the page is told, then the rest.
func TestTrimmedInMidReplay(t *testing.T) {
	app, layer, log := fakeApp(t, long(), follower())
	for i := range 300 {
		publish(t, layer, "job:1", fmt.Sprint(i+1))
	}
	log.onEachRead(func(_ string, after uint64, page *ws.Page) error {
		if after == 0 && len(page.Records) > 0 {
			log.trim("job:1", 290) // behind the back of the pump, which has its first page
		}
		return nil
	})
	page := wstest.Connect(t, app, toJob1, wstest.V1())
	for i := range 128 {
		page.Expect(fmt.Sprint(i + 1))
	}
	page.ExpectReset("trimmed")
	for i := 291; i <= 300; i++ {
		page.Expect(fmt.Sprint(i))
	}
	page.Quiet()
}

// TestGap: a backend that may have missed messages says so, and the pages get them from the log.
func TestGap(t *testing.T) {
	app, layer, log := fakeApp(t, long(), follower())
	page, plain := wstest.Connect(t, app, toJob1, wstest.V1()), wstest.Connect(t, app, toJob1)
	set := func(silent bool) {
		log.mu.Lock()
		defer log.mu.Unlock()
		log.silent = silent
	}
	publish(t, layer, "job:1", "one")
	set(true)
	publish(t, layer, "job:1", "two", "three")
	set(false)
	log.deliver("group:job:1", ws.Envelope{Gap: true})
	for _, want := range []string{"one", "two", "three"} {
		page.Expect(want)
	}
	// A gap while a pump reads: what it has read may be too old.
	first := true
	log.onEachRead(func(string, uint64, *ws.Page) error {
		if first {
			first = false
			set(true)
			publish(t, layer, "job:1", "four")
			set(false)
			log.deliver("group:job:1", ws.Envelope{Gap: true})
		}
		return nil
	})
	log.deliver("group:job:1", ws.Envelope{Gap: true})
	page.Expect("four")
	page.Quiet()
	publish(t, layer, "job:1", "five")
	page.Expect("five")
	plain.Expect("one") // has no way to get the others
	plain.Expect("five")
	log.deliver("group:nobody", ws.Envelope{Gap: true})
}

// TestLogThatLags: a log of several servers may answer with less than was delivered already. Nothing is sent twice, nothing is left
// out, and the page is not told that it is ahead.
func TestLogThatLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, layer, log := fakeApp(t, long(), follower())
		page := wstest.Connect(t, app, toJob1, wstest.V1())
		publish(t, layer, "job:1", "1", "2", "3", "4")
		for i := range 4 {
			page.Expect(fmt.Sprint(i + 1))
		}
		var readings atomic.Int64
		again := make(chan struct{})
		log.onEachRead(func(_ string, _ uint64, page *ws.Page) error {
			if n := readings.Add(1); n <= 3 {
				page.Top, page.Records = 2, nil
				if n == 2 {
					close(again)
				}
			}
			return nil
		})
		log.deliver("group:job:1", ws.Envelope{Gap: true})
		await(t, again, "a second reading")
		publish(t, layer, "job:1", "5")
		page.Expect("5")
		page.Quiet()
		if st := app.Stats(); st.Resets != 0 || readings.Load() < 4 {
			t.Errorf("stats %+v after %d readings", st, readings.Load())
		}
	})
}

// TestDeliveryThatLags: what a page has read from the log already may be delivered later. It does not come twice.
func TestDeliveryThatLags(t *testing.T) {
	app, layer, log := fakeApp(t, long(), follower())
	log.silent = true
	at, err := layer.Stream("job:1").Send(t.Context(), ws.Text("one"))
	if err != nil {
		t.Fatal(err)
	}
	log.silent = false
	page := wstest.Connect(t, app, toJob1, wstest.V1())
	page.Expect("one")
	page.Quiet()
	log.deliver("group:job:1", ws.Envelope{Data: []byte("one"), Epoch: at.Epoch, Offset: at.Offset})
	publish(t, layer, "job:1", "two")
	page.Expect("two")
}

// TestLogThatFails: a reading that fails is tried again; where the log stays away, the socket closes with 1013, so that the page
// comes back, and it is counted.
func TestLogThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, layer, log := fakeApp(t, long(), follower())
		publish(t, layer, "job:1", "one")
		var readings atomic.Int64
		fail := func(times int64, err error, first int64) {
			readings.Store(first)
			log.onEachRead(func(string, uint64, *ws.Page) error {
				if n := readings.Add(1); n > 1 && n <= 1+times { // the first one is for joined
					return err
				}
				return nil
			})
		}
		down := errors.New("log down")
		fail(5, down, 0)
		began := time.Now()
		page := wstest.Connect(t, app, toJob1, wstest.V1())
		page.Expect("one")
		page.Quiet()
		if n := readings.Load(); n != 7 {
			t.Errorf("the log was read %d times", n)
		}
		if took := time.Since(began); took != 3100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		page.Drop()

		text := captureLog(t)
		for i, test := range []struct {
			err      error
			readings int64
		}{{down, 1 + 6}, {fmt.Errorf("wrapped: %w", ws.ErrLayerClosed), 1 + 1}} {
			fail(1<<30, test.err, 0)
			page = wstest.Connect(t, app, toJob1, wstest.Return(page))
			if reason := page.ExpectClose(1013); reason != "history unavailable" {
				t.Errorf("reason %q", reason)
			}
			if st := app.Stats(); st.HistoryErrors != uint64(i+1) || readings.Load() != test.readings {
				t.Errorf("%d readings, stats %+v", readings.Load(), st)
			}
		}
		synctest.Wait()
		if !strings.Contains(text.String(), "log down") {
			t.Errorf("the log has %s", text)
		}

		fail(1<<30, down, 1) // for joined, too
		if reason := wstest.ConnectRefused(t, app, toJob1, 1011); reason != "internal error" {
			t.Errorf("reason %q", reason)
		}
		log.onEachRead(nil)
		wstest.Connect(t, app, toJob1, wstest.Return(page)).Quiet()
	})
}
