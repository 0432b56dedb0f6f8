package layertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// valueKeeper is what sessions need of a backend that processes share.
type valueKeeper interface {
	GetValue(ctx context.Context, key string) (value []byte, found bool, err error)
	SetValue(ctx context.Context, key string, value []byte, expires time.Time, replace bool) error
	DeleteValue(ctx context.Context, key string) error
}

// keepers returns n processes as keepers of values, and a key that no other test has.
func (s Suite) keepers(t *testing.T, n int) (all []valueKeeper, key string) {
	t.Helper()
	for _, p := range s.processes(t, n) {
		k, ok := p.backend.(valueKeeper)
		if !ok {
			t.Fatalf("%T keeps no values", p.backend)
		}
		all = append(all, k)
	}
	return all, newFamily() + "-_A"
}

// testValues: what one process sets the others get, until it is deleted or expires.
func testValues(t *testing.T, s Suite) {
	all, key := s.keepers(t, 2)
	set := func(i int, value string, life time.Duration, replace bool) {
		t.Helper()
		if err := all[i].SetValue(t.Context(), key, []byte(value), time.Now().Add(life), replace); err != nil {
			t.Fatal(err)
		}
	}
	get := func() string {
		t.Helper()
		value, found, err := all[1].GetValue(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s %v", value, found)
	}
	drop := func() {
		t.Helper()
		if err := all[0].DeleteValue(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "nothing", get(), " false")
	drop()
	set(0, "not there", time.Hour, true)
	expect(t, "replaced nothing", get(), " false")
	set(0, "one\x00", time.Hour, false)
	expect(t, "set", get(), "one\x00 true")
	set(1, "", time.Hour, true)
	expect(t, "replaced", get(), " true")
	set(0, "two", time.Hour, false)
	expect(t, "set again", get(), "two true")
	drop()
	expect(t, "deleted", get(), " false")
	set(0, "three", time.Hour, true)
	expect(t, "replaced what was deleted", get(), " false")
	set(0, "four", time.Hour, false)
	set(0, "", -time.Second, false)
	expect(t, "set to what has expired", get(), " false")

	began := time.Now()
	set(0, "five", short, false)
	until(t, "it has expired", func() bool { return get() == " false" })
	if kept := time.Since(began); kept < short-clockOff {
		t.Errorf("expired after %v", kept)
	}
	set(1, "six", time.Hour, true)
	expect(t, "replaced what has expired", get(), " false")
	set(1, "seven", short, false)
	set(0, "eight", time.Hour, true)
	began = time.Now()
	until(t, "the first life is over", func() bool { return time.Since(began) > short+clockOff })
	expect(t, "a longer life", get(), "eight true")
}

// testValueStaysDeleted: whoever replaces it at the same moment.
func testValueStaysDeleted(t *testing.T, s Suite) {
	all, key := s.keepers(t, 3)
	later := time.Now().Add(time.Hour)
	for range 30 {
		if err := all[0].SetValue(t.Context(), key, []byte("x"), later, false); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, k := range all[1:] {
			wg.Go(func() {
				for range 3 {
					if err := k.SetValue(t.Context(), key, []byte("again"), later, true); err != nil {
						t.Error(err)
					}
				}
			})
		}
		if err := all[0].DeleteValue(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if value, found, err := all[0].GetValue(t.Context(), key); found || err != nil {
			t.Fatalf("deleted, but %q %v", value, err)
		}
	}
}
