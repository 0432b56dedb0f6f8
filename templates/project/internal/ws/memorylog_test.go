package ws

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// memoryClock is a clock that stands until it is set.
type memoryClock struct{ now time.Duration }

// newMemoryLog returns a log with a clock of its own, and what it delivers.
func newMemoryLog(t testing.TB) (b *memoryBackend, clock *memoryClock, delivered *[]Envelope) {
	clock, delivered = new(memoryClock), new([]Envelope)
	b = &memoryBackend{now: func() time.Duration { return clock.now }}
	if err := b.Start(func(_ string, e Envelope) { *delivered = append(*delivered, e) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() }) // it cannot fail
	return b, clock, delivered
}

// appendTo appends a text.
func appendTo(t testing.TB, b *memoryBackend, topic string, h History, key, text string) Position {
	t.Helper()
	p, err := b.Append(t.Context(), topic, Append{History: h, Envelope: Envelope{Key: key, Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readFrom reads all behind an offset.
func readFrom(t testing.TB, b *memoryBackend, topic string, h History, after uint64) Page {
	t.Helper()
	p, err := b.Read(t.Context(), topic, h, after, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// texts is what the records of a page say.
func texts(p Page) string {
	var all []string
	for _, e := range p.Records {
		all = append(all, fmt.Sprintf("%d=%s", e.Offset, e.Data))
	}
	return fmt.Sprint(all)
}

var keepSome = History{Messages: 3, Bytes: 100, TTL: time.Minute}

func TestMemoryLogOfNothing(t *testing.T) {
	b, _, _ := newMemoryLog(t)
	for i := range 1000 { // by somebody who makes up names
		if p, err := b.Read(t.Context(), fmt.Sprint(i), keepSome, 0, lookOnly); err != nil || p.Epoch != "" || len(b.streams) > 0 {
			t.Fatalf("a look: %+v, %v, %d streams", p, err, len(b.streams))
		}
	}
	p := readFrom(t, b, "s", keepSome, 0)
	if look, err := b.Read(t.Context(), "s", keepSome, 0, lookOnly); err != nil || look.Epoch != p.Epoch {
		t.Errorf("a look at what is there: %+v, %v", look, err)
	}
	if p.Epoch == "" || p.Top != 0 || p.Since != 0 || p.Records != nil || p.Snapshot != nil || p.End != nil || p.Owner != "" || p.Lapsed {
		t.Errorf("an empty stream: %+v", p)
	}
	if again := readFrom(t, b, "s", keepSome, 0); again.Epoch != p.Epoch {
		t.Error("another epoch the second time")
	}
	if got := appendTo(t, b, "s", keepSome, "", "first"); got != (Position{Epoch: p.Epoch, Offset: 1}) {
		t.Errorf("the first record is at %+v", got)
	}
	if p := readFrom(t, b, "s", keepSome, math.MaxUint64); len(p.Records) != 0 || p.Top != 1 {
		t.Errorf("behind an offset that is far above the top: %+v", p)
	}
}

// TestMemoryLogBounds: by count, by bytes and by time, each alone.
func TestMemoryLogBounds(t *testing.T) {
	long := string(make([]byte, 60))
	for name, test := range map[string]struct {
		add   func(t *testing.T, b *memoryBackend, clock *memoryClock)
		since uint64
		want  int
	}{
		"count": {func(t *testing.T, b *memoryBackend, _ *memoryClock) {
			for i := range 5 {
				appendTo(t, b, "s", keepSome, "", fmt.Sprint(i))
			}
		}, 2, 3},
		"bytes": {func(t *testing.T, b *memoryBackend, _ *memoryClock) {
			appendTo(t, b, "s", keepSome, "", long)
			appendTo(t, b, "s", keepSome, "", long)
		}, 1, 1},
		"bytes, keys included": {func(t *testing.T, b *memoryBackend, _ *memoryClock) {
			appendTo(t, b, "s", keepSome, long, "x")
			appendTo(t, b, "s", keepSome, long, "x")
		}, 1, 1},
		"bytes, but always the newest": {func(t *testing.T, b *memoryBackend, _ *memoryClock) {
			appendTo(t, b, "s", keepSome, "", "x")
			appendTo(t, b, "s", keepSome, "", long+long)
		}, 1, 1},
		"time": {func(t *testing.T, b *memoryBackend, clock *memoryClock) {
			appendTo(t, b, "s", keepSome, "", "old")
			clock.now += time.Minute - 1
			appendTo(t, b, "s", keepSome, "", "young")
			clock.now++
		}, 1, 1},
		"time, all": {func(t *testing.T, b *memoryBackend, clock *memoryClock) {
			appendTo(t, b, "s", keepSome, "", "x")
			appendTo(t, b, "s", keepSome, "", "x")
			clock.now += time.Minute
		}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, clock, _ := newMemoryLog(t)
			test.add(t, b, clock)
			p := readFrom(t, b, "s", keepSome, 0)
			if p.Since != test.since || len(p.Records) != test.want {
				t.Errorf("since %d with %d records, want %d and %d", p.Since, len(p.Records), test.since, test.want)
			}
		})
	}
}

// TestMemoryLogPages: a page is bounded in bytes as well, but has one record at least, so that reading on comes to the end.
func TestMemoryLogPages(t *testing.T) {
	h := History{Messages: 100, Bytes: 1 << 20, TTL: time.Minute}
	b, _, _ := newMemoryLog(t)
	sizes := []int{1, 2, pageBytes - 3, 1, pageBytes + 1, pageBytes, 5}
	for _, size := range sizes {
		appendTo(t, b, "s", h, "", string(make([]byte, size)))
	}
	var pages []int
	for after := uint64(0); after < uint64(len(sizes)); {
		p := readFrom(t, b, "s", h, after)
		if len(p.Records) == 0 {
			t.Fatalf("nothing behind %d", after)
		}
		pages = append(pages, len(p.Records))
		after = p.Records[len(p.Records)-1].Offset
	}
	if fmt.Sprint(pages) != "[3 1 1 1 1]" {
		t.Errorf("pages of %v records", pages)
	}
}

// TestMemoryLogLatest: what a later message of its key replaced is gone, but not missing.
func TestMemoryLogLatest(t *testing.T) {
	h := History{Messages: 3, Bytes: 100, TTL: time.Minute, Latest: true}
	b, _, delivered := newMemoryLog(t)
	for i, key := range []string{"a", "b", "a", "", "a"} {
		appendTo(t, b, "s", h, key, fmt.Sprint(key, i))
	}
	p := readFrom(t, b, "s", h, 0)
	if got := texts(p); got != "[2=b1 4=3 5=a4]" || p.Since != 0 {
		t.Errorf("kept %s since %d", got, p.Since)
	}
	if len(*delivered) != 5 {
		t.Errorf("%d records delivered of 5", len(*delivered))
	}
	appendTo(t, b, "s", h, "", "5") // b's newest goes: now something is missing
	p = readFrom(t, b, "s", h, 0)
	if got := texts(p); got != "[4=3 5=a4 6=5]" || p.Since != 2 {
		t.Errorf("kept %s since %d", got, p.Since)
	}
	appendTo(t, b, "s", h, "b", "b6")
	if got := texts(readFrom(t, b, "s", h, 4)); got != "[5=a4 6=5 7=b6]" {
		t.Errorf("kept %s behind 4", got)
	}
}

// TestMemoryLogEnds: the end of a stream and its snapshot outlive the rest, for 24 hours, and go then.
func TestMemoryLogEnds(t *testing.T) {
	b, clock, delivered := newMemoryLog(t)
	appendTo(t, b, "s", keepSome, "", "progress")
	if p, err := b.Save(t.Context(), "s", Append{History: keepSome, Envelope: Envelope{Data: []byte("half")}}); err != nil || p.Offset != 1 {
		t.Fatal(p, err)
	}
	end := Envelope{Data: []byte("{}"), End: JobFailed, Reason: "broken"}
	if _, err := b.Append(t.Context(), "s", Append{History: keepSome, Envelope: end}); err != nil {
		t.Fatal(err)
	}
	p := readFrom(t, b, "s", keepSome, 1)
	if len(p.Records) != 1 || p.Records[0].End != JobFailed || p.Records[0].Reason != "broken" || (*delivered)[1].End != JobFailed {
		t.Errorf("the end among the records: %+v", p.Records)
	}
	clock.now = ResultTTL - 1
	p = readFrom(t, b, "s", keepSome, 0)
	if texts(p) != "[2={}]" || p.Since != 1 || p.Top != 2 {
		t.Errorf("after the ring's time: %+v", p)
	}
	if p.End == nil || p.End.Offset != 2 || p.End.Reason != "broken" || string(p.End.Data) != "{}" || p.End.Epoch != p.Epoch {
		t.Errorf("end %+v", p.End)
	}
	if p.Snapshot == nil || p.Snapshot.Offset != 1 || string(p.Snapshot.Data) != "half" {
		t.Errorf("snapshot %+v", p.Snapshot)
	}
	epoch := p.Epoch
	clock.now++
	if p = readFrom(t, b, "s", keepSome, 0); p.End != nil || p.Snapshot != nil || len(p.Records) > 0 || p.Since != 2 || p.Epoch != epoch {
		t.Errorf("after 24 hours: %+v", p)
	}
	if _, err := b.Append(t.Context(), "s", Append{History: keepSome, Envelope: end}); err != nil {
		t.Fatal(err)
	}
	clock.now += keepSome.TTL
	if p = readFrom(t, b, "s", keepSome, 0); p.End == nil || p.Since != 2 || texts(p) != "[3={}]" {
		t.Errorf("ended again: %+v", p)
	}
	appendTo(t, b, "s", keepSome, "", "it goes on")
	if p = readFrom(t, b, "s", keepSome, 0); p.End != nil || p.Since != 3 || texts(p) != "[4=it goes on]" {
		t.Errorf("a stream that goes on: %+v", p)
	}
}
