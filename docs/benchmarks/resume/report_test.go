package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	peers := []peer{{name: "a", client: "a"}, {name: "b", client: "b"}}
	r := newReport(2, peers, trial{groups: []group{{name: "short"}, {name: "long"}}})
	for range 2 {
		r.add(peers[0], map[string]*tally{"short": {Due: 10_000, Delivered: 9_999, LostUntold: 1, Outages: 1,
			CatchUp: []time.Duration{time.Second}, Replay: []time.Duration{1600 * time.Microsecond}}})
		r.add(peers[1], map[string]*tally{"short": {Due: 10, Delivered: 10}, "long": {Due: 8, Delivered: 6, LostTold: 2, Outages: 3}})
	}
	var got []string
	for line := range strings.Lines(r.tables()) {
		if strings.Contains(line, " | a |") || strings.Contains(line, " | b |") {
			got = append(got, line)
		}
	}
	want := `| short | a | 2 | 99.99 % | 0 | 2 | 0 | 0 | 0 |
|  | b | 0 | 100 % | 0 | 0 | 0 | 0 | 0 |
| long | a | 0 | 100 % | 0 | 0 | 0 | 0 | 0 |
|  | b | 6 | 75.00 % | 4 | 0 | 0 | 0 | 0 |
| short | a | 1000 ms | 1000 ms | 1000 ms | 2 ms | 2 ms | 2 ms |
| long | b | – | – | – | – | – | – |
`
	if got := strings.Join(got, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := r.faults("a"), "short: 2 lost untold, 0 twice, 0 out of order"; got != want {
		t.Errorf("faults: %q, want %q", got, want)
	}
	if got := r.faults("b"); got != "" {
		t.Errorf("faults where there are none: %q", got)
	}
}

// TestShareIsHonest: what is not all never reads as all.
func TestShareIsHonest(t *testing.T) {
	for _, test := range []struct {
		part, whole int
		want        string
	}{{1, 1, "100 %"}, {999_999, 1_000_000, "99.99 %"}, {1, 2, "50.00 %"}, {0, 3, "0.00 %"}} {
		if got := share(test.part, test.whole); got != test.want {
			t.Errorf("share(%d, %d) = %s, want %s", test.part, test.whole, got, test.want)
		}
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	page := "# Title\n" + figuresBegin + "old\n" + figuresEnd + "more\n"
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# Title\n" + figuresBegin + "\nnew\n\n" + figuresEnd + "more\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := os.WriteFile(path, []byte("# Title\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(path, "new\n"); err == nil {
		t.Error("a page without a place for the figures was accepted")
	}
}

// TestReadmeHasAPlace holds the real page to it.
func TestReadmeHasAPlace(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), figuresBegin) || !strings.Contains(string(text), figuresEnd) {
		t.Error("../README.md has no place for the figures")
	}
}

func TestParse(t *testing.T) {
	for _, args := range []string{"x", "-rounds 0", "-write -smoke", "-write -only wsgen"} {
		if _, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%s: no error", args)
		}
	}
	if o, err := parse(strings.Fields("-rounds 7 -seed 3 -write")); err != nil || o.rounds != 7 || o.seed != 3 || !o.write {
		t.Errorf("got %+v, %v", o, err)
	}
}
