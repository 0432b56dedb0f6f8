package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Formatted returns the source in the canonical layout: the keys of the document in the order of the reference, entries below
// them as they stand, two spaces for each level, one blank line before each section and at most one elsewhere, one space before a
// comment at the end of a line. The document and its sections are in block style, and so is what spans several lines; a mapping or a list
// that stands on one line stays there. Quotes stay as they are. It says the same as the source, it has every comment of it, at what the
// comment stood by, and its line endings are those of the first line. A source in this layout comes back byte for byte.
//
// It is an error where the spec has errors, and where it cannot be laid out at all, as with a path of thousands of bytes.
func (f *File) Formatted() ([]byte, error) {
	if f.root == nil || f.Invalid {
		return nil, fmt.Errorf("%s: a spec that has errors is not laid out; correct it first", f.Name)
	}
	pos := newPositions(f.Source)
	spans := spansOf(pos, f.root)
	comments := commentsOf(pos, spans)
	p := &layout{pos: pos, spans: spans, comments: comments}
	lines := p.document(f.root)
	eol := (&splicer{file: f, pos: pos}).lineEnding(1)
	var b strings.Builder
	for i, l := range lines {
		if l.blank && i > 0 {
			b.WriteString(eol)
		}
		b.WriteString(l.text + eol)
	}
	text := []byte(b.String())
	if !f.sameAs(text) || !sameComments(text, comments) {
		return nil, fmt.Errorf("%s: the spec cannot be laid out without changing what it says; write it in block style, a key and its value on each line", f.Name)
	}
	return text, nil
}

// sameComments says whether a source has the given comments, in any order.
func sameComments(source []byte, comments []comment) bool {
	f, _ := Parse("", source)
	texts := func(all []comment) []string {
		var out []string
		for _, c := range all {
			out = append(out, c.text)
		}
		slices.Sort(out)
		return out
	}
	pos := newPositions(source)
	return slices.Equal(texts(commentsOf(pos, spansOf(pos, f.root))), texts(comments))
}

// outLine is one line of the result, without its line ending.
type outLine struct {
	text  string
	blank bool // a blank line stands before it
}

// layout lays a tree out. It goes through the nodes in their order, and takes each comment along when it comes to it.
type layout struct {
	pos      *positions
	spans    map[*yaml.Node]span
	comments []comment // those that are not in lines yet
	lines    []outLine
	lastLine int // of the source: where what was printed last stands
}

// document returns the lines of the whole.
func (p *layout) document(root *yaml.Node) []outLine {
	if len(root.Content) == 0 {
		return nil
	}
	header := p.cut(func() { p.above(p.offset(root.Content[0]), "") })
	var chunks []chunk
	p.lastLine = 0
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		lines := p.cut(func() { p.entry(key, root.Content[i+1], "", p.next(root, i, len(p.pos.text))) })
		chunks = append(chunks, chunk{rank: rankOf(key.Value), lines: lines, first: i == 0})
	}
	tail := p.cut(func() { p.above(len(p.pos.text), "") })
	return assemble(header, chunks, tail)
}

// chunk is what stands in the result for one key of the document.
type chunk struct {
	rank  int // of the key, in the canonical order
	lines []outLine
	first bool // the key is the first of the source
}

// canonical returns the keys of the document in their order. Those before the first section belong together.
func canonical() []string {
	return []string{"version", "service", "module", "routes", "consumers", "streams", "settings"}
}

// rankOf returns the place of a key.
func rankOf(key string) int { return slices.Index(canonical(), key) }

