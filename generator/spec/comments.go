package spec

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// comment is one comment of a source, which ends with its line.
type comment struct {
	text   string // from the # on, without blanks at its end
	offset int
	line   int
	column int  // in characters, from 1
	alone  bool // there is nothing else on its line
}

// span is where a node stands in a source. For a collection, to is no more than from.
type span struct{ from, to int }

// spansOf returns where the nodes of a tree stand. They are asked for in their order, which keeps a source of one long line from
// costing the square of its length.
func spansOf(pos *positions, root *yaml.Node) map[*yaml.Node]span {
	spans := map[*yaml.Node]span{}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		from := pos.offset(n.Line, n.Column)
		to := from
		if n.Kind == yaml.ScalarNode && n.Value != "" || n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			length, _ := scalarLength(n, pos.text[from:pos.lineEnd(n.Line)])
			to += length
		}
		spans[n] = span{from, to}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(root)
	return spans
}

// commentsOf returns the comments of a source whose tree has no errors, in their order. What YAML's own nodes tell of comments
// is not enough: some are lost there. But every scalar of a valid spec stands on one line, and outside of scalars a # always
// begins a comment.
func commentsOf(pos *positions, spans map[*yaml.Node]span) []comment {
	var all []comment
	scalars := slices.SortedFunc(maps.Values(spans), func(a, b span) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	for at := pos.start[0]; at < len(pos.text); {
		for len(scalars) > 0 && at >= scalars[0].to {
			scalars = scalars[1:]
		}
		if len(scalars) > 0 && at >= scalars[0].from {
			at = scalars[0].to
			continue
		}
		if pos.text[at] != '#' {
			at++
			continue
		}
		line := pos.lineOf(at)
		before := pos.text[pos.start[line-1]:at]
		all = append(all, comment{
			text:   strings.TrimRight(string(pos.text[at:pos.lineEnd(line)]), " \t\r"),
			offset: at, line: line, column: utf8.RuneCount(before) + 1,
			alone: len(bytes.TrimLeft(before, " \t")) == 0,
		})
		at = pos.lineEnd(line)
	}
	return all
}
