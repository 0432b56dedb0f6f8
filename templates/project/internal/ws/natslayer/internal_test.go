package natslayer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
)

func FuzzToken(f *testing.F) {
	for _, seed := range []string{"", "group:job:42", "a.b*c>d e", "\x00\xff=", "ä漢😀", "=41"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		written := token(text)
		if strings.ContainsAny(written, ".*> \t\r\n") || len(written) > 3*len(text) {
			t.Errorf("%q is written as %q", text, written)
		}
		if back, ok := untoken(written); !ok || back != text {
			t.Errorf("%q comes back as %q", text, back)
		}
	})
}

func TestUntoken(t *testing.T) {
	for _, bad := range []string{"=", "a=4", "=zz", "a==41"} {
		if text, ok := untoken(bad); ok {
			t.Errorf("%q stands for %q", bad, text)
		}
	}
}

func TestFamilyOf(t *testing.T) {
	for topic, want := range map[string]string{"group:job:42": "job", "group:job": "job", "group:job:a:b": "job", "cancel:x": "cancel", "": ""} {
		if got := familyOf(topic); got != want {
			t.Errorf("%q is of %q, want %q", topic, got, want)
		}
	}
}

// TestRing: what it keeps is what a list keeps from which replaced records are taken out, and then the oldest while there is too much.
func TestRing(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 100 {
		h := ws.History{Messages: 1 + rnd.IntN(20), Bytes: 1 + rnd.IntN(100), TTL: time.Duration(1+rnd.IntN(50)) * time.Millisecond, Latest: rnd.IntN(2) == 0}
		var r ring
		var list []entry
		var since, now, wantSince = uint64(0), int64(1000), uint64(0)
		for seq := uint64(1); seq < 200; seq++ {
			now += rnd.Int64N(8)
			e := entry{seq: seq, at: now, size: rnd.IntN(10)}
			if rnd.IntN(2) == 0 {
				e.key = fmt.Sprint(rnd.IntN(5))
			}
			since, _ = r.trim(h, since, now, &e)
			r.add(e, h.Latest)
			r.cut(since)
			if h.Latest && e.key != "" {
				list = slices.DeleteFunc(list, func(old entry) bool { return old.key == e.key })
			}
			list = append(list, e)
			for {
				size := 0
				for _, e := range list {
					size += e.size
				}
				if len(list) <= h.Messages && (size <= h.Bytes || len(list) == 1) && now-list[0].at < life(h, false) {
					break
				}
				wantSince, list = list[0].seq, list[1:]
			}
			if r.kept != len(list) || since != wantSince {
				t.Fatalf("%+v: %d kept since %d, want %d since %d", h, r.kept, since, len(list), wantSince)
			}
			if rest := len(r.entries) - r.head; rest > 2*r.kept+16 && r.kept > 0 && cap(r.entries) > 4*(h.Messages+16) {
				t.Fatalf("%d places for %d records", rest, r.kept)
			}
		}
	}
}

// stored returns how many messages JetStream has on the subjects of a topic.
func stored(t *testing.T, b *Backend, topic string) (n uint64) {
	t.Helper()
	f := b.family(topic)
	s, err := b.js.Stream(t.Context(), f.name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(f.prefix+token(topic)+".>"))
	if err != nil {
		t.Fatal(err)
	}
	for _, count := range info.State.Subjects {
		n += count
	}
	return n
}

// started returns a backend that is closed with the test.
func started(t *testing.T) *Backend {
	t.Helper()
	c := DefaultConfig("test")
	c.URL = backends.StartNATS(t).URL
	b, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(func(string, ws.Envelope) {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come to this: %s", what)
		}
	}
}

