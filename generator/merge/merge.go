// Package merge joins two changes of one text, line by line, and writes the bytes that git merge-file writes.
//
// What git does is known from its documentation and from its answers; the tests ask the git of this machine about every
// text that they merge. The steps, one file each: the lines become numbers (lines.go); each side is compared with the base
// by Myers' search (search.go), which is spared the lines that could only mislead it (diff.go); the differences that could
// as well stand a few lines higher or lower are moved to where they make sense (slide.go); what both sides did is laid
// side by side (join.go), and written (write.go).
//
// Everything here is pure: bytes in, bytes out, safe for concurrent use.
package merge

import "bytes"

// Labels name the sides after the markers of a conflict.
type Labels struct {
	Ours, Theirs string
}

// Result is a merged text.
type Result struct {
	Text      []byte
	Conflicts int // how many places hold both sides between markers
}

// Three merges what ours and theirs did to base, as `git merge-file -p -L <Ours> -L base -L <Theirs>` does with its
// default settings. Lines are compared byte for byte, line ending included; a text may hold any bytes (git refuses those
// that hold a NUL early on). Text is a new slice.
//
// Where both sides changed lines that touch, and not in the same way, both versions stand between markers, which end in
// CR LF where the lines before them do. No line that a side added is ever left out; lines are left out only where a side
// deleted them.
//
// The time is bounded whatever the texts are: a search that takes too long is cut short, at the price of a difference
// that is larger than it need be, as in git.
func Three(base, ours, theirs []byte, labels Labels) Result {
	t := newTexts(base, ours, theirs)
	c := comparer{counts: make([]count, t.classes)}
	ourChanges := c.changes(t.base.class, t.ours.class)
	if len(ourChanges) == 0 {
		return Result{Text: bytes.Clone(theirs)}
	}
	theirChanges := c.changes(t.base.class, t.theirs.class)
	if len(theirChanges) == 0 {
		return Result{Text: bytes.Clone(ours)}
	}

	found := join(&t, ourChanges, theirChanges).narrow(&t, &c).gather(&t)
	w := writer{texts: &t, labels: labels}
	return w.write(found)
}