// assemble puts the parts together. What stands above the first key is about the file, and stays at its top.
func assemble(header []outLine, chunks []chunk, tail []outLine) []outLine {
	detached := len(chunks) > 0 && chunks[0].lines[0].blank
	slices.SortStableFunc(chunks, func(a, b chunk) int { return cmp.Compare(a.rank, b.rank) })
	lines := header
	for i, c := range chunks {
		switch {
		case i == 0:
			commented := !c.first && strings.HasPrefix(c.lines[0].text, "#")
			c.lines[0].blank = detached || commented
		case c.rank >= rankOf("routes"):
			c.lines[0].blank = true
		}
		lines = append(lines, c.lines...)
	}
	if len(tail) > 0 {
		tail[0].blank = true
	}
	return append(lines, tail...)
}

// cut returns the lines that f prints.
func (p *layout) cut(f func()) []outLine {
	p.lines = nil
	f()
	return p.lines
}

// offset returns where a node begins.
func (p *layout) offset(n *yaml.Node) int { return p.spans[n].from }

// next returns where the entry after the i-th node of a collection begins, or until for the last.
func (p *layout) next(n *yaml.Node, i, until int) int {
	if n.Kind == yaml.MappingNode {
		i++
	}
	if i+1 < len(n.Content) {
		return p.offset(n.Content[i+1])
	}
	return until
}

// print adds a line for what stands on a line of the source.
func (p *layout) print(text string, blank bool, line int) {
	p.lines = append(p.lines, outLine{text, blank})
	p.lastLine = line
}

// blankAbove says whether there is a blank line right above what stands on a line of the source.
func (p *layout) blankAbove(line int) bool {
	return line > 1 && line != p.lastLine && strings.TrimSpace(p.pos.line(line-1)) == ""
}

// take removes the comments that stand before an offset, and returns them.
func (p *layout) take(before int) []comment {
	n := slices.IndexFunc(p.comments, func(c comment) bool { return c.offset >= before })
	if n < 0 {
		n = len(p.comments)
	}
	taken := p.comments[:n]
	p.comments = p.comments[n:]
	return taken
}

// above prints the comments that stand before an offset, each on a line.
func (p *layout) above(before int, indent string) {
	for _, c := range p.take(before) {
		p.print(indent+c.text, c.alone && p.blankAbove(c.line), c.line)
	}
}

// entry prints a key and its value; until is where the next thing begins that is not part of them.
func (p *layout) entry(key, value *yaml.Node, indent string, until int) {
	p.above(p.offset(key), indent)
	head := indent + p.text(key) + ":"
	inline, end := p.inline(value, indent == "")
	end = max(end, p.spans[key].to)
	if value.Kind != yaml.ScalarNode && inline == "" {
		p.opened(head, key, value, indent, until)
		return
	}
	if inline != "" {
		head += " " + inline
	}
	p.onOneLine(head, key.Line, end, until, indent)
	if isNull(value) && inline == "" {
		p.inside(key, until, indent+"  ")
	}
}

// onOneLine prints what begins on a line of the source and ends at an offset. Comments in between go above it, the last may stand
// behind it.
func (p *layout) onOneLine(text string, line, end, until int, indent string) {
	blank := p.blankAbove(line)
	for _, c := range p.take(end) {
		p.print(indent+c.text, blank, c.line)
		blank = false
	}
	p.behind(text, blank, p.pos.lineOf(max(end-1, 0)), until)
}

// behind prints a line that ends with a line of the source, with the comment behind it and the lines below in which that goes on.
func (p *layout) behind(text string, blank bool, line, until int) {
	if len(p.comments) == 0 || p.comments[0].line != line || p.comments[0].offset >= until {
		p.print(text, blank, line)
		return
	}
	c := p.comments[0]
	p.comments = p.comments[1:]
	p.print(text+" "+c.text, blank, line)
	below := strings.Repeat(" ", utf8.RuneCountInString(text)+1)
	for len(p.comments) > 0 && p.comments[0].alone && p.comments[0].column == c.column && p.comments[0].line == p.lastLine+1 {
		p.print(below+p.comments[0].text, false, p.comments[0].line)
		p.comments = p.comments[1:]
	}
}

