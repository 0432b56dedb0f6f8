package ws

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
)

// model is a stream that is kept in the simplest way.
type model struct {
	top, since uint64
	all, kept  []modelRecord
}

type modelRecord struct {
	offset    uint64
	at        time.Duration
	key, text string
	end       JobState
}

func (m *model) add(h History, now time.Duration, key, text string, end JobState) {
	m.top++
	r := modelRecord{m.top, now, key, text, end}
	m.all = append(m.all, r)
	if h.Latest && key != "" {
		m.kept = slices.DeleteFunc(m.kept, func(old modelRecord) bool { return old.key == key })
	}
	m.kept = append(m.kept, r)
	m.trim(h, now)
}

func (m *model) trim(h History, now time.Duration) {
	for len(m.kept) > 0 {
		size := 0
		for _, r := range m.kept {
			size += len(r.key) + len(r.text)
		}
		life := h.TTL
		if len(m.kept) == 1 && m.kept[0].end != "" {
			life = ResultTTL
		}
		if len(m.kept) <= h.Messages && (size <= h.Bytes || len(m.kept) == 1) && now-m.kept[0].at < life {
			return
		}
		m.since, m.kept = m.kept[0].offset, m.kept[1:]
	}
}

// whole returns what somebody has to see of a stream who has seen all up to an offset.
func (m *model) whole(h History, after uint64) []modelRecord {
	var want []modelRecord
	for i, r := range m.all {
		replaced := h.Latest && r.key != "" && slices.ContainsFunc(m.all[i+1:], func(later modelRecord) bool { return later.key == r.key })
		if r.offset > after && !replaced {
			want = append(want, r)
		}
	}
	return want
}

// TestMemoryLogAgainstModel: whatever happens, the log keeps what the model keeps, and who is not told that something is
// missing gets everything.
func TestMemoryLogAgainstModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		h := History{Messages: 1 + rnd.IntN(60), Bytes: 1 + rnd.IntN(400), TTL: time.Duration(1 + rnd.IntN(100)), Latest: rnd.IntN(2) == 0}
		b, clock, _ := newMemoryLog(t)
		m := new(model)
		for range 300 {
			switch n := rnd.IntN(10); {
			case n < 6:
				key, text := "", fmt.Sprint(m.top)
				if rnd.IntN(3) > 0 {
					key = fmt.Sprint("k", rnd.IntN(8))
				}
				e := Envelope{Key: key, Data: []byte(text)}
				if rnd.IntN(8) == 0 {
					e.Key, e.End = "", JobDone
				}
				m.add(h, clock.now, e.Key, text, e.End)
				if p, err := b.Append(t.Context(), "s", Append{History: h, Envelope: e}); err != nil || p.Offset != m.top {
					t.Fatalf("record %d has the offset %d: %v", m.top, p.Offset, err)
				}
			case n < 8:
				clock.now += time.Duration(rnd.IntN(20))
				if rnd.IntN(20) == 0 {
					clock.now += ResultTTL - time.Duration(rnd.IntN(20))
				}
			default:
				m.trim(h, clock.now)
				compareWithModel(t, b, m, h, uint64(rnd.IntN(int(m.top)+3)), rnd.IntN(40))
			}
		}
	}
}

// compareWithModel reads one page of the log, and everything behind an offset.
func compareWithModel(t *testing.T, b *memoryBackend, m *model, h History, after uint64, limit int) {
	t.Helper()
	page, err := b.Read(t.Context(), "s", h, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	if page.Top != m.top || page.Since != m.since {
		t.Fatalf("top %d since %d, want %d and %d", page.Top, page.Since, m.top, m.since)
	}
	if ended := len(m.kept) > 0 && m.kept[len(m.kept)-1].end != ""; ended != (page.End != nil) {
		t.Fatalf("ended: %v, end %+v", ended, page.End)
	}
	full := readFrom(t, b, "s", h, after)
	if n := min(limit, len(full.Records)); len(page.Records) != n || texts(page) != texts(Page{Records: full.Records[:n]}) {
		t.Fatalf("limit %d: %s of %s", limit, texts(page), texts(full))
	}
	same := func(want []modelRecord) bool {
		return slices.EqualFunc(full.Records, want, func(e Envelope, r modelRecord) bool {
			return e.Offset == r.offset && e.Key == r.key && string(e.Data) == r.text && e.End == r.end && e.Epoch == page.Epoch
		})
	}
	if want := slices.DeleteFunc(slices.Clone(m.kept), func(r modelRecord) bool { return r.offset <= after }); !same(want) {
		t.Fatalf("%+v, behind %d: %s, want %v", h, after, texts(full), want)
	}
	if after >= page.Since && !same(m.whole(h, after)) {
		t.Fatalf("%+v, behind %d, since %d: %s, but there was %v", h, after, page.Since, texts(full), m.whole(h, after))
	}
	if after < page.Since && !h.Latest && same(m.whole(h, after)) {
		t.Fatalf("%+v: nothing is missing behind %d, but since is %d", h, after, page.Since)
	}
}

func BenchmarkMemoryLogAppend(b *testing.B) {
	for name, h := range map[string]History{
		"all":    {Messages: 1000, Bytes: 4 << 20, TTL: time.Hour},
		"latest": {Messages: 1000, Bytes: 4 << 20, TTL: time.Hour, Latest: true},
	} {
		b.Run(name, func(b *testing.B) {
			log, _, _ := newMemoryLog(b)
			log.deliver = func(string, Envelope) {}
			a := Append{History: h, Envelope: Envelope{Data: make([]byte, 100)}}
			if h.Latest {
				a.Envelope.Key = "server 7"
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := log.Append(context.Background(), "s", a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMemoryLogRead(b *testing.B) {
	log, _, _ := newMemoryLog(b)
	h := History{Messages: 1000, Bytes: 4 << 20, TTL: time.Hour}
	for range 5000 {
		appendTo(b, log, "s", h, "", "a message of some length, as they are")
	}
	b.ReportAllocs()
	for b.Loop() {
		if p, err := log.Read(context.Background(), "s", h, 4900, 100); err != nil || len(p.Records) != 100 {
			b.Fatal(len(p.Records), err)
		}
	}
}

// BenchmarkMemoryLogSize tells what 10,000 streams of 100 messages of 100 bytes take, for each message.
func BenchmarkMemoryLogSize(b *testing.B) {
	const streams, messages = 10_000, 100
	log, _, _ := newMemoryLog(b)
	log.deliver = func(string, Envelope) {}
	h := History{Messages: 1000, Bytes: 4 << 20, TTL: time.Hour}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	text := string(make([]byte, 100))
	for i := range streams {
		for range messages {
			appendTo(b, log, fmt.Sprint("group:job:", i), h, "", text)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
	}
	b.ReportMetric(float64(after.HeapInuse-before.HeapInuse)/streams/messages, "bytes/message")
	runtime.KeepAlive(log)
}
