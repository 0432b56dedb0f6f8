package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A report collects the tallies of all rounds: by group, then by peer.
type report struct {
	rounds int
	peers  []peer
	groups []string
	sums   map[string]map[string]*tally
}

// newReport returns one without figures.
func newReport(rounds int, peers []peer, trials ...trial) *report {
	r := &report{rounds: rounds, peers: peers, sums: map[string]map[string]*tally{}}
	for _, t := range trials {
		for _, g := range t.groups {
			r.groups = append(r.groups, g.name)
			r.sums[g.name] = map[string]*tally{}
			for _, p := range peers {
				r.sums[g.name][p.name] = &tally{}
			}
		}
	}
	return r
}

// add takes in what became of the messages in one trial of a peer.
func (r *report) add(p peer, sums map[string]*tally) {
	for group, t := range sums {
		r.sums[group][p.name].add(*t)
	}
}

// tables returns the figures as two tables in Markdown.
func (r *report) tables() string {
	return r.table("outages | delivered | lost, the page was told | lost, it was not | told, and nothing was lost | twice | out of order", (*tally).counts) +
		"\n" +
		r.table("live again after: median | 99 % | at most | of that, since the TCP connection: median | 99 % | at most", (*tally).times)
}

// table returns one of them: a line for each group and peer.
func (r *report) table(titles string, cells func(*tally) []string) string {
	var b strings.Builder
	columns := strings.Count(titles, "|") + 1
	fmt.Fprintf(&b, "| outage | service | %s |\n|---|---|%s\n", titles, strings.Repeat("--:|", columns))
	for _, group := range r.groups {
		first := group
		for _, p := range r.peers {
			values := cells(r.sums[group][p.name])
			if values == nil {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", first, p.name, strings.Join(values, " | "))
			first = ""
		}
	}
	return b.String()
}

// counts are the cells of the table of what arrived.
func (t *tally) counts() []string {
	cells := []string{strconv.Itoa(t.Outages), share(t.Delivered, t.Due)}
	for _, n := range []int{t.LostTold, t.LostUntold, t.Needless, t.Twice, t.Disorder} {
		cells = append(cells, strconv.Itoa(n))
	}
	return cells
}

// times are the cells of the table of how long it took; nil where nothing was to be waited for.
func (t *tally) times() []string {
	if t.Outages == 0 {
		return nil
	}
	var cells []string
	for _, times := range [][]time.Duration{t.CatchUp, t.Replay} {
		for _, q := range []float64{0.5, 0.99, 1} {
			cells = append(cells, millis(times, q))
		}
	}
	return cells
}

// share returns a part in per cent, which is 100 only where it is the whole.
func share(part, whole int) string {
	if part == whole {
		return "100 %"
	}
	return fmt.Sprintf("%.2f %%", min(99.99, 100*float64(part)/float64(whole)))
}

// millis returns a quantile of times.
func millis(times []time.Duration, q float64) string {
	if len(times) == 0 {
		return "–"
	}
	return fmt.Sprintf("%d ms", quantile(times, q).Round(time.Millisecond).Milliseconds())
}

// faults says what a peer did that no client can know of, or "".
func (r *report) faults(client string) string {
	var found []string
	for _, p := range r.peers {
		for _, group := range r.groups {
			t := r.sums[group][p.name]
			if p.client == client && t.LostUntold+t.Twice+t.Disorder > 0 {
				found = append(found, fmt.Sprintf("%s: %d lost untold, %d twice, %d out of order", group, t.LostUntold, t.Twice, t.Disorder))
			}
		}
	}
	return strings.Join(found, "\n")
}

// markdown returns the part of the README that is written by the run.
func (r *report) markdown(ctx context.Context, seed uint64) (string, error) {
	versions, err := versions(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Rounds: %d; seed %d; %d messages a second, on %d processors (%s/%s). %s.\n\n", r.rounds, seed, rate, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, versions)
	b.WriteString(r.tables())
	return b.String(), nil
}

// versions names what was compared, and on what.
func versions(ctx context.Context) (string, error) {
	library, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", "github.com/centrifugal/centrifuge").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	node, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("node --version: %w", err)
	}
	named := []string{"Go " + strings.TrimPrefix(runtime.Version(), "go"), "Node.js " + text(node), "centrifuge " + text(library)}
	for _, name := range []string{"centrifuge", "socket.io", "socket.io-client", "ws"} {
		file, err := os.ReadFile(filepath.Join("node_modules", name, "package.json"))
		if err != nil {
			return "", err
		}
		var about struct{ Version string }
		if err := json.Unmarshal(file, &about); err != nil {
			return "", err
		}
		if name == "centrifuge" {
			name = "centrifuge-js"
		}
		named = append(named, name+" "+about.Version)
	}
	return strings.Join(named, ", "), nil
}

// text returns the output of a command that prints a version.
func text(out []byte) string { return strings.TrimPrefix(strings.TrimSpace(string(out)), "v") }

// The figures stand between these lines of the README.
const (
	figuresBegin = "<!-- figures: written by `go run . -write` -->\n"
	figuresEnd   = "<!-- end of figures -->\n"
)

// write puts the figures into the README.
func write(path, figures string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begun := bytes.Cut(old, []byte(figuresBegin))
	_, after, ended := bytes.Cut(rest, []byte(figuresEnd))
	if !begun || !ended {
		return fmt.Errorf("%s: the lines %q and %q are not both there", path, figuresBegin, figuresEnd)
	}
	text := string(before) + figuresBegin + "\n" + figures + "\n" + figuresEnd + string(after)
	return os.WriteFile(path, []byte(text), 0o644)
}
