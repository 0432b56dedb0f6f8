package main

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestPlanAlternates wants everybody in every round of a trial, each time another one first.
func TestPlanAlternates(t *testing.T) {
	var first []string
	seen := map[string]int{}
	for _, turn := range plan(options{rounds: 3, trials: "idle"}, append(peers(), forms()...)) {
		if seen[turn.c.name] == turn.round && len(first) == turn.round {
			first = append(first, turn.c.name)
		}
		seen[turn.c.name]++
	}
	if want := []string{hub, emitted, "gws"}; !slices.Equal(first, want) {
		t.Errorf("first are %q, want %q", first, want)
	}
	if len(seen) != len(peers()) {
		t.Errorf("%d contestants, want the %d peers: %v", len(seen), len(peers()), seen)
	}
	for name, times := range seen {
		if times != 3 {
			t.Errorf("%s has %d turns, want 3", name, times)
		}
	}
}

// TestPlanLeavesOutWhatCannotBe keeps contestants out of trials that they have no path for, and the short look short.
func TestPlanLeavesOutWhatCannotBe(t *testing.T) {
	all := append(peers(), forms()...)
	for _, test := range []struct {
		o    options
		want map[string]int // turns by trial
	}{
		{options{rounds: 1, trials: "echo"}, map[string]int{"echo": 2 * (len(all) - 1)}},           // not on a stream
		{options{rounds: 1, trials: "broadcast"}, map[string]int{"broadcast": 3 * (len(all) - 1)}}, // not with acknowledgements
		{options{rounds: 2, trials: "weigh"}, map[string]int{"weigh": 4}},
		{options{rounds: 2, short: true}, map[string]int{"echo": 2 * 2 * (len(all) - 1), "broadcast": 2 * 3 * (len(all) - 1), "idle": len(peers())}},
	} {
		got := map[string]int{}
		for _, turn := range plan(test.o, all) {
			got[turn.trial.name]++
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%+v: got %v, want %v", test.o, got, test.want)
		}
	}
}

// TestFit makes a short look smaller where few files may be open, and nothing else.
func TestFit(t *testing.T) {
	for _, test := range []struct {
		files uint64
		short bool
		want  size // none: an error
	}{
		{20_000, false, full()},
		{10_064, false, full()},
		{10_063, false, size{}},
		{1 << 63, true, full()},
		{5_064, true, full()},
		{4_096, true, size{1000, 4032}},
		{1_024, true, size{960, 960}},
		{164, true, size{100, 100}},
		{163, true, size{}},
		{0, true, size{}},
	} {
		got, err := fit(test.files, test.short)
		if (err != nil) != (test.want == size{}) || err == nil && got != test.want {
			t.Errorf("%d files, short %v: got %+v, %v; want %+v", test.files, test.short, got, err, test.want)
		}
	}
}

// TestLeft goes by the guesses at first, and then by how wrong they were.
func TestLeft(t *testing.T) {
	for _, test := range []struct{ took, done, due, want time.Duration }{
		{0, 0, time.Minute, time.Minute},
		{20 * time.Second, 10 * time.Second, time.Minute, 100 * time.Second},
		{time.Hour, time.Minute, time.Minute, 0},
	} {
		if got := left(test.took, test.done, test.due); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}
