package merge

import "bytes"

// span is a run of lines: lo is its first, hi the one after its last, counted from 0.
type span struct{ lo, hi int }

func (s span) len() int    { return s.hi - s.lo }
func (s span) empty() bool { return s.lo == s.hi }

// shift returns the span by lines further down.
func (s span) shift(by int) span { return span{s.lo + by, s.hi + by} }

// text is a text in lines. Every line but the last ends in a newline, which belongs to it.
type text struct {
	lines [][]byte
	class []int // of each line: equal lines, and they alone, have the same
}

// texts are the three texts of a merge; their classes are of one numbering.
type texts struct {
	base, ours, theirs text
	classes            int // how many there are, numbered from 0
}

func newTexts(base, ours, theirs []byte) texts {
	known := map[string]int{}
	numbered := func(data []byte) text {
		lines := splitLines(data)
		class := make([]int, len(lines))
		for i, line := range lines {
			n, ok := known[string(line)]
			if !ok {
				n = len(known)
				known[string(line)] = n
			}
			class[i] = n
		}
		return text{lines, class}
	}
	t := texts{base: numbered(base), ours: numbered(ours), theirs: numbered(theirs)}
	t.classes = len(known)
	return t
}

// splitLines cuts data after each newline. A text that does not end in one has a last line without.
func splitLines(data []byte) [][]byte {
	lines := make([][]byte, 0, bytes.Count(data, []byte{'\n'})+1)
	for line := range bytes.Lines(data) {
		lines = append(lines, line)
	}
	return lines
}

// ending is how a line ends.
type ending byte

const (
	unknown ending = iota
	lf
	crlf
)

// ending returns the ending of line i. A last line without one counts as the line before it does.
func (t text) ending(i int) ending {
	if i == len(t.lines)-1 && !bytes.HasSuffix(t.lines[i], []byte{'\n'}) {
		i--
	}
	switch {
	case i < 0 || len(t.lines) == 0:
		return unknown
	case bytes.HasSuffix(t.lines[i], []byte("\r\n")):
		return crlf
	default:
		return lf
	}
}
