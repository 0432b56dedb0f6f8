package rename

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longLine is how much of a line is shown, in bytes.
const longLine = 120

// mentions is about the words of a file that are not code: those of comments follow where the file is rewritten anyway, and
// whatever else bears an old name is a doubt.
func (w *work) mentions(p *pkg, s *source) {
	if s.Foreign || s.Fixed != "" || !w.inHome(p) && !slices.ContainsFunc(s.syntax.Imports, w.imports) {
		return
	}
	touched := len(s.edits) > 0
	code := preambles(s.syntax)
	for _, group := range s.syntax.Comments {
		output := strings.HasSuffix(s.Path, "_test.go") && isOutput(group)
		for _, c := range group.List {
			from := s.offset(c.Pos())
			to := from + commentLength(s.Text[from:])
			switch {
			case code[group]:
				w.doubtWords(s.File, from, to, "it is C")
			case isDirective(s.Text[from:to]):
				w.doubtWords(s.File, from, to, "it speaks to a tool")
			case output:
				w.doubtWords(s.File, from, to, "it is the output that an example must have")
			case !touched:
				w.doubtWords(s.File, from, to, "a comment, in a file that has nothing else to change")
			default:
				s.edits = append(s.edits, w.words(s.Text, from, to)...)
			}
		}
	}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			from := s.offset(lit.Pos())
			w.doubtWords(s.File, from, from+stringLength(s.Text[from:]), "a string")
		}
		return true
	})
}

// preambles returns the comments that hold C: those of import "C".
func preambles(file *ast.File) map[*ast.CommentGroup]bool {
	found := map[*ast.CommentGroup]bool{}
	for _, d := range file.Decls {
		imports, ok := d.(*ast.GenDecl)
		if !ok || imports.Tok != token.IMPORT {
			continue
		}
		for _, spec := range imports.Specs {
			if spec, ok := spec.(*ast.ImportSpec); ok && spec.Path.Value == `"C"` {
				found[imports.Doc], found[spec.Doc] = true, true
			}
		}
	}
	return found
}

// isOutput says whether a comment is what an example is expected to print (package testing, "Examples").
func isOutput(group *ast.CommentGroup) bool {
	text := strings.ToLower(strings.TrimSpace(group.Text()))
	return strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(text, "unordered")), "output:")
}

// isDirective says whether a comment is meant for a tool: those that the compiler and cgo know, and those of the form that
// gofmt takes for one (https://go.dev/doc/comment, "Syntax").
func isDirective(text []byte) bool {
	if bytes.HasPrefix(text, []byte("/*line ")) {
		return true
	}
	rest, ok := bytes.CutPrefix(text, []byte("//"))
	if !ok {
		return false
	}
	for _, word := range []string{"line ", "export ", "extern "} {
		if bytes.HasPrefix(rest, []byte(word)) {
			return true
		}
	}
	name, argument, ok := bytes.Cut(rest, []byte(":"))
	plain := func(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
	return ok && len(name) > 0 && len(argument) > 0 && plain(argument[0]) &&
		!bytes.ContainsFunc(name, func(r rune) bool { return r > 'z' || !plain(byte(r)) })
}

// commentLength returns how long the comment is with which text begins, in bytes. The syntax tree does not tell: it has lost the
// carriage returns.
func commentLength(text []byte) int {
	end, closing := []byte("\n"), 0
	if bytes.HasPrefix(text, []byte("/*")) {
		end, closing = []byte("*/"), 2
	}
	if n := bytes.Index(text, end); n >= 0 {
		return n + closing
	}
	return len(text)
}

// stringLength is commentLength for a string, which may be raw.
func stringLength(text []byte) int {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i + 1
		case text[i] == '\\' && quote == '"':
			i++
		}
	}
	return len(text)
}

// words returns the edits that give the words of a part of a text their new names.
func (w *work) words(text []byte, from, to int) []edit {
	var edits []edit
	for i := from; i < to; i++ {
		for _, old := range w.old {
			end := i + len(old)
			if end <= to && string(text[i:end]) == old && isWord(text, i, end) {
				edits = append(edits, edit{i, end, w.better[old]})
				i = end - 1
				break
			}
		}
	}
	return edits
}

// vocabulary is every word that follows a renaming in comments.
type vocabulary struct {
	old    []string // the longest first
	better Names
}

// learn makes the vocabulary from the request, and from the tests that are found by then.
func (w *work) learn() {
	w.better = maps.Clone(w.request.Names)
	maps.Copy(w.better, w.request.Words)
	for o, better := range w.renamed {
		w.better[o.Name()] = better
	}
	w.old = slices.SortedFunc(maps.Keys(w.better), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
}

// isWord says whether text[from:to] is neither the beginning nor the end of a longer word.
func isWord(text []byte, from, to int) bool {
	part := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	before, _ := utf8.DecodeLastRune(text[:from])
	after, _ := utf8.DecodeRune(text[to:])
	return !part(before) && !part(after)
}

// doubtWords reports the words of a part of a file that bear an old name.
func (w *work) doubtWords(f File, from, to int, why string) {
	for _, e := range w.words(f.Text, from, to) {
		w.doubt(f, e.from, why)
	}
}

func (w *work) doubt(f File, offset int, why string) {
	line := w.line(f, offset)
	w.doubts = append(w.doubts, Doubt{File: f.Path, Line: line, Text: lineAt(f.Text, offset), Why: why})
}

// offset returns where a position is in the text of the file.
func (s *source) offset(at token.Pos) int { return int(at - s.syntax.FileStart) }

// line returns the line of an offset, from 1. The line ends of a file are looked for once: it may hold thousands of doubts.
func (w *work) line(f File, offset int) int {
	ends, known := w.lineEnds[f.Path]
	if !known {
		for i, c := range f.Text {
			if c == '\n' {
				ends = append(ends, i)
			}
		}
		w.lineEnds[f.Path] = ends
	}
	before, _ := slices.BinarySearch(ends, offset)
	return before + 1
}

// lineAt returns the line of an offset without the blanks around it, cut where it is long.
func lineAt(text []byte, offset int) string {
	start := bytes.LastIndexByte(text[:offset], '\n') + 1
	line := text[start:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	short := strings.TrimSpace(strings.ToValidUTF8(string(line), "\uFFFD"))
	if len(short) <= longLine {
		return short
	}
	return strings.ToValidUTF8(short[:longLine], "") + "…"
}
