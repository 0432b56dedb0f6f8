package ws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestMemoryLogLeases(t *testing.T) {
	b, _, _ := newMemoryLog(t)
	ctx := t.Context()
	take := func(owner string) error { _, err := b.Lease(ctx, "s", owner, time.Nanosecond); return err }
	add := func(owner string, e Envelope) error {
		_, err := b.Append(ctx, "s", Append{History: keepSome, Owner: owner, Envelope: e})
		return err
	}
	save := func(owner string) error {
		_, err := b.Save(ctx, "s", Append{History: keepSome, Owner: owner})
		return err
	}
	is := func(step string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", step, err, want)
		}
	}
	state := func(want string) {
		t.Helper()
		p := readFrom(t, b, "s", keepSome, 0)
		lapsed, err := b.Lapsed(ctx)
		if got := fmt.Sprintf("%q %v %v %v", p.Owner, p.Lapsed, lapsed, err); got != want {
			t.Errorf("lease: %s, want %s", got, want)
		}
	}
	is("nobody's", add("a", Envelope{}), ErrLease)
	is("taken", take("a"), nil)
	is("renewed", take("a"), nil)
	is("another's", take("b"), ErrLease)
	is("append", add("a", Envelope{}), nil)
	is("append by another", add("b", Envelope{}), ErrLease)
	is("append by no owner", add("", Envelope{}), nil)
	is("save by another", save("b"), ErrLease)
	is("save", save("a"), nil)
	is("forget", b.Forget(ctx, "s"), ErrLease)
	is("release by another", b.Release(ctx, "s", "b"), nil)
	state(`"a" false [] <nil>`)
	is("end by no owner", add("", Envelope{End: JobDone}), nil)
	state(`"a" false [] <nil>`)
	is("interrupted", add("a", Envelope{End: JobInterrupted}), nil)
	state(`"" true [s] <nil>`)
	is("append without the lease", add("a", Envelope{}), ErrLease)
	is("taken again", take("b"), nil)
	state(`"b" false [] <nil>`)
	is("for nothing", b.Release(ctx, "s", "b"), nil)
	state(`"" true [s] <nil>`)
	is("taken again", take("c"), nil)
	is("done", add("c", Envelope{End: JobDone}), nil)
	state(`"" false [] <nil>`)
	epoch := readFrom(t, b, "s", keepSome, 0).Epoch
	is("forget", b.Forget(ctx, "s"), nil)
	if p := readFrom(t, b, "s", keepSome, 0); p.Epoch == epoch || p.Top != 0 || p.Snapshot != nil || p.End != nil {
		t.Errorf("forgotten, but %+v", p)
	}
}

// TestMemoryLogOfALongJob: its checkpoint is there as long as it runs, and 24 hours more.
func TestMemoryLogOfALongJob(t *testing.T) {
	b, clock, _ := newMemoryLog(t)
	if _, err := b.Lease(t.Context(), "s", "me", time.Second); err != nil {
		t.Fatal(err)
	}
	a := Append{History: keepSome, Owner: "me", Envelope: Envelope{Data: []byte("half")}}
	if _, err := b.Save(t.Context(), "s", a); err != nil {
		t.Fatal(err)
	}
	clock.now = 3 * ResultTTL
	a.Envelope = Envelope{End: JobFailed}
	if p := readFrom(t, b, "s", keepSome, 0); p.Snapshot == nil {
		t.Error("gone while the job runs")
	}
	if _, err := b.Append(t.Context(), "s", a); err != nil {
		t.Fatal(err)
	}
	clock.now += ResultTTL - 1
	if p := readFrom(t, b, "s", keepSome, 0); p.Snapshot == nil || string(p.Snapshot.Data) != "half" {
		t.Errorf("snapshot %+v within 24 hours of the end", p.Snapshot)
	}
	clock.now++
	if p := readFrom(t, b, "s", keepSome, 0); p.Snapshot != nil {
		t.Errorf("snapshot %+v after 24 hours", p.Snapshot)
	}
}

func TestMemoryLogClosed(t *testing.T) {
	b, _, _ := newMemoryLog(t)
	appendTo(t, b, "s", keepSome, "", "x")
	_ = b.Close()
	ctx := t.Context()
	_, appended := b.Append(ctx, "s", Append{History: keepSome})
	_, read := b.Read(ctx, "s", keepSome, 0, 1)
	_, saved := b.Save(ctx, "new", Append{History: keepSome})
	_, leased := b.Lease(ctx, "s", "me", time.Second)
	_, lapsed := b.Lapsed(ctx)
	errs := []error{appended, read, saved, leased, lapsed, b.Release(ctx, "s", "me"), b.Forget(ctx, "s"), b.Subscribe(ctx, "s"),
		b.Publish(ctx, "s", Envelope{})}
	for i, err := range errs {
		if !errors.Is(err, ErrLayerClosed) {
			t.Errorf("%d: %v", i, err)
		}
	}
	b.sweep() // one that was under way
}

// TestMemoryLogOrder: whoever appends, all see the order of the offsets, and whoever has seen a record finds it.
func TestMemoryLogOrder(t *testing.T) {
	const writers, each = 8, 200
	h := History{Messages: writers * each, Bytes: 1 << 20, TTL: time.Minute}
	b := new(memoryBackend)
	var seen []uint64 // only under the stream's lock, as the race detector will tell
	if err := b.Start(func(_ string, e Envelope) { seen = append(seen, e.Offset) }); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				p, err := b.Append(context.Background(), "s", Append{History: h, Envelope: Envelope{Data: []byte("x")}})
				if err != nil {
					t.Error(err)
				}
				if page, err := b.Read(context.Background(), "s", h, p.Offset-1, 1); err != nil || page.Records[0].Offset != p.Offset {
					t.Error("appended, but not found: ", page, err)
				}
				b.sweep()
			}
		})
	}
	wg.Wait()
	if len(seen) != writers*each || !slices.IsSorted(seen) || seen[len(seen)-1] != writers*each {
		t.Errorf("%d records seen, in order: %v", len(seen), slices.IsSorted(seen))
	}
}

// TestMemoryLogWhileForgetting: those who append while the stream is forgotten reach the one that everybody sees.
func TestMemoryLogWhileForgetting(t *testing.T) {
	b := new(memoryBackend)
	if err := b.Start(func(string, Envelope) {}); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := b.Forget(context.Background(), "s"); err != nil && !errors.Is(err, ErrLease) {
					t.Error(err)
				}
			}
		}
	})
	for i := range 1000 {
		owner := fmt.Sprint(i)
		if _, err := b.Lease(t.Context(), "s", owner, time.Second); err != nil {
			t.Fatal(err)
		}
		// From here on nobody can forget it.
		a := Append{History: keepSome, Owner: owner, Envelope: Envelope{Data: []byte("x"), End: JobDone}}
		if _, err := b.Append(t.Context(), "s", a); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
}