// TestJetStreamLetsGo: of what is not kept any more, whatever bounds it, JetStream keeps little, and of what has expired nothing.
func TestJetStreamLetsGo(t *testing.T) {
	b := started(t)
	const records, size = 200, 10_000
	for name, h := range map[string]ws.History{
		"count":          {Messages: 20, Bytes: 1 << 30, TTL: time.Hour},
		"bytes":          {Messages: 1000, Bytes: 20 * size, TTL: time.Hour},
		"bytes, latest":  {Messages: 1000, Bytes: 20 * size, TTL: time.Hour, Latest: true},
		"few keys":       {Messages: 1000, Bytes: 1 << 30, TTL: time.Hour, Latest: true},
		"count, latest":  {Messages: 20, Bytes: 1 << 30, TTL: time.Hour, Latest: true},
		"time, and keys": {Messages: 1000, Bytes: 1 << 30, TTL: time.Second, Latest: true},
		"time":           {Messages: 1000, Bytes: 1 << 30, TTL: time.Second},
	} {
		topic := "group:" + name
		var epoch string
		for i := range records {
			e := ws.Envelope{Data: make([]byte, size), Key: fmt.Sprint(i)}
			if name == "few keys" {
				e.Key = fmt.Sprint(i % 20)
			}
			at, err := b.Append(t.Context(), topic, ws.Append{History: h, Envelope: e})
			if err != nil || i > 0 && at.Epoch != epoch {
				t.Fatalf("%s: %+v after the epoch %s: %v", name, at, epoch, err)
			}
			epoch = at.Epoch
			if i%10 == 0 {
				if _, err := b.Save(t.Context(), topic, ws.Append{History: h}); err != nil {
					t.Fatal(err)
				}
				if _, err := b.Lease(t.Context(), topic, "me", time.Hour); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := uint64(20 + wasteBytes/size + 10)
		if h.TTL < time.Minute {
			want = 5
			await(t, name+": expired", func() bool {
				page, err := b.Read(t.Context(), topic, h, 0, 1)
				return err == nil && page.Since == page.Top
			})
			b.sweepOnce()
		}
		var n uint64
		await(t, name+": it let go", func() bool { n = stored(t, b, topic); return n <= want })
		page, err := b.Read(t.Context(), topic, h, 0, 1)
		if err != nil || page.Epoch != epoch || page.Owner != "me" || page.Snapshot == nil || page.Top == 0 {
			t.Errorf("%s: %d messages left, and the page is %+v %v", name, n, page, err)
		}
		if name == "few keys" && (page.Since != 0 || n != 22) { // none is missing, and each has one message
			t.Errorf("%s: since %d, %d messages", name, page.Since, n)
		}
	}
}

// TestLapsedForgetsLeases: the message of a lease goes when it was given back, so that nobody has to look at it for ever.
func TestLapsedForgetsLeases(t *testing.T) {
	b := started(t)
	h := ws.History{Messages: 10, Bytes: 1000, TTL: time.Hour}
	for i, end := range []ws.JobState{ws.JobDone, ws.JobInterrupted} {
		topic := fmt.Sprint("group:job:", i)
		if _, err := b.Lease(t.Context(), topic, "me", time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Append(t.Context(), topic, ws.Append{History: h, Owner: "me", Envelope: ws.Envelope{End: end}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if lapsed, err := b.Lapsed(t.Context()); err != nil || fmt.Sprint(lapsed) != "[group:job:1]" {
			t.Errorf("%v %v", lapsed, err)
		}
		if n, m := stored(t, b, "group:job:0"), stored(t, b, "group:job:1"); n != 1 || m != 2 {
			t.Errorf("%d and %d messages", n, m)
		}
	}
}

// TestUnusedStreamsGo: JetStream lets go by itself of a stream that somebody has only asked for.
func TestUnusedStreamsGo(t *testing.T) {
	b := started(t)
	h := ws.History{Messages: 10, Bytes: 1000, TTL: time.Hour}
	topic := "group:job:made up"
	if _, err := b.Read(t.Context(), topic, h, 0, 0); err != nil {
		t.Fatal(err)
	}
	ttl := func() string {
		f := b.family(topic)
		s, err := b.js.Stream(t.Context(), f.name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.GetLastMsgForSubject(t.Context(), f.prefix+token(topic)+".>")
		if err != nil {
			t.Fatal(err)
		}
		return m.Header.Get(jetstream.MsgTTLHeader)
	}
	if got := ttl(); got != unusedTTL.String() {
		t.Errorf("kept for %q", got)
	}
	if err := b.touch(context.Background(), topic); err != nil || ttl() != unusedTTL.String() {
		t.Errorf("touched, and kept for %q: %v", ttl(), err)
	}
	if _, err := b.Save(t.Context(), topic, ws.Append{History: h}); err != nil {
		t.Fatal(err)
	}
	if err := b.touch(context.Background(), topic); err != nil || ttl() != "" {
		t.Errorf("used, and kept for %q: %v", ttl(), err)
	}
}

// TestPurgeOfNothing: JetStream takes a bound of one for none, but nothing is before the first message.
func TestPurgeOfNothing(t *testing.T) {
	b := started(t)
	topic, h := "group:job:1", ws.History{Messages: 10, Bytes: 1000, TTL: time.Hour}
	if _, err := b.Append(t.Context(), topic, ws.Append{History: h}); err != nil {
		t.Fatal(err)
	}
	f := b.family(topic)
	for before := range uint64(2) {
		if err := b.purge(t.Context(), f, f.prefix+">", before); err != nil {
			t.Fatal(err)
		}
	}
	if n := stored(t, b, topic); n != 1 {
		t.Errorf("%d messages left", n)
	}
}
