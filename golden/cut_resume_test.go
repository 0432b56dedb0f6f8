package golden

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"wsgen/golden/cutproxy"
	"wsgen/golden/wireclient"
)

// told returns a condition: the subscriber was told so many events of a kind.
func (s *subscriber) told(kind wireclient.Kind, times int) func() bool {
	return func() bool {
		n := 0
		for _, e := range s.Events() {
			if e.Kind == kind {
				n++
			}
		}
		return n >= times
	}
}

// fullRing sends bursts of 1,000 to a stream that keeps 10, over connections that are cut and ones that are slow: what is
// missed is gone, and everybody is told each time.
func fullRing(t *testing.T, dir, bin string) {
	storm := cutproxy.Storm(100_000)
	l := newLab(t, dir, bin, func(n uint64, r *rand.Rand) cutproxy.Fate {
		fate := storm(n, r)
		if n%2 == 0 {
			fate.Rate = 200_000
		}
		return fate
	}, "OUTBOUND_BYTES=20000")
	l.rules.Resets = []string{"trimmed"}
	l.report(fullRingFaults(l))
	for _, s := range l.subscribers {
		if s.Resets() == 0 {
			t.Errorf("%s was never told that it missed something", s.Name)
		}
	}
}

// fullRingFaults returns all that was wrong. One of the streams has snapshots.
func fullRingFaults(l *lab) []string {
	for _, name := range []string{"sync-1", "sync-2", "sync-3"} {
		l.subscribe(name, "sync", "short:1", "short:2")
	}
	l.subscribeNode("node", "crowd", 0, "short:1", "short:2")
	err := together(
		func() error { return l.publish(l.draws(1), "short:1", 10_000, 1_000, 200*time.Millisecond) },
		func() error {
			r := l.draws(2)
			for range 10 {
				if err := l.post("/publish?stream=short:2&count=%d", 1_000); err != nil {
					return err
				}
				if err := l.rest(time.Duration(r.Int64N(int64(200 * time.Millisecond)))); err != nil {
					return err
				}
			}
			return nil
		},
	)
	err = errors.Join(err, l.settle(map[string]int{"short:1": 10_000, "short:2": 10_000}))
	return faulty(err, l.verdict())
}

// slowReplay brings a page all of a long history over a slow connection, while the stream goes on.
func slowReplay(t *testing.T, dir, bin string) {
	l := newLab(t, dir, bin, func(uint64, *rand.Rand) cutproxy.Fate { return cutproxy.Fate{Rate: 300_000} })
	l.rules.Whole = true
	l.must(l.publish(l.draws(1), "feed:1", 3_000, 1_000, 0))
	slow := l.subscribe("slow", "sync", "feed:1")
	fast := l.subscribeAt(l.service.url, "fast", "sync", "feed:1")
	l.must(l.publish(l.draws(2), "feed:1", 5_000, 100, 10*time.Millisecond))
	l.must(l.await(fast, func() bool { last, _ := fast.Last("feed:1"); return last.N == 8_000 }))
	if last, _ := slow.Last("feed:1"); last.N == 8_000 {
		t.Error("the slow page is as fast as the fast one")
	}
	err := l.settle(map[string]int{"feed:1": 8_000})
	l.report(faulty(err, l.verdict()))
}

// beforeTheFirst joins a stream before its first message, and comes back before it, too.
func beforeTheFirst(t *testing.T, dir, bin string) {
	l := newLab(t, dir, bin, nil)
	l.rules.Whole = true
	s := l.subscribe("early", "sync", "feed:1")
	l.must(l.await(s, s.told(wireclient.Recovered, 1)))
	l.proxy.Cut(cutproxy.Reset)
	l.must(l.await(s, s.told(wireclient.Recovered, 2)))
	l.proxy.Pause()
	l.proxy.Cut(cutproxy.Reset)
	l.must(l.publish(l.draws(1), "feed:1", 100, 10, 0))
	l.proxy.Resume()
	err := l.settle(map[string]int{"feed:1": 100})
	epoch := ""
	for _, e := range s.Events() {
		if e.Kind == wireclient.Joined && (e.Epoch == "" || epoch != "" && e.Epoch != epoch) {
			t.Errorf("it joined epoch %q after %q", e.Epoch, epoch)
		}
		epoch = e.Epoch
	}
	l.report(faulty(err, l.verdict()))
}

