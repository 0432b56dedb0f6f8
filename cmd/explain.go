package cmd

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"wsgen/generator/render"
	"wsgen/generator/spec"
)

func newExplainCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Explain a diagnostic: why it is so, and what to do",
		Long: `Explain the code of a diagnostic: why it is so, what to do, and an example of it. Without CODE all of them are listed.

  wsgen explain WS0104
  wsgen explain 104`,
		Args:              maxArgs(1),
		ValidArgsFunction: onlyFirst(completeCodes),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				runExplainAll(a)
				return nil
			}
			return runExplain(a, args[0])
		},
	}
}

// explanation is what explain says about a code, in JSON.
type explanation struct {
	Code  string `json:"code"`
	Title string `json:"title"`
	Text  string `json:"text"`
	Wrong string `json:"wrong"` // a spec that earns the code; cut where it is long
	Right string `json:"right"` // and the same without the fault
}

func runExplainAll(a *app) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, e := range spec.Explanations() {
		a.report.Explanations = append(a.report.Explanations, explained(e))
		fmt.Fprintf(w, "%s\t%s\n", e.Code, e.Title)
	}
	_ = w.Flush() // a strings.Builder takes everything
	a.resultf("%s", b.String())
	a.suggest("wsgen explain CODE")
}

func runExplain(a *app, arg string) error {
	e, ok := spec.Explain(codeOf(arg))
	if !ok {
		return usage(nearCode(arg), "there is no code %s", shellWord(harmless(arg)))
	}
	a.report.Explanations = []explanation{explained(e)}
	x := e.Example()
	a.resultf("%s: %s\n\n%s\n", a.paint(color.Bold, e.Code), a.paint(color.Bold, e.Title), wrapped(e.Text))
	a.resultf("\nWrong:\n\n%s\n%s", indented(abridged(x.Wrong)), a.firstFinding(x.Wrong))
	a.resultf("\nRight:\n\n%s", indented(abridged(x.Right)))
	a.suggest("wsgen validate")
	return nil
}

func explained(e spec.Explanation) explanation {
	x := e.Example()
	return explanation{Code: e.Code, Title: e.Title, Text: e.Text, Wrong: abridged(x.Wrong), Right: abridged(x.Right)}
}

// codeOf returns the code that an argument may stand for: WS0104 for ws0104, 0104 and 104.
func codeOf(arg string) string {
	digits := regexp.MustCompile(`^(?i:ws)?([0-9]{1,4})$`).FindStringSubmatch(strings.TrimSpace(arg))
	if digits == nil {
		return strings.ToUpper(arg)
	}
	return "WS" + strings.Repeat("0", 4-len(digits[1])) + digits[1]
}

// nearCode returns the way out for an argument that is no code: the code meant, by its number or by a word of its title.
func nearCode(arg string) string {
	const list = "wsgen explain lists every code"
	var codes []string
	for _, e := range spec.Explanations() {
		codes = append(codes, e.Code)
	}
	if near := spec.Suggest(codeOf(arg), codes); near != "" {
		return "did you mean wsgen explain " + near + "? " + list
	}
	word := strings.ToLower(strings.TrimSpace(arg))
	for _, e := range spec.Explanations() {
		if len(word) > 2 && strings.Contains(strings.ToLower(e.Title), word) {
			return fmt.Sprintf("did you mean wsgen explain %s (%s)? %s", e.Code, e.Title, list)
		}
	}
	return list
}

// suggestExplain names, after the findings on a spec, the command that explains the first error: to a person, not to a log.
func (a *app) suggestExplain(err error) {
	var invalid *specError
	if a.next != "" || !a.stderrIsTerminal || !errors.As(err, &invalid) {
		return
	}
	for _, d := range invalid.diagnostics {
		if d.Severity == spec.Error {
			a.suggest("wsgen explain %s", d.Code)
			return
		}
	}
}

// firstFinding returns what wsgen says about an example, without what it says after the first finding.
func (a *app) firstFinding(text string) string {
	file, _, found := checkSpec(render.SpecPath, []byte(text))
	return found[:min(1, len(found))].Format(file, a.coloured(a.stdoutIsTerminal))
}

// textWidth is how many characters a line of text may have.
const textWidth = 100

// wrapped breaks text into lines of textWidth. What is indented already stays as it is.
func wrapped(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		if strings.HasPrefix(line, " ") {
			b.WriteString(line)
			continue
		}
		used := 0
		for _, word := range strings.Fields(line) {
			length := utf8.RuneCountInString(word)
			switch {
			case used == 0:
			case used+1+length > textWidth:
				b.WriteString("\n")
				used = 0
			default:
				b.WriteString(" ")
				used++
			}
			b.WriteString(word)
			used += length
		}
	}
	return b.String()
}

// abridged returns an example as it is shown: without the end of a long line, and without the lines after the first few.
func abridged(text string) string {
	const most = 12
	lines := strings.SplitAfter(text, "\n")
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("… and %d more lines\n", len(lines)-most-1))
	}
	for i, line := range lines {
		if runes := []rune(line[:min(len(line), 4*textWidth)]); len(runes) > textWidth {
			lines[i] = string(runes[:textWidth]) + "…\n"
		}
	}
	return strings.Join(lines, "")
}

// indented returns the lines of an example, each behind four spaces, without what a terminal would obey.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("    " + harmless(line))
	}
	return b.String()
}
