package ws

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

// TestMemoryLogOfMadeUpNames: what pages have only asked for takes no room when they are gone, and who comes back to it finds the
// same stream, unless the name has had another life meanwhile.
func TestMemoryLogOfMadeUpNames(t *testing.T) {
	b, _, _ := newMemoryLog(t)
	watch := func(topic string) Page {
		t.Helper()
		p := readFrom(t, b, topic, keepSome, 0)
		if err := errors.Join(b.Subscribe(t.Context(), topic), b.Unsubscribe(t.Context(), topic)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := watch("0")
	for i := range 1000 {
		watch(fmt.Sprint(i))
	}
	if len(b.streams) != 0 {
		t.Errorf("%d streams that nobody uses", len(b.streams))
	}
	if again := watch("0"); again.Epoch != first.Epoch {
		t.Error("another epoch for a page that came back to nothing")
	}
	at := appendTo(t, b, "0", keepSome, "", "x")
	if watch("0"); len(b.streams) != 1 {
		t.Errorf("%d streams, want the one that has a record", len(b.streams))
	}
	if err := b.Forget(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	if again := appendTo(t, b, "0", keepSome, "", "y"); again.Epoch == at.Epoch {
		t.Error("one position for two records")
	}
}

// TestMemoryLogForgets: a stream is forgotten when nothing is kept, nobody watches, nobody holds it and nobody asked for a while;
// until then it keeps its epoch.
func TestMemoryLogForgets(t *testing.T) {
	ctx := context.Background()
	for name, held := range map[string]struct{ hold, release func(b *memoryBackend) error }{
		"nobody": {func(*memoryBackend) error { return nil }, func(*memoryBackend) error { return nil }},
		"a subscriber": {func(b *memoryBackend) error { return b.Subscribe(ctx, "s") },
			func(b *memoryBackend) error { return b.Unsubscribe(ctx, "s") }},
		"a lease": {func(b *memoryBackend) error { _, err := b.Lease(ctx, "s", "me", time.Second); return err },
			func(b *memoryBackend) error { return b.Release(ctx, "s", "me") }},
	} {
		t.Run(name, func(t *testing.T) {
			b, clock, _ := newMemoryLog(t)
			epoch := readFrom(t, b, "s", keepSome, 0).Epoch
			if err := held.hold(b); err != nil {
				t.Fatal(err)
			}
			if name != "nobody" {
				clock.now += 100 * time.Hour
				b.sweep()
			}
			if err := held.release(b); err != nil {
				t.Fatal(err)
			}
			clock.now += keepSome.TTL - 1
			b.sweep()
			if p := readFrom(t, b, "s", keepSome, 0); p.Epoch != epoch {
				t.Fatal("forgotten too early")
			}
			clock.now += keepSome.TTL
			b.sweep()
			if len(b.streams) != 0 {
				t.Fatal("not forgotten")
			}
			if p := readFrom(t, b, "s", keepSome, 0); p.Epoch == epoch {
				t.Error("the same epoch for offsets that begin anew")
			}
		})
	}
}

// TestMemoryLogCopies: a record is a copy, and two reads share it.
func TestMemoryLogCopies(t *testing.T) {
	b, _, _ := newMemoryLog(t)
	data := []byte("text")
	if _, err := b.Append(t.Context(), "s", Append{History: keepSome, Envelope: Envelope{Data: data}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Save(t.Context(), "s", Append{History: keepSome, Envelope: Envelope{Data: data}}); err != nil {
		t.Fatal(err)
	}
	data[0] = 'X'
	one, two := readFrom(t, b, "s", keepSome, 0), readFrom(t, b, "s", keepSome, 0)
	if string(one.Records[0].Data) != "text" || string(one.Snapshot.Data) != "text" {
		t.Errorf("kept %q and %q", one.Records[0].Data, one.Snapshot.Data)
	}
	if &one.Records[0].Data[0] != &two.Records[0].Data[0] {
		t.Error("each read copies the data")
	}
	one.Records[0] = Envelope{}
	if texts(two) != "[1=text]" || texts(readFrom(t, b, "s", keepSome, 0)) != "[1=text]" {
		t.Error("two reads share their slice")
	}
}

// TestMemoryLogFrees: what the ring lets go of is garbage, with or without keys.
func TestMemoryLogFrees(t *testing.T) {
	for _, latest := range []bool{false, true} {
		h := History{Messages: 10, Bytes: 1 << 20, TTL: time.Minute, Latest: latest}
		b, clock, _ := newMemoryLog(t)
		var refs []weak.Pointer[byte]
		b.deliver = func(_ string, e Envelope) { refs = append(refs, weak.Make(&e.Data[0])) }
		living := func() (n int) {
			runtime.GC()
			for _, ref := range refs {
				if ref.Value() != nil {
					n++
				}
			}
			return n
		}
		for i := range 2000 {
			// Not below the size that the runtime packs with others.
			appendTo(t, b, "s", h, fmt.Sprint(i%3), string(make([]byte, 100)))
			if i%50 > 0 { // collecting garbage takes its time
				continue
			}
			if n, kept := living(), len(readFrom(t, b, "s", h, 0).Records); n != kept {
				t.Fatalf("latest %v: %d records live, %d kept", latest, n, kept)
			}
		}
		for round := range 20 {
			for range 10 + round {
				appendTo(t, b, "s", h, "", string(make([]byte, 100)))
			}
			clock.now += time.Minute - 1
			appendTo(t, b, "s", h, "", string(make([]byte, 100)))
			clock.now++
			b.sweep()
			if n := living(); n != 1 {
				t.Fatalf("latest %v: %d records live, and the time of all but one is over", latest, n)
			}
		}
		clock.now += time.Minute
		b.sweep()
		if n := living(); n != 0 {
			t.Errorf("latest %v: %d records live after their time", latest, n)
		}
		runtime.KeepAlive(b)
	}
}

// TestMemoryLogShrinks: a stream that was long once does not keep the room.
func TestMemoryLogShrinks(t *testing.T) {
	h := History{Messages: 10_000, Bytes: 1 << 20, TTL: time.Minute}
	b, clock, _ := newMemoryLog(t)
	readFrom(t, b, "s", h, 0)
	ring := &b.streams["s"].ring
	room := func() int { return cap(ring.records) }
	for range 10_000 {
		appendTo(t, b, "s", h, "", "x")
	}
	for range 100_000 {
		appendTo(t, b, "s", h, "", "x")
		if room() > 20_000 {
			t.Fatalf("room for %d records, of which 10,000 are kept", room())
		}
	}
	clock.now += time.Minute - 1
	appendTo(t, b, "s", h, "", "young")
	clock.now++
	b.sweep()
	if got := texts(readFrom(t, b, "s", h, 0)); got != "[110001=young]" || room() > 64 {
		t.Errorf("kept %s, room for %d records", got, room())
	}
	clock.now += time.Minute
	b.sweep()
	if room() != 0 {
		t.Errorf("room for %d records, of which none is kept", room())
	}
}

// TestMemoryLogSweeps by itself, as long as there is a stream.
func TestMemoryLogSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(memoryBackend)
		if err := b.Start(func(string, Envelope) {}); err != nil {
			t.Fatal(err)
		}
		left := func() (streams int, sweeping bool) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.streams), b.sweeper != nil
		}
		for range 2 {
			appendTo(t, b, "s", keepSome, "", "x")
			time.Sleep(keepSome.TTL - 1)
			if streams, sweeping := left(); streams != 1 || !sweeping {
				t.Errorf("%d streams before the time, sweeping: %v", streams, sweeping)
			}
			time.Sleep(sweepEvery + 1)
			synctest.Wait()
			if streams, sweeping := left(); streams != 0 || sweeping {
				t.Errorf("%d streams after the time, sweeping: %v", streams, sweeping)
			}
		}
	})
}
