package spec

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// edit replaces old bytes from an offset on, mostly none, by text.
type edit struct {
	at, old int
	text    string
}

// splicer collects the edits that one addition needs.
type splicer struct {
	file  *File
	pos   *positions
	edits []edit
}

// result returns the source with the edits made. No two of them overlap; of two at one place the first added comes first.
func (s *splicer) result() []byte {
	slices.SortStableFunc(s.edits, func(x, y edit) int { return x.at - y.at })
	var out bytes.Buffer
	from := 0
	for _, e := range s.edits {
		out.Write(s.pos.text[from:e.at])
		out.WriteString(e.text)
		from = e.at + e.old
	}
	out.Write(s.pos.text[from:])
	return out.Bytes()
}

// add adds the edits for some entries. Where that cannot be done it returns what is in the way and why.
func (s *splicer) add(entries []newEntry) (Span, string) {
	root := s.file.root
	if root.Style&yaml.FlowStyle != 0 {
		return s.span(root), "the spec is in flow style"
	}
	var missing []newEntry
	for _, e := range entries {
		i := s.section(e.section)
		if i < 0 {
			missing = append(missing, e)
			continue
		}
		switch body := root.Content[i+1]; {
		case isNull(body), len(body.Content) == 0:
			if at, reason := s.fill(root.Content[i], body, e); reason != "" {
				return at, reason
			}
		case body.Style&yaml.FlowStyle != 0:
			return s.span(body), e.section + " is in flow style"
		default:
			s.extend(i, body, e)
		}
	}
	for _, e := range missing { // after the others: at the end of the file they meet an entry of the section before
		s.open(e)
	}
	return Span{}, ""
}

// section returns the index of a section's key in the document's mapping, or -1.
func (s *splicer) section(name string) int {
	content := s.file.root.Content
	for i := 0; i+1 < len(content); i += 2 {
		if content[i].Value == name {
			return i
		}
	}
	return -1
}

func (s *splicer) span(n *yaml.Node) Span { return s.pos.span(n.Line, n.Column, 1) }

// extend adds an entry after the last one of a section, which is the i-th node of the document's mapping.
func (s *splicer) extend(i int, body *yaml.Node, e newEntry) {
	limit := s.limit(i)
	last := limit
	for last > 1 && isBlankOrComment(s.pos.line(last)) {
		last--
	}
	column := body.Content[0].Column
	lastKey, lastValue := body.Content[len(body.Content)-2], body.Content[len(body.Content)-1]
	last = s.inside(last, limit, lastKey, lastValue)
	for last < limit && isCommentFrom(s.pos.line(last+1), column) {
		last++ // a comment under the last entry belongs to it
	}
	s.insertAfter(last, strings.Repeat(" ", column-1)+e.text(lastKey.Style, lastValue.Style))
}

// inside returns the last line of an entry of many lines, whose content ends on a line and behind which another begins after limit:
// the comments there that stand deeper than its key are part of it.
func (s *splicer) inside(last, limit int, key, value *yaml.Node) int {
	if value.Kind != yaml.MappingNode || value.Style&yaml.FlowStyle != 0 {
		return last
	}
	for line := last + 1; line <= limit; line++ {
		switch text := s.pos.line(line); {
		case isCommentFrom(text, key.Column+1):
			last = line
		case strings.TrimSpace(text) != "":
			return last
		}
	}
	return last
}

// fill adds the first entry of a section that is there but empty. A value that says so gives way.
func (s *splicer) fill(head, body *yaml.Node, e newEntry) (Span, string) {
	if body.Line != head.Line && (body.Kind == yaml.MappingNode || body.Value != "") {
		return s.span(body), "the empty value stands on a line of its own"
	}
	if body.Kind == yaml.MappingNode || body.Value != "" {
		at := s.pos.offset(body.Line, body.Column)
		width := len(body.Value)
		if body.Kind == yaml.MappingNode {
			width = bytes.IndexByte(s.pos.text[at:s.pos.lineEnd(body.Line)], '}') + 1
		}
		if width <= 0 {
			return s.span(body), "the empty value has more than one line"
		}
		start := at
		for start > 0 && s.pos.text[start-1] == ' ' {
			start--
		}
		s.edits = append(s.edits, edit{at: start, old: at + width - start})
	}
	s.insertAfter(s.afterComment(head.Line), strings.Repeat(" ", head.Column-1)+s.indent()+e.text(0, 0))
	return Span{}, ""
}

