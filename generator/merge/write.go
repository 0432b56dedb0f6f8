package merge

import (
	"bytes"
	"strings"
)

const markerSize = 7

// writer writes a merged text.
type writer struct {
	texts  *texts
	labels Labels
	out    bytes.Buffer
}

// write returns the text of ours with what the sections change in it.
func (w *writer) write(all sections) Result {
	conflicts := 0
	done := 0 // lines of ours
	for _, s := range all {
		switch s.verdict {
		case takeOurs: // they are copied with what follows
			continue
		case takeTheirs:
			w.lines(w.texts.ours, span{done, s.ours.lo})
			w.lines(w.texts.theirs, s.theirs)
		case takeBoth:
			w.lines(w.texts.ours, span{done, s.ours.lo})
			w.conflict(s)
			conflicts++
		}
		done = s.ours.hi
	}
	w.lines(w.texts.ours, span{done, len(w.texts.ours.lines)})
	return Result{Text: w.out.Bytes(), Conflicts: conflicts}
}

func (w *writer) lines(t text, s span) {
	for _, line := range t.lines[s.lo:s.hi] {
		w.out.Write(line)
	}
}

// conflict writes both versions of a section between markers.
func (w *writer) conflict(s section) {
	newline := w.newline(s)
	marker := func(sign, label string) {
		w.out.WriteString(strings.Repeat(sign, markerSize))
		w.out.WriteString(label)
		w.out.WriteString(newline)
	}
	version := func(t text, s span) {
		w.lines(t, s)
		if !s.empty() && !bytes.HasSuffix(t.lines[s.hi-1], []byte{'\n'}) {
			w.out.WriteString(newline)
		}
	}
	marker("<", " "+w.labels.Ours)
	version(w.texts.ours, s.ours)
	marker("=", "")
	version(w.texts.theirs, s.theirs)
	marker(">", " "+w.labels.Theirs)
}

// newline returns the line ending of the markers: CR LF where base begins with it and neither side says otherwise by the
// line before the section, or its first one where the section stands first.
func (w *writer) newline(s section) string {
	if w.texts.ours.ending(max(0, s.ours.lo-1)) != lf &&
		w.texts.theirs.ending(max(0, s.theirs.lo-1)) != lf &&
		w.texts.base.ending(0) == crlf {
		return "\r\n"
	}
	return "\n"
}
