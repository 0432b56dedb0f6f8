package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMedian is of odd and even numbers of values.
func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 9, 2}, 3},
	} {
		if got := median(test.values); got != test.want {
			t.Errorf("of %v: got %v, want %v", test.values, got, test.want)
		}
	}
}

// TestTables has ratios, units, goals, and a dash for what is not known.
func TestTables(t *testing.T) {
	f := &figures{Date: "2030-01-02", Rounds: 5, values: map[string]map[string][]float64{}}
	for _, value := range []float64{8, 10, 90} {
		f.add("echo, depth 1", hub, value)
	}
	f.add("echo, depth 1", emitted, 6)
	f.add("allocations", emitted, 7)
	f.settle()
	tables := f.tables()
	for _, want := range []string{
		"2030-01-02, medians of 5 rounds.",
		"| echo, depth 1, a message | ≤ 0.95 × | 10 µs | 0.60 × (6) | – |",
		"| allocations in 1,000 deliveries | ≤ 10 | – | 7 | – |",
	} {
		if !strings.Contains(tables, want) {
			t.Errorf("%q is missing in:\n%s", want, tables)
		}
	}
	last := &figures{Date: "2029-12-31", Medians: map[string]map[string]float64{"echo, depth 1": {hub: 10, emitted: 8}, "allocations": {emitted: 9}, "handshake": {hub: 1}}}
	beside := f.beside(last)
	for _, want := range []string{"| now | 2029-12-31 | goal |", "| echo, depth 1, a message | 0.60 × (6) | 0.80 × (8) | ≤ 0.95 × |", "| 7 | 9 | ≤ 10 |"} {
		if !strings.Contains(beside, want) {
			t.Errorf("%q is missing in the short look:\n%s", want, beside)
		}
	}
	if strings.Contains(beside, "handshake") {
		t.Errorf("the short look has what was not measured:\n%s", beside)
	}
}

// TestSettle makes medians, and counts rounds where that is the figure.
func TestSettle(t *testing.T) {
	f := &figures{values: map[string]map[string][]float64{}}
	for _, value := range []float64{1, 0, 1} {
		f.add("stuck, others hit", hub, value)
		f.add("handshake", hub, 100+value)
	}
	f.settle()
	if got, want := fmt.Sprint(f.Medians), "map[handshake:map[gorilla hub:101] stuck, others hit:map[gorilla hub:2]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestKeep has figures of two days, and claims no more rounds than all of them had.
func TestKeep(t *testing.T) {
	of := func(value float64) map[string]float64 { return map[string]float64{hub: value} }
	f := &figures{Date: "2030-01-03", Rounds: 9, Medians: map[string]map[string]float64{"ping": of(1)}}
	f.keep(&figures{Date: "2030-01-01 to 2030-01-02", Rounds: 5, Medians: map[string]map[string]float64{"ping": of(2), "handshake": of(3)}})
	if got, want := fmt.Sprintf("%s, %d rounds: %v", f.Date, f.Rounds, f.Medians), "2030-01-01 to 2030-01-03, 5 rounds: map[handshake:map[gorilla hub:3] ping:map[gorilla hub:1]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestInsert replaces what stands between the two lines, and wants both.
func TestInsert(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+figuresBegin+"old\n"+figuresEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := insert(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := "before\n" + figuresBegin + "\nnew\n\n" + figuresEnd + "after\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if err := os.WriteFile(path, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := insert(path, "new\n"); err == nil {
		t.Error("a page without the lines was taken")
	}
}

// TestCommandLine refuses what would write half a table.
func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-write", "-short"}, {"-write", "-peers", "gws"}, {"-write", "-profiles", "."}, {"-rounds", "0"}, {"-trials", "ech"}, {"-peers", "gws,nobody"}, {"more"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	if o, err := parse(nil); err != nil || o.rounds != 5 {
		t.Errorf("without arguments: %+v, %v", o, err)
	}
}
