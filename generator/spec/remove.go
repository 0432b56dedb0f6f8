package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Removal is what a spec is to have no longer: a consumer with every route to it, or one route.
type Removal struct {
	Consumer string // its entry under "consumers" goes, and every route that leads to it
	Path     string // this route goes; not looked at where Consumer is set
}

// Remove returns the source without the lines of some entries. An entry's own lines go, and with them the comments behind
// and inside it, and one of the blank lines that set it apart where there are some on both sides; comments above it stay, and so
// does every other byte. Where the last line of a source without a final line
// ending goes, the line before loses its own, as it had none before [File.Add] put it there. A section whose last entry
// goes stays, empty. The result has been parsed again and says what the source said, less the removal.
//
// The error is an *UnsafeSpliceError where lines cannot simply be taken out, as in flow style. A spec that has errors, and
// one that has nothing of the kind, is an error too.
func (f *File) Remove(r Removal) ([]byte, error) {
	if f.root == nil || f.Invalid {
		return nil, fmt.Errorf("%s: a spec that has errors is not changed; correct it first", f.Name)
	}
	if r.Consumer == "" && r.Path == "" {
		return nil, errors.New("a removal names a consumer or a path")
	}
	g := f.minus(r)
	if len(g.Routes) == len(f.Routes) && len(g.Consumers) == len(f.Consumers) {
		return nil, fmt.Errorf("%s: there is no %s", f.Name, r)
	}
	unsafe := &UnsafeSpliceError{Name: f.Name, Snippet: snippet(f.entriesOf(r)), Do: "take this out by hand, then run wsgen remove " + r.String()}
	if r.Consumer == "" {
		unsafe.Do = "take this out by hand, then run wsgen generate"
	}
	c := &cutter{splicer: splicer{file: f, pos: newPositions(f.Source)}}
	if unsafe.Span, unsafe.Reason = c.cut(r); unsafe.Reason != "" {
		return nil, unsafe
	}
	text := c.rest()
	if !g.sameAs(text) {
		unsafe.Reason = "the lines cannot be taken out without touching others"
		return nil, unsafe
	}
	return text, nil
}

// String returns what is removed in the words of the command line: "consumer chat", "route /ws/chat".
func (r Removal) String() string {
	if r.Consumer != "" {
		return "consumer " + r.Consumer
	}
	return "route " + r.Path
}

// takes says whether the removal takes an entry of a section out: one with this key and, for a route, this consumer.
func (r Removal) takes(section, key, consumer string) bool {
	switch {
	case section == "consumers":
		return r.Consumer != "" && key == r.Consumer
	case r.Consumer != "":
		return consumer == r.Consumer
	}
	return key == r.Path
}

// minus returns what the file says, less the removal.
func (f *File) minus(r Removal) *File {
	g := *f
	g.Routes = slices.DeleteFunc(slices.Clone(f.Routes), func(x Route) bool {
		return r.takes("routes", x.Path.Value, x.Consumer.Value)
	})
	g.Consumers = slices.DeleteFunc(slices.Clone(f.Consumers), func(x Consumer) bool { return r.takes("consumers", x.Name.Value, "") })
	return &g
}

// entriesOf returns the entries that a removal takes out, for a snippet.
func (f *File) entriesOf(r Removal) []newEntry {
	var entries []newEntry
	for _, x := range f.Routes {
		if r.takes("routes", x.Path.Value, x.Consumer.Value) {
			entries = append(entries, newEntry{"routes", x.Path.Value, x.Consumer.Value})
		}
	}
	for _, x := range f.Consumers {
		if r.takes("consumers", x.Name.Value, "") {
			entries = append(entries, newEntry{"consumers", x.Name.Value, x.Mode.Value})
		}
	}
	return entries
}

// cutter collects the lines that a removal takes out.
type cutter struct {
	splicer
	gone map[int]bool // by line number
}

