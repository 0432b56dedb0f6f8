package main

import (
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

// TestTables has ratios, units, and a dash for what is not known in each round.
func TestTables(t *testing.T) {
	f := &figures{Date: "2030-01-02", Note: "It was busy.", Rounds: 3, values: map[string]map[string][]float64{}}
	for _, value := range []float64{8, 10, 90} {
		f.add("rooms"+figureServices, base, value)
		f.add("rooms"+figureServices, onRedis, value/2)
	}
	f.add("rooms"+figureServices, onNATS, 1)
	if latest, known := f.latest("rooms"+figureServices, base); !known || latest != 90 {
		t.Errorf("the latest is %v, %v", latest, known)
	}
	if _, known := f.latest("rooms"+figureServices, channels); known {
		t.Error("a figure that nobody added is known")
	}
	f.settle()
	tables := f.tables()
	for _, want := range []string{
		"2030-01-02, medians of 3 rounds.",
		"It was busy.\n\n| groups | " + base + " | " + onRedis + " | " + onNATS + " | " + channels,
		"| processor time of both services, a delivery | 10 µs | 0.50 × (5) | – | – | – |",
	} {
		if !strings.Contains(tables, want) {
			t.Errorf("%q is missing in:\n%s", want, tables)
		}
	}
	if strings.Contains(tables, "streams") {
		t.Errorf("what was not measured is in:\n%s", tables)
	}
	last := &figures{Date: "2029-12-31", Medians: map[string]map[string]float64{"rooms" + figureServices: {base: 10, onRedis: 8}}}
	beside := f.beside(last)
	for _, want := range []string{"| now, and on 2029-12-31 | " + base + " | " + onRedis + " | then | " + onNATS + " | then |", "| 10 µs | 0.50 × (5) | 0.80 × (8) | – | – |"} {
		if !strings.Contains(beside, want) {
			t.Errorf("%q is missing in the short look:\n%s", want, beside)
		}
	}
}

// TestEveryFigureHasALine keeps the report in step with the trials.
func TestEveryFigureHasALine(t *testing.T) {
	lines := map[string]bool{}
	for _, l := range append(groups(), streams()...) {
		if lines[l.figure] {
			t.Errorf("%s stands twice", l.figure)
		}
		lines[l.figure] = true
	}
	for _, trial := range trials() {
		for _, figure := range []string{figureMost, figureNear} {
			if !lines[trial.name+figure] {
				t.Errorf("%s%s has no line", trial.name, figure)
			}
		}
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
