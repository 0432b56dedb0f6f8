package cmd

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// The formats of check and validate.
const (
	formatText   = "text"
	formatJSON   = "json"
	formatGitHub = "github"
)

// format is the flag --format.
type format struct {
	choice
	flags *pflag.FlagSet
}

func (f *format) register(fs *pflag.FlagSet) {
	f.choice = choice{value: formatText, allowed: []string{formatText, formatJSON, formatGitHub}}
	f.flags = fs
	fs.Var(f, "format", "text, json (as --json) or github (annotations of a workflow run)")
}

// settle brings --format and --json together: either asks for JSON, and a different format beside --json contradicts it.
func (f *format) settle(a *app) error {
	if a.flags.json && f.flags.Changed("format") && f.value != formatJSON {
		return usage("give one of them", "--json and --format %s contradict each other", f.value)
	}
	if a.flags.json {
		f.value = formatJSON
	}
	a.flags.json = f.value == formatJSON
	return nil
}

// annotation is a message that a GitHub workflow run shows at a line of a file.
type annotation struct {
	severity string // "error" or "warning"
	path     string // relative to the workspace
	line     int    // from 1; 0 stands for the file as a whole
	column   int    // from 1, or 0
	title    string
	message  string
}

// annotate prints the workflow command that makes the annotation. Source of the form and of the escapes: GitHub Docs,
// "Workflow commands for GitHub Actions", and the toolkit's own command.ts.
func (a *app) annotate(n annotation) {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	var b strings.Builder
	b.WriteString("::" + n.severity + " file=" + property.Replace(n.path))
	if n.line > 0 {
		b.WriteString(",line=" + strconv.Itoa(n.line))
	}
	if n.column > 0 {
		b.WriteString(",col=" + strconv.Itoa(n.column))
	}
	b.WriteString(",title=" + property.Replace(n.title) + "::" + data.Replace(n.message))
	a.resultf("%s\n", b.String())
}

// annotateSpec turns what was found on the spec at path into annotations.
func (a *app) annotateSpec(path string) {
	for _, d := range a.report.Diagnostics {
		message := d.Message
		if d.Hint != "" {
			message += "\n" + d.Hint
		}
		a.annotate(annotation{
			severity: d.Severity, path: a.workspacePath(path), line: d.Line, column: d.Column,
			title: "wsgen " + d.Code, message: message,
		})
	}
}

// workspacePath returns an absolute path as an annotation names it: relative to the checkout of the workflow run, or to the
// working directory where there is no such run.
func (a *app) workspacePath(path string) string {
	if workspace := a.getenv("GITHUB_WORKSPACE"); workspace != "" {
		if rel, err := filepath.Rel(workspace, path); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return filepath.ToSlash(a.shown(path))
}
