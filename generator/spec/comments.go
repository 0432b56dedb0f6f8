package spec

import (
	"bytes"
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

// commentsOf returns the comments of a source, whose tree has no errors, in their order. What YAML's own nodes tell of comments
// is not enough: some are lost there. But every scalar of a valid spec stands on one line, and outside of scalars a # always
// begins a comment.
func commentsOf(pos *positions, root *yaml.Node) []comment {
	var all []comment
	scalars := scalarSpans(pos, root, nil)
	slices.SortFunc(scalars, func(a, b [2]int) int { return a[0] - b[0] })
	for at := pos.start[0]; at < len(pos.text); {
		for len(scalars) > 0 && at >= scalars[0][1] {
			scalars = scalars[1:]
		}
		if len(scalars) > 0 && at >= scalars[0][0] {
			at = scalars[0][1]
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

// scalarSpans adds where each scalar at or below n begins and ends, those without a character apart.
func scalarSpans(pos *positions, n *yaml.Node, spans [][2]int) [][2]int {
	if from, to := scalarSpan(pos, n); to > from {
		spans = append(spans, [2]int{from, to})
	}
	for _, c := range n.Content {
		spans = scalarSpans(pos, c, spans)
	}
	return spans
}

// scalarSpan returns where a scalar begins and ends in the source: nowhere, for what is none.
func scalarSpan(pos *positions, n *yaml.Node) (from, to int) {
	if n.Kind != yaml.ScalarNode || isNull(n) && n.Value == "" {
		return 0, 0
	}
	from = pos.offset(n.Line, n.Column)
	length, _ := scalarLength(n, string(pos.text[from:pos.lineEnd(n.Line)]))
	return from, from + length
}
