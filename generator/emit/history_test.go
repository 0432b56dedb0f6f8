package emit

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// operate generates the files as an operation of the history.
func operate(t testing.TB, dir, command string, o Options, more ...string) {
	t.Helper()
	o.Command = command
	files := sample()
	for i := 0; i < len(more); i += 2 {
		files = with(files, gen(more[i], more[i+1]))
	}
	if _, err := generate(t, dir, files, o); err != nil {
		t.Fatal(err)
	}
}

// history returns what the history says, as "number command files touched damage".
func history(t testing.TB, dir string) []string {
	t.Helper()
	all, err := open(t, dir).History()
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for _, op := range all {
		if age := time.Since(op.Time); age < -time.Hour || age > time.Hour {
			t.Errorf("operation %d was %v ago", op.Number, age)
		}
		lines = append(lines, fmt.Sprint(op.Number, " ", op.Command, " ", op.Files, " ", op.Touched, " ", op.Damage))
	}
	return lines
}

func TestHistory(t *testing.T) {
	dir := project(t, sample())
	if got := history(t, dir); len(got) != 0 {
		t.Errorf("a new project has a history: %q", got)
	}
	if _, err := open(t, dir).PlanUndo(Options{}); !errors.Is(err, ErrNoHistory) {
		t.Errorf("error %v", err)
	}
	operate(t, dir, "add one", Options{}, "client/index.js", "one\n")
	operate(t, dir, "", Options{}, "client/index.js", "one\n", "aside.js", "not in the history\n")
	operate(t, dir, "add two", Options{}, "client/index.js", "two\n", "two.js", "two\n")
	want := []string{
		"2 add two [aside.js client/index.js two.js] [] ",
		"1 add one [client/index.js] [.wsgen/manifest.json] ",
	}
	if got := history(t, dir); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	write(t, dir, "client/index.js", "mine\n")
	remove(t, dir, "two.js")
	want[0] = "2 add two [aside.js client/index.js two.js] [client/index.js] "
	if got := history(t, dir); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	dir := project(t, sample())
	for i := range kept + 3 {
		operate(t, dir, fmt.Sprint("number ", i+1), Options{}, "client/index.js", fmt.Sprint(i))
	}
	got := history(t, dir)
	if len(got) != kept || got[0] != "23 number 23 [client/index.js] [] " || got[kept-1] != "4 number 4 [client/index.js] [] " {
		t.Errorf("%d operations: %q", len(got), got)
	}
	if there(dir, entryDir(3)) || there(dir, doneDir) {
		t.Error("what is too old was left on the disk")
	}
}

func TestRevisions(t *testing.T) {
	dir := project(t, sample())
	operate(t, dir, "one", Options{}, "client/index.js", "one\n", "x.js", "x\n")
	operate(t, dir, "two", Options{}, "client/index.js", "two\n", "x.js", "x\n")
	operate(t, dir, "three", Options{}, "client/index.js", "two\n")
	revisions := func(file string) []string {
		all, err := open(t, dir).Revisions(file)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, r := range all {
			lines = append(lines, fmt.Sprintf("%q %q %v", r.Before, r.After, r.Left([]byte("one\n"))))
		}
		return lines
	}
	if got, want := revisions("client/index.js"), []string{`"one\n" "two\n" false`, `"export {};\n" "one\n" true`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := revisions("x.js"), []string{`"x\n" "" false`, `"" "x\n" false`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	write(t, dir, "client/index.js", "mine\n")
	if got, want := revisions("client/index.js"), []string{`"one\n" "" false`, `"export {};\n" "one\n" true`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var refused *PathError
	if _, err := open(t, dir).Revisions("../x"); !errors.As(err, &refused) {
		t.Errorf("error %v", err)
	}
}
