// Package merge joins two changes of one text, line by line, as git merge-file does.
package merge

import "errors"

// Labels name the two sides after the conflict markers.
type Labels struct {
	Ours, Theirs string
}

// Result is a merged text.
type Result struct {
	Text      []byte
	Conflicts int // how many places hold both sides between markers
}

// Three merges what ours and theirs did to base.
func Three(base, ours, theirs []byte, labels Labels) Result {
	panic(errors.ErrUnsupported)
}
