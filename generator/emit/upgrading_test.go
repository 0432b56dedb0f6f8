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
