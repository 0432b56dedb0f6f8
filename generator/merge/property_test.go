package merge

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// checkProperties holds what is true of any merge. The texts must hold no line that looks like a marker.
func checkProperties(t testing.TB, base, ours, theirs []byte) {
	t.Helper()
	given := [][]byte{bytes.Clone(base), bytes.Clone(ours), bytes.Clone(theirs)}
	merged := Three(base, ours, theirs, labels)
	swapped := Three(base, theirs, ours, Labels{labels.Theirs, labels.Ours})
	for i, text := range [][]byte{base, ours, theirs} {
		if !bytes.Equal(text, given[i]) {
			t.Errorf("text %d was changed in place", i)
		}
	}

	if again := Three(base, ours, theirs, labels); !bytes.Equal(again.Text, merged.Text) || again.Conflicts != merged.Conflicts {
		t.Errorf("the second time it is %d conflicts, not %d:\n%s", again.Conflicts, merged.Conflicts, again.Text)
	}
	for _, plain := range []struct {
		name               string
		base, ours, theirs []byte
		want               []byte
	}{
		{"ours is base", base, base, theirs, theirs},
		{"theirs is base", base, ours, base, ours},
		{"ours is theirs", base, ours, ours, ours},
		{"theirs is ours", base, theirs, theirs, theirs},
	} {
		got := Three(plain.base, plain.ours, plain.theirs, labels)
		if got.Conflicts > 0 || !bytes.Equal(got.Text, plain.want) {
			t.Errorf("%s: %d conflicts\n%s", plain.name, got.Conflicts, got.Text)
		}
	}

	if (merged.Conflicts == 0) != (swapped.Conflicts == 0) {
		t.Errorf("%d conflicts, but %d with the sides changed", merged.Conflicts, swapped.Conflicts)
	}
	if err := sameVersions(merged, swapped); err != nil {
		t.Errorf("with the sides changed: %v", err)
	}
	if err := checkNothingLost(base, ours, theirs, merged); err != nil {
		t.Errorf("%v:\n%s", err, merged.Text)
	}
}

// sameVersions checks that who takes one side of all conflicts gets the same text whichever side was given first.
func sameVersions(merged, swapped Result) error {
	for _, side := range []string{labels.Ours, labels.Theirs} {
		one, err := version(merged, side)
		if err != nil {
			return err
		}
		other, err := version(swapped, side)
		if err != nil {
			return err
		}
		if !slices.Equal(one, other) {
			return fmt.Errorf("the version of %s is\n%q\nnot\n%q", side, other, one)
		}
	}
	return nil
}

// checkNothingLost checks that each side finds in its version of the result, and in its order, all that it added, and all
// that it kept and the other did not delete. The differences by which it judges are checked too.
func checkNothingLost(base, ours, theirs []byte, merged Result) error {
	t := newTexts(base, ours, theirs)
	c := comparer{counts: make([]count, t.classes)}
	ourChanges := c.changes(t.base.class, t.ours.class)
	theirChanges := c.changes(t.base.class, t.theirs.class)
	for _, side := range []struct {
		label      string
		text       text
		did, other []change
	}{
		{labels.Ours, t.ours, ourChanges, theirChanges},
		{labels.Theirs, t.theirs, theirChanges, ourChanges},
	} {
		if err := checkScript(t.base.class, side.text.class, side.did); err != nil {
			return fmt.Errorf("the changes of %s: %w", side.label, err)
		}
		has, err := version(merged, side.label)
		if err != nil {
			return err
		}
		for _, line := range due(len(t.base.lines), side.text, side.did, side.other) {
			at := slices.Index(has, line)
			if at < 0 {
				return fmt.Errorf("%q of %s is lost, or not at its place", line, side.label)
			}
			has = has[at+1:]
		}
	}
	return nil
}

// due returns the lines that a side can expect in the result.
func due(lines int, side text, did, other []change) []string {
	deleted := make([]bool, lines)
	for _, x := range other {
		for i := x.from.lo; i < x.from.hi; i++ {
			deleted[i] = true
		}
	}
	var due []string
	take := func(s span) {
		for _, line := range side.lines[s.lo:s.hi] {
			due = append(due, bare(line))
		}
	}
	at := span{} // the first line of base and of the side that were not looked at
	for _, x := range append(slices.Clone(did), change{span{lines, lines}, span{len(side.lines), len(side.lines)}}) {
		for ; at.lo < x.from.lo; at.lo, at.hi = at.lo+1, at.hi+1 {
			if !deleted[at.lo] {
				take(span{at.hi, at.hi + 1})
			}
		}
		take(x.to)
		at = span{x.from.hi, x.to.hi}
	}
	return due
}

// checkScript checks that changes make one text of the other, and that none is empty or touches the next.
func checkScript(from, to []int, changes []change) error {
	var made []int
	done := 0
	for i, x := range changes {
		if x.from.empty() && x.to.empty() || i > 0 && x.from.lo <= done {
			return fmt.Errorf("change %d is empty or touches the one before: %v", i, changes)
		}
		made = append(made, from[done:x.from.lo]...)
		if len(made) != x.to.lo {
			return fmt.Errorf("change %d does not stand where it says: %v", i, changes)
		}
		made = append(made, to[x.to.lo:x.to.hi]...)
		done = x.from.hi
	}
	if made = append(made, from[done:]...); !slices.Equal(made, to) {
		return fmt.Errorf("they lead elsewhere: %v", changes)
	}
	return nil
}

// version returns the lines of a result, without their endings, as one side has them in the conflicts.
func version(merged Result, side string) ([]string, error) {
	var lines []string
	in, conflicts := "", 0
	for line := range bytes.Lines(merged.Text) {
		switch text := bare(line); {
		case strings.HasPrefix(text, "<<<<<<< "):
			in = strings.TrimPrefix(text, "<<<<<<< ")
			conflicts++
		case text == "=======" && in == labels.Ours:
			in = labels.Theirs
		case text == "=======" && in == labels.Theirs:
			in = labels.Ours
		case strings.HasPrefix(text, ">>>>>>> "):
			if in != strings.TrimPrefix(text, ">>>>>>> ") {
				return nil, fmt.Errorf("a conflict ends with %q after the lines of %q", text, in)
			}
			in = ""
		case in == "" || in == side:
			lines = append(lines, text)
		}
	}
	if in != "" || conflicts != merged.Conflicts {
		return nil, fmt.Errorf("%d conflicts are reported, and %d stand there; open at the end: %q", merged.Conflicts, conflicts, in)
	}
	return lines, nil
}

// bare returns a line without its ending: a conflict gives one to a last line that has none.
func bare(line []byte) string { return strings.TrimRight(string(line), "\r\n") }

// TestCheckNothingLost makes sure that the check itself can fail.
func TestCheckNothingLost(t *testing.T) {
	base, ours, theirs := []byte("a\nb\nc\nd\n"), []byte("x\nb\nc\nd\n"), []byte("a\nb\nc\ny\n")
	for _, text := range []string{"b\nc\ny\n", "x\nb\nc\n", "x\nb\ny\n", "y\nb\nc\nx\n"} {
		if checkNothingLost(base, ours, theirs, Result{Text: []byte(text)}) == nil {
			t.Errorf("nobody misses a line in %q", text)
		}
	}
	if err := checkNothingLost(base, ours, theirs, Result{Text: []byte("x\nb\nc\ny\n")}); err != nil {
		t.Error(err)
	}
}