// afterComment returns the last of the lines in which the comment at the end of a line goes on, right below its beginning: the
// line itself, where it has none. Nothing else on the line holds a #.
func (s *splicer) afterComment(line int) int {
	text := s.pos.line(line)
	at := strings.Index(text, " #")
	if at < 0 {
		return line
	}
	below := strings.Repeat(" ", utf8.RuneCountInString(text[:at])+1) + "#"
	for line < s.end() && strings.HasPrefix(s.pos.line(line+1), below) {
		line++
	}
	return line
}

// open adds a section that is missing, at the end, after a blank line.
func (s *splicer) open(e newEntry) {
	last := s.end()
	indent, eol := strings.Repeat(" ", s.file.root.Content[0].Column-1), s.lineEnding(last)
	text := indent + e.section + ":" + eol + indent + s.indent() + e.text(0, 0)
	at := min(s.pos.lineEnd(last)+1, len(s.pos.text))
	afterEdit := slices.ContainsFunc(s.edits, func(x edit) bool { return x.at == at })
	if afterEdit || strings.TrimSpace(s.pos.line(last)) != "" {
		text = eol + text
	}
	s.insertAfter(last, text)
}

// insertAfter adds whole lines after a line. Where that line lacks its line ending, so does the last line of the result.
func (s *splicer) insertAfter(line int, text string) {
	eol := s.lineEnding(line)
	if at := s.pos.lineEnd(line); at < len(s.pos.text) {
		s.edits = append(s.edits, edit{at: at + 1, text: text + eol})
	} else {
		s.edits = append(s.edits, edit{at: at, text: eol + text})
	}
}

// lineEnding returns the line ending of a line, or that of the first line where the line has none.
func (s *splicer) lineEnding(line int) string {
	for _, n := range []int{line, 1} {
		if at := s.pos.lineEnd(n); at < len(s.pos.text) {
			if at > 0 && s.pos.text[at-1] == '\r' {
				return "\r\n"
			}
			return "\n"
		}
	}
	return "\n"
}

// end returns the last line of the document: the last of the file, or the one before a line that ends the document.
func (s *splicer) end() int {
	content := s.file.root.Content
	for line := content[len(content)-2].Line + 1; line <= s.pos.lines(); line++ {
		if text := s.pos.line(line); text == "..." || strings.HasPrefix(text, "... ") {
			return line - 1
		}
	}
	return s.pos.lines()
}

// indent returns what the entries of other sections are indented by, two spaces where there are none.
func (s *splicer) indent() string {
	root := s.file.root.Content
	for i := 0; i+1 < len(root); i += 2 {
		body := root[i+1]
		if body.Kind != yaml.MappingNode || body.Style&yaml.FlowStyle != 0 || len(body.Content) == 0 {
			continue
		}
		if deeper := body.Content[0].Column - root[i].Column; deeper > 0 {
			return strings.Repeat(" ", deeper)
		}
	}
	return "  "
}

func isBlankOrComment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// isCommentFrom reports whether a line is a comment that starts in a column or to the right of it.
func isCommentFrom(line string, column int) bool {
	content := strings.TrimLeft(line, " ")
	return content != "" && content[0] == '#' && len(line)-len(content) >= column-1
}

// newEntry is an entry that a section is to have.
type newEntry struct{ section, key, value string }

// text returns the entry's line, quoted like others where their style is given.
func (e newEntry) text(key, value yaml.Style) string {
	return scalar(e.key, key) + ": " + scalar(e.value, value)
}

// snippet returns the lines that some entries stand for, to be pasted.
func snippet(entries []newEntry) string {
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%s:\n  %s\n", e.section, e.text(0, 0))
	}
	return b.String()
}

// scalar returns a key or value as YAML, quoted where it must be or where style asks for it.
func scalar(text string, style yaml.Style) string {
	switch {
	case style&yaml.SingleQuotedStyle != 0 && !strings.ContainsAny(text, "\\\"'"):
		return "'" + text + "'"
	case style&yaml.DoubleQuotedStyle != 0 || !isPlain(text):
		return strconv.Quote(text) // the escapes of Go are escapes of YAML
	}
	return text
}

// isPlain reports whether a text can stand without quotes and is a text to every reader of YAML, 1.1 and 1.2.
func isPlain(text string) bool {
	switch strings.ToLower(text) {
	case "", "true", "false", "yes", "no", "on", "off", "y", "n", "null", "~":
		return false
	}
	if !isLetter(text[0]) && text[0] != '/' || strings.HasSuffix(text, ":") {
		return false
	}
	for i := range len(text) {
		if c := text[i]; !isLetter(c) && (c < '0' || c > '9') && !strings.ContainsRune("/_-.~{}:", rune(c)) && c < 0x80 {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