// cut marks the lines that go. Where that cannot be done it returns what is in the way and why.
func (c *cutter) cut(r Removal) (Span, string) {
	root := c.file.root
	if root.Style&yaml.FlowStyle != 0 {
		return c.span(root), "the spec is in flow style"
	}
	c.gone = map[int]bool{}
	for _, section := range []string{"routes", "consumers"} {
		i := c.section(section)
		if i < 0 {
			continue
		}
		body := root.Content[i+1]
		for j := 0; j+1 < len(body.Content); j += 2 {
			key := body.Content[j]
			switch {
			case !r.takes(section, key.Value, body.Content[j+1].Value):
			case body.Style&yaml.FlowStyle != 0:
				return c.span(body), section + " is in flow style"
			case strings.Trim(c.pos.line(key.Line)[:c.pos.offset(key.Line, key.Column)-c.pos.start[key.Line-1]], " ") != "":
				return c.span(key), "the entry does not begin with its key"
			default:
				c.entry(i, j, body)
			}
		}
		c.closeUp(root.Content[i], body)
	}
	return Span{}, ""
}

// entry marks the lines of the entry that begins with the j-th node of a section, which is the i-th of the document.
func (c *cutter) entry(i, j int, body *yaml.Node) {
	key, value := body.Content[j], body.Content[j+1]
	limit := c.limit(i)
	if j+2 < len(body.Content) {
		limit = body.Content[j+2].Line - 1
	}
	last := limit
	for last > key.Line && isBlankOrComment(c.pos.line(last)) {
		last--
	}
	last = c.tail(last, limit, key, value)
	for line := key.Line; line <= last; line++ {
		c.gone[line] = true
	}
}

// tail returns the last line of an entry whose content ends on a line, and behind which another begins after limit. The comments
// there that stand deeper than its key go with it where it has many lines, or where they go on with the comment at its end. Below
// any other, one may have been indented by accident, and stays.
func (c *cutter) tail(last, limit int, key, value *yaml.Node) int {
	goesOn := c.endsInComment(last, value)
	last = c.inside(last, limit, key, value)
	for goesOn && last < limit && isCommentFrom(c.pos.line(last+1), key.Column+1) {
		last++
	}
	return last
}

// endsInComment says whether there is a comment behind a value that ends on a line.
func (c *cutter) endsInComment(line int, value *yaml.Node) bool {
	text := c.pos.line(line)
	if value.Line == line && value.Kind == yaml.ScalarNode {
		at := c.pos.offset(value.Line, value.Column)
		length, _ := scalarLength(value, c.pos.text[at:c.pos.lineEnd(line)])
		text = string(c.pos.text[at+length : c.pos.lineEnd(line)])
	}
	return strings.Contains(text, " #")
}

// limit returns the last line that can belong to a section, which is the i-th node of the document's mapping.
func (s *splicer) limit(i int) int {
	if i+2 < len(s.file.root.Content) {
		return s.file.root.Content[i+2].Line - 1
	}
	return s.end()
}

// rest returns the source without the lines that are gone. Where blank lines stood on both sides of them, one goes with them:
// it set them apart.
func (c *cutter) rest() []byte {
	text, last := c.pos.text, c.pos.lines()
	out := slices.Clone(text[:c.pos.start[0]]) // the byte order mark
	before, blank, cut := len(out), false, false
	for line := 1; line <= last; line++ {
		if c.gone[line] {
			cut = true
			continue
		}
		apart := strings.TrimSpace(c.pos.line(line)) == ""
		if !cut || !blank || !apart {
			before, blank = len(out), apart
			out = append(out, text[c.pos.start[line-1]:min(c.pos.lineEnd(line)+1, len(text))]...)
		}
		cut = false
	}
	if cut && blank { // nothing is left to be set apart
		out = out[:before]
	}
	if c.gone[last] && c.pos.lineEnd(last) == len(text) { // the last line has no line ending
		out = out[:len(out)-len(c.lineEnding(1))]
	}
	return out
}

// closeUp marks the blank line between the key of a section and what is left below it, where entries above that line go.
func (c *cutter) closeUp(head, body *yaml.Node) {
	left := slices.ContainsFunc(body.Content, func(n *yaml.Node) bool { return !c.gone[n.Line] })
	line := head.Line + 1
	for c.gone[line] {
		line++
	}
	if left && line > head.Line+1 && strings.TrimSpace(c.pos.line(line)) == "" {
		c.gone[line] = true
	}
}
