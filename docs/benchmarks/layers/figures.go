package main

import (
	"bytes"
	"context"
	"encoding/json"
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
	document    = "../layers.md"
)

// figures are what was measured: by figure, then by contestant.
type figures struct {
	Date    string
	Machine string
	Note    string // what else is to be said of the machine
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

// latest returns the last value that was added; false: there is none.
func (f *figures) latest(figure, contestant string) (float64, bool) {
	values := f.values[figure][contestant]
	if len(values) == 0 {
		return 0, false
	}
	return values[len(values)-1], true
}

// settle makes medians of the values. A figure that a contestant does not have in each round it does not have.
func (f *figures) settle() {
	f.Medians = map[string]map[string]float64{}
	for figure, of := range f.values {
		f.Medians[figure] = map[string]float64{}
		for contestant, values := range of {
			if len(values) == f.Rounds {
				f.Medians[figure][contestant] = median(values)
			}
		}
	}
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

// write writes the figures into both files.
func (w *workshop) write(ctx context.Context, f *figures) error {
	versions, err := w.versions(ctx)
	if err != nil {
		return err
	}
	f.Date = time.Now().UTC().Format(time.DateOnly)
	f.Machine = fmt.Sprintf("%d processors, %s/%s, Go %s, %s",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, strings.TrimPrefix(runtime.Version(), "go"), versions)
	text, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(figuresFile, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return insert(document, f.tables())
}

// versions names what was compared.
func (w *workshop) versions(ctx context.Context) (string, error) {
	var named []string
	for _, c := range []struct {
		name, folder string
		args         []string
		field        int // of what it prints
	}{
		{"Redis", ".", []string{w.redis, "--version"}, 2},
		{"NATS", ".", []string{w.nats, "--version"}, 1},
		{"rueidis", w.project(redis), module("github.com/redis/rueidis"), 0},
		{"nats.go", w.project(nats), module("github.com/nats-io/nats.go"), 0},
		{"centrifuge", ".", module("github.com/centrifugal/centrifuge"), 0},
		{"channels_redis", ".", distribution(w.python, "channels_redis"), 0},
		{"Channels", ".", distribution(w.python, "channels"), 0},
		{"Daphne", ".", distribution(w.python, "daphne"), 0},
	} {
		command := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
		command.Dir = c.folder
		out, err := command.Output()
		if err != nil {
			return "", fmt.Errorf("%v: %w", c.args, err)
		}
		fields := strings.Fields(string(out))
		if len(fields) <= c.field {
			return "", fmt.Errorf("%v: unexpected: %s", c.args, out)
		}
		named = append(named, c.name+" "+strings.TrimPrefix(strings.TrimPrefix(fields[c.field], "v="), "v"))
	}
	return strings.Join(named, ", "), nil
}

// module asks for the version of a module of Go.
func module(path string) []string { return []string{"go", "list", "-m", "-f", "{{.Version}}", path} }

// distribution asks for the version of one of Python.
func distribution(python, name string) []string {
	return []string{python, "-c", "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))", name}
}

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

// ratio returns a figure of a contestant by that of the base; false where one is not known.
func (f *figures) ratio(figure, contestant string) (float64, bool) {
	value, known := f.Medians[figure][contestant]
	by, measured := f.Medians[figure][base]
	if !known || !measured || by == 0 {
		return 0, false
	}
	return value / by, true
}
