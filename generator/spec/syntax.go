package spec

import (
	"errors"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// failure is YAML's report that it cannot go on.
type failure struct {
	line, column               int
	contextLine, contextColumn int // where the thing began that could not be read; 0 when not known
	message, context           string
}

func failureOf(err error) (failure, bool) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return failure{}, false
	}
	return failure{
		line: e.Mark.Line, column: e.Mark.Column,
		contextLine: e.ContextMark.Line, contextColumn: e.ContextMark.Column,
		message: e.Message, context: e.ContextMsg,
	}, true
}

// syntax reports YAML's error. The slips that nearly everyone makes are told from the rest, since YAML's own words for them
// ("could not find expected ':'") help nobody.
func (d *decoder) syntax(err error) {
	f, ok := failureOf(err)
	if !ok {
		d.errorf(CodeSyntax, Span{}, "", "not valid YAML: %v", err)
		return
	}
	switch {
	case d.unmerged():
	case strings.Contains(f.message, "too deep"):
		d.errorf(CodeTooDeep, d.pos.span(f.line, f.column, 1), "", "nested more than %d levels deep", maxDepth)
	case strings.Contains(f.message, "unknown anchor"), strings.Contains(f.context, "alias"):
		d.star(f)
	case d.ipv6(f), d.missingSpace(f):
	default:
		d.otherSyntax(f)
	}
}

// unmerged reports a spec that git left half merged, and whether it is one.
func (d *decoder) unmerged() bool {
	for line := 1; line <= d.pos.lines(); line++ {
		if text := d.pos.line(line); strings.HasPrefix(text, "<<<<<<< ") {
			d.errorf(CodeSyntax, d.pos.span(line, 1, len(text)), "resolve the merge", "the two sides of a git merge begin here")
			return true
		}
	}
	return false
}

// star reports a star that YAML takes for an alias: most often a host pattern that wants quotes.
func (d *decoder) star(f failure) {
	line, column := f.line, f.column
	if f.contextLine > 0 {
		line, column = f.contextLine, f.contextColumn
	}
	at := d.pos.offset(line, column)
	rest := d.pos.text[at:d.pos.lineEnd(line)]
	word := string(rest[:wordLength(rest)])
	span := d.pos.span(line, column, len(word))
	if word != "*" && !strings.Contains(word, ".") {
		d.errorf(CodeAnchor, span, "write the value out, or put it in quotes", "an alias is not possible in a spec")
		return
	}
	hint := "write " + Quote(word) + " with the quotes"
	if domain, ok := strings.CutPrefix(word, "*."); ok {
		hint = "write ." + domain + " for the domain and its subdomains"
	}
	d.errorf(CodeUnquotedStar, span, hint, "a star needs quotes, for YAML takes it for an alias")
}

// ipv6 reports an IPv6 address in square brackets that has no quotes, if that is what f is about.
func (d *decoder) ipv6(f failure) bool {
	address := regexp.MustCompile(`[^\s,\["']*\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\][^\s,\]]*`)
	for line := max(f.contextLine, f.line-1, 1); line <= f.line; line++ {
		text, _, _ := strings.Cut(d.pos.line(line), " #")
		m := address.FindStringIndex(text)
		if m == nil || strings.ContainsAny(text[:m[0]], `"'`) {
			continue
		}
		d.errorf(CodeUnquotedIPv6, d.pos.spanAt(d.pos.start[line-1]+m[0], m[1]-m[0]), "write "+Quote(text[m[0]:m[1]])+" with the quotes",
			"an address in square brackets needs quotes, for YAML takes it for a list")
		return true
	}
	return false
}

