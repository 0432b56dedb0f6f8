package spec

import (
	"bytes"

	"go.yaml.in/yaml/v4"
)

// span returns the place of a node: all of a scalar, the first character of anything else.
func (d *decoder) span(n *yaml.Node) Span {
	plain := n.Anchor == "" && n.Style&(yaml.FlowStyle|yaml.TaggedStyle) == 0
	if n.Kind == yaml.MappingNode && plain && len(n.Content) > 0 {
		return d.span(n.Content[0])
	}
	at := d.pos.offset(n.Line, n.Column)
	line := d.pos.text[at:max(at, d.pos.lineEnd(min(max(n.Line, 1), len(d.pos.start))))]
	length, _ := scalarLength(n, line)
	return d.pos.span(n.Line, n.Column, length)
}

// scalarLength returns how many bytes a node takes of the line that it begins in, and whether it also ends there. The line is
// cut to begin with the node. YAML's nodes know where they begin only.
func scalarLength(n *yaml.Node, line []byte) (length int, whole bool) {
	switch {
	case n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0:
		return wordLength(line), true
	case n.Kind != yaml.ScalarNode:
		return 1, true
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return quotedLength(line, '"', '\\')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return quotedLength(line, '\'', '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return 1, false
	case len(line) >= len(n.Value) && string(line[:len(n.Value)]) == n.Value:
		return len(n.Value), true
	}
	return len(bytes.TrimRight(line, " \t\r")), false
}

// wordLength returns how long the word is that the line begins with.
func wordLength(line []byte) int {
	if end := bytes.IndexAny(line, " \t\r,]}"); end >= 0 {
		return end
	}
	return len(line)
}

// quotedLength returns how long the quoted scalar is that the line begins with, in which escape makes the next character
// part of the text. A quote that escapes itself does so by standing twice.
func quotedLength(line []byte, quote, escape byte) (length int, whole bool) {
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == escape && (escape != quote || i+1 < len(line) && line[i+1] == quote):
			i++
		case line[i] == quote:
			return i + 1, true
		}
	}
	return len(bytes.TrimRight(line, " \t\r")), false
}

// onOneLine reports whether a scalar ends in the line it begins in.
func (d *decoder) onOneLine(n *yaml.Node) bool {
	at := d.pos.offset(n.Line, n.Column)
	_, whole := scalarLength(n, d.pos.text[at:d.pos.lineEnd(n.Line)])
	return whole
}

// isNull reports whether a node is YAML's null: nothing at all, or one of the words for it.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// kindOf returns what a node is, in a reader's words.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.Tag {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "a truth value"
	case "!!timestamp":
		return "a date"
	}
	return "a text"
}
