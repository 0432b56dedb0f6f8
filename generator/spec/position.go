package spec

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// byteOrderMark is U+FEFF in UTF-8. It is accepted before the first character and belongs to no line.
const byteOrderMark = "\ufeff"

// positions maps between the lines and columns that YAML and people count in and the byte offsets that splices need. A line
// ends with a line feed and nothing else: Parse refuses the other characters that YAML would take for a line break.
type positions struct {
	text  []byte
	start []int // offset of each line's first byte; line 1 stands at index 0
	ascii bool  // every character is one byte, so that columns and bytes are the same

	// The place of the last conversion. Nodes are asked for in their order in the source, so that going on from there
	// keeps a spec of one long line from costing the square of its length.
	lastLine, lastColumn, lastOffset int
}

func newPositions(text []byte) *positions {
	first := 0
	if bytes.HasPrefix(text, []byte(byteOrderMark)) {
		first = len(byteOrderMark)
	}
	p := &positions{text: text, start: []int{first}, ascii: true}
	for i := first; i < len(text); i++ {
		switch {
		case text[i] == '\n':
			p.start = append(p.start, i+1)
		case text[i] >= utf8.RuneSelf:
			p.ascii = false
		}
	}
	return p
}

// lines returns how many lines there are. A line feed at the very end opens no further line that could be shown.
func (p *positions) lines() int {
	if n := len(p.start); n > 1 && p.start[n-1] == len(p.text) {
		return n - 1
	}
	return len(p.start)
}

// line returns the text of a line without its line ending; empty for a line that is not there.
func (p *positions) line(n int) string {
	if n < 1 || n > len(p.start) {
		return ""
	}
	return string(bytes.TrimSuffix(p.text[p.start[n-1]:p.lineEnd(n)], []byte("\r")))
}

// lineEnd returns the offset of the line feed that ends line n, or the length of the text.
func (p *positions) lineEnd(n int) int {
	if n < len(p.start) {
		return p.start[n] - 1
	}
	return len(p.text)
}

// offset returns the byte offset of a column, both counted from 1, clamped to the end of its line.
func (p *positions) offset(line, column int) int {
	if line < 1 {
		return p.start[0]
	}
	if line > len(p.start) {
		return len(p.text)
	}
	at, end := p.start[line-1], p.lineEnd(line)
	if p.ascii {
		return min(at+column-1, end)
	}
	from := 1
	if line == p.lastLine && column >= p.lastColumn {
		at, from = p.lastOffset, p.lastColumn
	}
	for ; from < column && at < end; from++ {
		_, size := utf8.DecodeRune(p.text[at:])
		at += size
	}
	p.lastLine, p.lastColumn, p.lastOffset = line, from, at
	return at
}

// span returns the Span of n bytes from line and column on. It stays on its line and is never empty.
func (p *positions) span(line, column, n int) Span {
	line = max(line, 1)
	if line > p.lines() { // YAML reports "at the end" on the line after the last
		line = p.lines()
		column = utf8.RuneCountInString(p.line(line)) + 1
	}
	at := p.offset(line, max(column, 1))
	column = max(column, 1)
	n = min(n, p.lineEnd(line)-at)
	return Span{Line: line, Column: column, Offset: at, Bytes: max(n, 1)}
}

// spanAt returns the Span of n bytes from a byte offset on.
func (p *positions) spanAt(offset, n int) Span {
	line := p.lineOf(offset)
	column := utf8.RuneCount(p.text[p.start[line-1]:offset]) + 1
	return Span{Line: line, Column: column, Offset: offset, Bytes: max(min(n, p.lineEnd(line)-offset), 1)}
}

// lineOf returns the line that an offset lies on.
func (p *positions) lineOf(offset int) int {
	low, high := 0, len(p.start)
	for low+1 < high {
		if mid := (low + high) / 2; p.start[mid] <= offset {
			low = mid
		} else {
			high = mid
		}
	}
	return low + 1
}

// Part returns the place of t.Value[from:to] in the source. Where the source spells the value with escapes, it returns the
// place of the whole.
func (f *File) Part(t Text, from, to int) Span {
	if t.Span == (Span{}) || to-from == len(t.Value) || from < 0 || to > len(t.Value) || from > to {
		return t.Span
	}
	source := f.Source[t.Span.Offset:min(t.Span.Offset+t.Span.Bytes, len(f.Source))]
	skip := 0
	if len(source) > 0 && (source[0] == '\'' || source[0] == '"') {
		skip = 1
	}
	if !strings.HasPrefix(string(source[skip:]), t.Value) {
		return t.Span
	}
	return Span{
		Line:   t.Span.Line,
		Column: t.Span.Column + skip + utf8.RuneCountInString(t.Value[:from]),
		Offset: t.Span.Offset + skip + from,
		Bytes:  max(to-from, 1),
	}
}