// missingSpace reports a key and a value with no space between them, if that is what f is about.
func (d *decoder) missingSpace(f failure) bool {
	switch {
	case f.context == "while scanning a simple key" && f.contextLine > 0:
		return d.colonIn(f.contextLine)
	case f.message == "did not find expected key":
		for line := f.line; line >= max(f.contextLine, f.line-1, 1); line-- {
			if d.colonIn(line) {
				return true
			}
		}
	case strings.HasPrefix(f.message, "mapping values are not allowed"):
		spacedParam := regexp.MustCompile(`\{\s*\w+\s*:\s+\w+\s*\}|\{\s+\w+|\w\s+\}`)
		if spacedParam.MatchString(d.pos.line(f.line)) {
			d.errorf(CodeSyntax, d.pos.span(f.line, f.column, 1), "write a parameter without spaces: {room:slug}",
				"a colon with a space after it ends the key")
			return true
		}
		for line := f.line - 1; line >= 1; line-- {
			if text := strings.TrimSpace(d.pos.line(line)); text != "" && text[0] != '#' {
				return d.colonIn(line)
			}
		}
	}
	return false
}

// noSpaceAfterColon reports that slip where YAML saw nothing wrong: a lone "chat:async" is a text to it.
func (d *decoder) noSpaceAfterColon(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!str" && n.Style == 0 && d.colonIn(n.Line)
}

// colonIn reports a line that has a colon but none that separates a key from its value, and whether it is one.
func (d *decoder) colonIn(line int) bool {
	text := d.pos.line(line)
	content := strings.TrimLeft(text, " ")
	if content == "" || strings.ContainsAny(content[:1], `"'#[{-`) ||
		strings.Contains(content, ": ") || strings.HasSuffix(content, ":") {
		return false
	}
	content, _, _ = strings.Cut(content, " #")
	content = strings.TrimRight(content, " ")
	colon := separator(content)
	if colon <= 0 || colon == len(content)-1 || strings.HasPrefix(content[colon:], "://") {
		return false
	}
	at := d.pos.start[line-1] + strings.Index(text, content)
	d.errorf(CodeNoSpaceAfter, d.pos.spanAt(at, len(content)), "write "+Quote(content[:colon]+": "+content[colon+1:]),
		"there is no space after the colon")
	return true
}

// separator returns the index of the colon that was meant to end a key: the first that is not part of a path's parameter.
func separator(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ':':
			if depth <= 0 {
				return i
			}
		}
	}
	return -1
}

// otherSyntax reports YAML's error in its own words, at the better one of the two places that it names.
func (d *decoder) otherSyntax(f failure) {
	message := strings.NewReplacer("did not find expected", "there is no", "could not find expected", "there is no",
		"<document start>", "end of the file, though the first mapping is over").Replace(f.message)
	line, column, hint := f.line, f.column, ""
	var related []Related
	switch {
	case strings.Contains(f.message, "unexpected end of stream"), strings.Contains(f.message, "',' or"):
		if line > d.pos.lines() || f.message == "found unexpected end of stream" {
			line, column = f.contextLine, f.contextColumn
			message = "what begins here is never closed"
		} else if f.contextLine > 0 {
			related = []Related{{d.pos.span(f.contextLine, f.contextColumn, 1), "it began here"}}
		}
	case strings.Contains(f.message, "cannot start any token"):
		message, hint = "no value can start with this character", "put the value in quotes"
	case strings.HasPrefix(f.message, "mapping values are not allowed"):
		message, hint = "a key is not possible here", "check the indentation; a value that has a colon and a space needs quotes"
	case f.message == "did not find expected key":
		message, hint = "a key is expected here", "check the indentation and the quotes"
	case f.context == "while scanning a simple key" && f.contextLine > 0:
		line, column = f.contextLine, f.contextColumn
		message, hint = "this is no key, for no colon follows", `write "key: value"`
	}
	at := d.pos.span(line, column, 1)
	if strings.TrimSpace(d.pos.line(at.Line)) == "" && f.contextLine > 0 {
		at = d.pos.span(f.contextLine, f.contextColumn, 1)
	}
	d.diags = append(d.diags, Diagnostic{
		Code: CodeSyntax, Span: at, Message: "not valid YAML: " + message, Hint: hint, Related: related,
	})
}
