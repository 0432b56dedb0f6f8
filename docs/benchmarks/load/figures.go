package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The files that -write writes.
const (
	figuresFile = "figures.json"
	page        = "../load.md"
)

// figures are what was measured: by figure, then by contestant.
type figures struct {
	Date    string
	Machine string
	Rounds  int
	Medians map[string]map[string]float64

	values map[string]map[string][]float64 // of all rounds
}

// add takes in one value.
func (f *figures) add(figure, contestant string, value float64) {
	if f.values[figure] == nil {
		f.values[figure] = map[string][]float64{}
	}
	f.values[figure][contestant] = append(f.values[figure][contestant], value)
}

// settle makes medians of the values, or counts.
func (f *figures) settle() {
	f.Medians = map[string]map[string]float64{}
	for figure, of := range f.values {
		f.Medians[figure] = map[string]float64{}
		for contestant, values := range of {
			if f.Medians[figure][contestant] = median(values); counted(figure) {
				f.Medians[figure][contestant] = sum(values)
			}
		}
	}
}

// counted tells whether a figure is how many rounds had something.
func counted(figure string) bool { return figure == "stuck, others hit" }

// sum adds values.
func sum(values []float64) (all float64) {
	for _, v := range values {
		all += v
	}
	return all
}

// median returns the middle one of some values, of two the mean.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// readFigures reads those of an earlier run.
func readFigures(path string) (*figures, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &figures{}
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// write writes the figures into both files. Where some trials were left out, the figures of an earlier run stay for those.
func (f *figures) write(ctx context.Context, some bool) error {
	versions, err := versions(ctx)
	if err != nil {
		return err
	}
	f.Date = time.Now().UTC().Format(time.DateOnly)
	f.Machine = fmt.Sprintf("%d processors, %s/%s, Go %s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, strings.TrimPrefix(runtime.Version(), "go"), versions)
	if some {
		last, err := readFigures(figuresFile)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if last != nil {
			f.keep(last)
		}
	}
	text, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(figuresFile, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return insert(page, f.tables())
}

// keep takes over from an earlier run what was not measured now.
func (f *figures) keep(last *figures) {
	if first, _, _ := strings.Cut(last.Date, " to "); first != f.Date {
		f.Date = first + " to " + f.Date
	}
	f.Rounds = min(f.Rounds, last.Rounds)
	for figure, of := range last.Medians {
		if f.Medians[figure] == nil {
			f.Medians[figure] = of
		}
	}
}

// versions names what was compared.
func versions(ctx context.Context) (string, error) {
	var named []string
	for _, module := range []string{"gorilla/websocket", "lxzan/gws", "olahol/melody", "centrifugal/centrifuge", "coder/websocket"} {
		out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", "github.com/"+module).Output()
		if err != nil {
			return "", fmt.Errorf("go list -m: %w", err)
		}
		named = append(named, module+" "+text(out))
	}
	node, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("node --version: %w", err)
	}
	file, err := os.ReadFile("node_modules/ws/package.json")
	if err != nil {
		return "", err
	}
	var about struct{ Version string }
	if err := json.Unmarshal(file, &about); err != nil {
		return "", err
	}
	return strings.Join(append(named, "Node.js "+text(node), "ws "+about.Version), ", "), nil
}

// text returns the output of a command that prints a version.
func text(out []byte) string { return strings.TrimPrefix(strings.TrimSpace(string(out)), "v") }

// The figures stand between these lines of the page.
const (
	figuresBegin = "<!-- figures: written by `go run . -write` -->\n"
	figuresEnd   = "<!-- end of figures -->\n"
)

// insert puts the tables into the page.
func insert(path, tables string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begun := bytes.Cut(old, []byte(figuresBegin))
	_, after, ended := bytes.Cut(rest, []byte(figuresEnd))
	if !begun || !ended {
		return fmt.Errorf("%s: the lines %q and %q are not both there", path, figuresBegin, figuresEnd)
	}
	text := string(before) + figuresBegin + "\n" + tables + "\n" + figuresEnd + string(after)
	return os.WriteFile(path, []byte(text), 0o644)
}

// ratio returns a figure of a contestant by that of the hub; false where one is not known.
func (f *figures) ratio(figure, contestant string) (float64, bool) {
	value, known := f.Medians[figure][contestant]
	by := f.Medians[figure][hub]
	return value / cmp.Or(by, 1), known && by > 0
}