// opened prints a key whose value stands on the lines below it.
func (p *layout) opened(head string, key, value *yaml.Node, indent string, until int) {
	line, first, end := key.Line, p.first(value, until), 0
	if value.Style&yaml.FlowStyle != 0 {
		end = p.end(value)
		if first = min(first, end); p.pos.lineOf(end-1) == value.Line {
			line, first = value.Line, until // the comment behind the whole is one on the key
		}
	}
	p.behind(head, p.blankAbove(key.Line), line, first)
	p.children(value, indent+"  ", until)
	if end > 0 {
		p.above(end, indent+"  ")
		if len(p.comments) > 0 && p.comments[0].offset < until && p.comments[0].line == p.pos.lineOf(end-1) {
			p.above(p.comments[0].offset+1, indent+"  ")
		}
	}
	p.inside(key, until, indent+"  ")
}

// first returns where the first entry or item of a collection begins, or until where there is none.
func (p *layout) first(n *yaml.Node, until int) int {
	if len(n.Content) > 0 {
		return p.offset(n.Content[0])
	}
	return until
}

// children prints the entries of a mapping or the items of a list.
func (p *layout) children(n *yaml.Node, indent string, until int) {
	lines := len(p.lines)
	for i := 0; i < len(n.Content); i++ {
		next := p.next(n, i, until)
		if n.Kind == yaml.MappingNode {
			p.entry(n.Content[i], n.Content[i+1], indent, next)
			i++
			continue
		}
		item := n.Content[i]
		p.above(p.offset(item), indent)
		text, end := p.inline(item, false)
		p.onOneLine(indent+"- "+text, item.Line, end, next, indent)
	}
	if lines < len(p.lines) {
		p.lines[lines].blank = false
	}
}

// inside prints the comments that stand below an entry and deeper than its key.
func (p *layout) inside(key *yaml.Node, until int, indent string) {
	for len(p.comments) > 0 {
		c := p.comments[0]
		if !c.alone || c.column <= key.Column || c.offset >= until {
			return
		}
		p.above(c.offset+1, indent)
	}
}

// text returns a scalar as it stands in the source.
func (p *layout) text(n *yaml.Node) string {
	at := p.spans[n]
	return string(p.pos.text[at.from:at.to])
}

// inline returns a value as it stands behind its key, and where it ends in the source; nothing, for one that is opened. Section says
// that it is the value of a key of the document.
func (p *layout) inline(n *yaml.Node, section bool) (text string, end int) {
	switch {
	case n.Kind == yaml.ScalarNode:
		if section && isNull(n) {
			return "", p.end(n)
		}
		return p.text(n), p.end(n)
	case n.Style&yaml.FlowStyle == 0, section, p.pos.lineOf(p.end(n)-1) != n.Line:
		return "", 0
	}
	parts := make([]string, 0, len(n.Content))
	for i := 0; i < len(n.Content); i++ {
		part, _ := p.inline(n.Content[i], false)
		if n.Kind == yaml.MappingNode {
			i++
			value, _ := p.inline(n.Content[i], false)
			part = strings.TrimSuffix(part+": "+value, " ")
		}
		parts = append(parts, part)
	}
	if n.Kind == yaml.MappingNode {
		return "{" + strings.Join(parts, ", ") + "}", p.end(n)
	}
	return "[" + strings.Join(parts, ", ") + "]", p.end(n)
}

// end returns where a scalar or a collection in flow style ends.
func (p *layout) end(n *yaml.Node) int {
	if n.Kind == yaml.ScalarNode {
		if at := p.spans[n]; at.to > at.from {
			return at.to
		}
		return 0 // of what is not there, YAML gives the place of what comes after it
	}
	at := p.offset(n) + 1
	for _, c := range n.Content {
		at = max(at, p.end(c))
	}
	for ; at < len(p.pos.text); at++ {
		switch p.pos.text[at] {
		case '}', ']':
			return at + 1
		case '#':
			at = p.pos.lineEnd(p.pos.lineOf(at))
		}
	}
	return at
}