// backUnnoticed comes back while the service takes the old connection for alive: the pings are an hour apart.
func backUnnoticed(t *testing.T, dir, bin string) {
	l := newLab(t, dir, bin, nil, "PING_INTERVAL=1h")
	l.rules.Whole = true
	const rounds, commands = 20, 5
	s := l.subscribe("sync", "sync", "feed:1")
	for round := range rounds {
		l.must(l.await(s, s.told(wireclient.Recovered, 1+round)))
		l.proxy.Cut(cutproxy.Silence)
		// Both directions are at work when the page gives up.
		for k := range commands {
			s.client.Send(commandText("sync", round*commands+k+1), false)
		}
		l.must(l.post("/publish?stream=feed:1&count=50"))
		s.client.Break()
	}
	err := l.settle(map[string]int{"feed:1": rounds * 50})
	err = errors.Join(err, l.acknowledged(rounds*commands))
	l.report(faulty(err, l.verdict()))
}

// twoPagesOneClient is what nobody should do: two pages with the same client id. The older one is closed for good.
func twoPagesOneClient(t *testing.T, dir, bin string) {
	l := newLab(t, dir, bin, nil)
	o := wireclient.Options{Origin: l.proxy.URL(), ID: "00112233445566778899aabbccddeeff"}
	older := l.subscribeWith(o, "older", "sync", "feed:1")
	l.must(l.await(older, older.told(wireclient.Recovered, 1)))
	newer := l.subscribeWith(o, "newer", "sync", "feed:1")
	l.must(l.await(newer, newer.told(wireclient.Recovered, 1)))
	<-older.over
	var final *wireclient.CloseError
	if !errors.As(older.err, &final) || final.Code != 4509 {
		t.Errorf("the older page ended with %v, want 4509", older.err)
	}
	// Behind another consumer the same id is another client.
	other := l.subscribeWith(o, "other", "async", "feed:1")
	l.must(l.await(other, other.told(wireclient.Recovered, 1)))
	l.must(l.post("/publish?stream=feed:1&count=10"))
	l.subscribers = slices.DeleteFunc(l.subscribers, func(s *subscriber) bool { return s == older })
	err := l.settle(map[string]int{"feed:1": 10})
	l.report(faulty(err, l.verdict()))
}

// newestOfEachKey sends progress bars, of which a page needs the newest alone: to pages over connections that are cut, and to
// slow ones whose consumer leaves out what is superseded. Nobody is told to miss anything, and all bars end true.
func newestOfEachKey(t *testing.T, dir, bin string) {
	const messages, keys = 20_000, 7
	storm := cutproxy.Storm(10_000)
	l := newLab(t, dir, bin, func(n uint64, r *rand.Rand) cutproxy.Fate {
		fate := storm(n, r)
		if n%2 == 0 {
			fate.Rate = 200_000
		}
		return fate
	})
	l.rules.Latest = map[string]int{"bars:1": keys}
	for _, mode := range []string{"phone", "sync", "phone", "async"} {
		l.subscribe(mode+strconv.Itoa(len(l.subscribers)), mode, "bars:1")
	}
	l.subscribeNode("node", "phone", 0, "bars:1")
	r := l.draws(1)
	for range 40 {
		l.must(l.post("/publish?stream=bars:1&count=%d&keys=%d", messages/40, keys))
		l.must(l.rest(time.Duration(r.Int64N(int64(50 * time.Millisecond)))))
	}
	err := l.settle(map[string]int{"bars:1": messages})
	if !slices.ContainsFunc(l.subscribers, func(s *subscriber) bool { return !s.told(wireclient.Message, messages)() }) {
		err = errors.Join(err, fmt.Errorf("all of them got all %d messages: this test says nothing", messages))
	}
	l.report(faulty(err, l.verdict()))
}
