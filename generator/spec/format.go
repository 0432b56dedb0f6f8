package spec

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fatih/color"
)

// excerptWidth is how many characters of a source line an excerpt shows. A longer line is cut around the finding.
const excerptWidth = 120

// maxShown is how many findings Format writes out. What has more is hardly a spec.
const maxShown = 1000

// Format returns the findings as text for people, one paragraph each, with an excerpt of f's source, and "" when there are
// none. Only with colored does it hold escape sequences: those of the source itself are made visible. Of more than a thousand
// findings it gives the first thousand and the number of the others.
func (ds Diagnostics) Format(f *File, colored bool) string {
	p := &printer{name: f.Name, positions: newPositions(f.Source)}
	p.paint(colored)
	for i, d := range ds[:min(len(ds), maxShown)] {
		if i > 0 {
			p.out.WriteByte('\n')
		}
		p.diagnostic(d)
	}
	if more := len(ds) - maxShown; more > 0 {
		fmt.Fprintf(&p.out, "\n%s: and %d more\n", printable(f.Name), more)
	}
	return p.out.String()
}

// printer writes diagnostics; out holds what is written so far.
type printer struct {
	name      string
	positions *positions
	out       strings.Builder

	bold, red, yellow, blue func(...any) string
}

// paint sets the colors, whatever the process's own terminal is like.
func (p *printer) paint(colored bool) {
	style := func(attributes ...color.Attribute) func(...any) string {
		c := color.New(attributes...)
		if colored {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.Sprint
	}
	p.bold, p.red = style(color.Bold), style(color.FgRed, color.Bold)
	p.yellow, p.blue = style(color.FgYellow, color.Bold), style(color.FgBlue)
}

func (p *printer) diagnostic(d Diagnostic) {
	mark := p.red
	if d.Severity == Warning {
		mark = p.yellow
	}
	fmt.Fprintf(&p.out, "%s: %s: %s\n", p.place(d.Span), mark(d.Severity.String()+" "+d.Code), p.bold(printable(d.Message)))
	if d.Span == (Span{}) {
		if d.Hint != "" {
			fmt.Fprintf(&p.out, "  %s\n", printable(d.Hint))
		}
	} else {
		p.excerpt(d.Span, d.Hint, true, mark)
	}
	for _, r := range d.Related {
		fmt.Fprintf(&p.out, "%s: %s\n", p.place(r.Span), printable(r.Message))
		if r.Span != (Span{}) {
			p.excerpt(r.Span, "", false, p.blue)
		}
	}
}

// place returns "file:line:column", or the file alone for a finding about all of it.
func (p *printer) place(s Span) string {
	name := printable(p.name)
	if s == (Span{}) {
		return name
	}
	return fmt.Sprintf("%s:%d:%d", name, s.Line, s.Column)
}

// excerpt shows the line of a span, the line before it where context is asked for, and carets under the span.
func (p *printer) excerpt(s Span, hint string, context bool, mark func(...any) string) {
	number := strconv.Itoa(s.Line)
	blank := strings.Repeat(" ", len(number))
	line := p.positions.line(s.Line)
	from := min(max(s.Offset-p.positions.start[min(s.Line, len(p.positions.start))-1], 0), len(line))
	to := min(from+s.Bytes, len(line))
	before, under, after := window(line[:from], line[from:to], line[to:])

	if context && s.Line > 1 {
		_, _, text := window("", "", p.positions.line(s.Line-1))
		row := fmt.Sprintf("  %*d | %s", len(number), s.Line-1, text)
		p.out.WriteString(strings.TrimRight(row, " \t") + "\n")
	}
	row := fmt.Sprintf("> %s | %s", number, before+under+after)
	p.out.WriteString(strings.TrimRight(row, " \t") + "\n")
	carets := strings.Repeat("^", max(width(under), 1))
	row = fmt.Sprintf("  %s | %s%s", blank, padding(before), mark(carets))
	if hint != "" {
		row += " " + printable(hint)
	}
	p.out.WriteString(row + "\n")
}

// window cuts a line, given in three parts, to excerptWidth around its middle part, and makes it printable.
func window(before, under, after string) (b, u, a string) {
	if n := utf8.RuneCountInString(before); n > excerptWidth/2 {
		before = "…" + string([]rune(before)[n-excerptWidth/2:])
	}
	room := excerptWidth - utf8.RuneCountInString(before)
	if runes := []rune(under); len(runes) > room {
		under, after = string(runes[:room])+"…", ""
	}
	room -= utf8.RuneCountInString(under)
	if runes := []rune(after); len(runes) > max(room, 0) {
		after = string(runes[:max(room, 0)]) + "…"
	}
	return printable(before), printable(under), printable(after)
}

// printable replaces what would move the cursor, reorder the line or end it: a spec is not allowed to draw on the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}

// padding returns white space as wide as s. Tabs stay tabs, so that the carets stand right whatever a tab stop is.
func padding(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteString(strings.Repeat(" ", width(string(r))))
	}
	return b.String()
}

// width returns how many columns of a terminal s takes: two for the wide characters of East Asia and for pictographs (Unicode
// Standard Annex 11, by block and not by character), none for marks that combine with the character before.
func width(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
			r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
			n += 2
		default:
			n++
		}
	}
	return n
}
