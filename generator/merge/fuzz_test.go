package merge

import (
	"bytes"
	"fmt"
	"testing"
)

// FuzzLines reads each byte as a line, so that what changes at random is lines, and holds what is true of any merge.
func FuzzLines(f *testing.F) {
	for seed := range uint64(20) {
		s := newSource(seed, 8)
		text := func() []byte {
			text := make([]byte, s.IntN(40))
			for i := range text {
				text[i] = byte(s.IntN(10))
			}
			return text
		}
		f.Add(text(), text(), text(), byte(seed))
	}
	f.Fuzz(func(t *testing.T, base, ours, theirs []byte, open byte) {
		checkProperties(t, spelled(base, open&1 > 0), spelled(ours, open&2 > 0), spelled(theirs, open&4 > 0))
	})
}

// spelled turns each byte into a line: the highest ones with CR LF.
func spelled(values []byte, open bool) []byte {
	var text []byte
	for _, value := range values {
		switch {
		case value < 4:
			text = append(text, "\t\t\t"[:value]...)
		default:
			text = fmt.Appendf(text, "line %d", value&0x3f)
		}
		if value >= 0xc0 {
			text = append(text, '\r')
		}
		text = append(text, '\n')
	}
	if open {
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	return text
}

// FuzzBytes merges any bytes, markers of other merges and NULs among them. What can be told without reading the markers of
// the result is that each line which only one side has is there.
func FuzzBytes(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add([]byte(c.base), []byte(c.ours), []byte(c.theirs))
	}
	conflict := []byte("a\n<<<<<<< yours\nb\n=======\nc\n>>>>>>> wsgen 0.2.0\n")
	f.Add([]byte("a\n"), conflict, bytes.ReplaceAll(conflict, []byte("c"), []byte("d\x00")))
	f.Add([]byte("\r\n\r"), []byte("\n\r\n"), []byte("\r"))
	f.Fuzz(func(t *testing.T, base, ours, theirs []byte) {
		merged := Three(base, ours, theirs, labels)
		has := map[string]bool{}
		for line := range bytes.Lines(merged.Text) {
			has[bare(line)] = true
		}
		old := map[string]bool{}
		for line := range bytes.Lines(base) {
			old[string(line)] = true
		}
		for _, side := range [][]byte{ours, theirs} {
			for line := range bytes.Lines(side) {
				if !old[string(line)] && !has[bare(line)] {
					t.Errorf("%q is lost in %q", line, merged.Text)
				}
			}
		}
		swapped := Three(base, theirs, ours, labels)
		if (merged.Conflicts == 0) != (swapped.Conflicts == 0) || merged.Conflicts == 0 && !bytes.Equal(merged.Text, swapped.Text) {
			t.Errorf("%d conflicts, with the sides changed %d\n%q\n%q", merged.Conflicts, swapped.Conflicts, merged.Text, swapped.Text)
		}
	})
}
