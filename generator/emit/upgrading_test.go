package emit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestPlanTellsEveryConflict: the places that a plan of an upgrade names before are those that stand afterwards, each of them, in
// each file.
func TestPlanTellsEveryConflict(t *testing.T) {
	dir := project(t, olds())
	between := func(first, last string) string { return first + "\n" + strings.Repeat("// line\n", 20) + last + "\n" }
	old, mine, next := between("a", "b"), between("mine", "mine"), between("theirs", "theirs")
	tree := open(t, dir)
	p, err := tree.Plan(with(olds(), needed("main.go", old)), Options{Version: testVersion, Upgrade: MarkBoth})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "main.go", mine)
	write(t, dir, "README.md", "my read me\n")

	tree = open(t, dir)
	p, err = tree.Plan(with(news(), needed("main.go", next), own("README.md", "their read me\n")), Options{Version: nextVersion, Upgrade: MarkBoth})
	if err != nil {
		t.Fatal(err)
	}
	conflicts := 0
	for _, op := range p.Changes() {
		conflicts += op.Conflicts
	}
	told := p.Open()
	if len(told) != 3 || conflicts != 3 {
		t.Errorf("%d places of %d conflicts: %v", len(told), conflicts, told)
	}
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if stand := open(t, dir).Upgrading().Open; !slices.Equal(stand, told) {
		t.Errorf("told %s, and there stand %s", fmt.Sprint(told), fmt.Sprint(stand))
	}
}

// TestHalfChosen: markers count however they are indented, and the line between the sides alone does where it underlines nothing.
func TestHalfChosen(t *testing.T) {
	for _, test := range []struct {
		file, text string
		want       []int
	}{
		{"main.go", marked, []int{5}},
		{"main.go", "package main\n\t<<<<<<< yours \n  =======\n>>>>>>> wsgen 2.0.0\t\n", []int{2}},
		{"main.go", "package main\n=======\nfunc a() {}\n", []int{2}},
		{"README.md", "# Title\n\nSub\n=======\n", nil},
		{"README.md", "a\n=======\nb\n>>>>>>> wsgen 2.0.0\n", []int{4}},
		{"main.go", "package main // =======\n", nil},
	} {
		if got := openMarkers(test.file, []byte(test.text), nextVersion); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q: lines %v, want %v", test.file, test.text, got, test.want)
		}
	}
}

// TestMarkersAreSeenAnywhere: where nothing is remembered of the upgrade that left them too, in files of the user's alone.
func TestMarkersAreSeenAnywhere(t *testing.T) {
	dir := upgraded(t)
	for _, forgotten := range []bool{false, true} {
		if forgotten {
			remove(t, dir, statePath)
		}
		found, err := open(t, dir).Markers()
		if err != nil || fmt.Sprint(found) != "[main.go:5]" {
			t.Errorf("forgotten %v: %v, %v", forgotten, found, err)
		}
	}
	write(t, dir, "main.go", strings.Replace(marked, ">>>>>>> wsgen 2.0.0", ">>>>>>> other", 1)) // somebody's text about merges
	write(t, dir, "notes.txt", marked)
	if found, err := open(t, dir).Markers(); len(found) > 0 || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	remove(t, dir, "main.go")
	if found, err := open(t, dir).Markers(); len(found) > 0 || err != nil {
		t.Errorf("%v, %v", found, err)
	}
}

// TestAbortLeavesTheRecordsOfOthers: version control has brought back files and manifest, and they belong together.
func TestAbortLeavesTheRecordsOfOthers(t *testing.T) {
	dir := project(t, olds())
	write(t, dir, "main.go", strings.Replace(mainOld, "two() {}", "two() { mine() }", 1))
	if _, err := generate(t, dir, news(), Options{Version: nextVersion, Upgrade: MarkBoth, Command: "upgrade"}); err != nil {
		t.Fatal(err)
	}
	p, err := open(t, dir).PlanUndo(Options{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range p.Ops { // as they were before, but for a manifest of another moment
		if op.New != nil {
			write(t, dir, op.Path, string(op.New))
		}
	}
	other := strings.Replace(read(t, dir, ManifestPath), testVersion, "1.5.0", 1)
	write(t, dir, ManifestPath, other)
	tree := open(t, dir)
	if p, err = tree.PlanUndo(Options{Force: true}); err != nil {
		t.Fatal(err)
	}
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if read(t, dir, ManifestPath) != other || there(dir, statePath) {
		t.Errorf("the manifest is now\n%s", read(t, dir, ManifestPath))
	}
}
