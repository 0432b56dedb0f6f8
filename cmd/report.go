package cmd

import (
	"encoding/json"
	"io"

	"wsgen/generator/emit"
	"wsgen/generator/spec"
)

// report is the one JSON object that a command prints with --json. Fields that do not belong to a command are left out;
// the exit code is the same as without --json, and errors stand on stderr as text as well.
type report struct {
	Command  string `json:"command"`           // without "wsgen": "new project"
	ExitCode int    `json:"exit_code"`         // as the process exits
	Error    string `json:"error,omitempty"`   // what stands on stderr, without the diagnostics
	Root     string `json:"root,omitempty"`    // the project's folder, absolute
	DryRun   bool   `json:"dry_run,omitempty"` // --dry-run was given

	// Ops is the plan: every file that wsgen knows of, sorted by path.
	Ops []opReport `json:"ops,omitempty"`
	// Applied says that the plan was carried out.
	Applied bool `json:"applied"`
	// Recovered says what became of an interrupted run that this command found and ended, or, in a dry run, would end.
	Recovered string `json:"recovered,omitempty"`
	// Diagnostics are the findings on the spec, errors and warnings, sorted by position.
	Diagnostics []diagnosticReport `json:"diagnostics,omitempty"`
	// Findings are what check found.
	Findings []finding `json:"findings,omitempty"`
	// Checkups are what doctor looked at.
	Checkups []checkup `json:"checkups,omitempty"`
	// Mount is a Go file that init asks to be put beside a main.go that was there already.
	Mount string `json:"mount,omitempty"`
	// Routes is the table of the command routes, sorted by path.
	Routes []routeReport `json:"routes,omitempty"`
	// Match answers routes --match.
	Match *matchReport `json:"match,omitempty"`
	// Upgrade says which upgrade this is about, and what is to be edited in it.
	Upgrade *upgradeReport `json:"upgrade,omitempty"`
	// Explanations answers explain: one code, or all of them.
	Explanations []explanation `json:"explanations,omitempty"`
	// Schema answers the command schema.
	Schema json.RawMessage `json:"schema,omitempty"`
	// Script answers completion.
	Script string `json:"script,omitempty"`
	// Operations answers undo --list: the newest first.
	Operations []operationReport `json:"operations,omitempty"`
	// Left are the places that add route, rename or remove leaves to the user, sorted.
	Left []leftReport `json:"left,omitempty"`
	// Undone is the operation that undo takes back.
	Undone *operationReport `json:"undone,omitempty"`
	// Version answers the command version.
	Version string `json:"version,omitempty"`
}

// opReport is one file operation.
type opReport struct {
	Path   string `json:"path"`             // relative to root, with slashes
	Owner  string `json:"owner"`            // generated, yours or spliced
	Action string `json:"action"`           // create, update, keep, delete or conflict
	State  string `json:"state"`            // before the command: current, missing, pending, edited, stale, outdated or blocked
	Reason string `json:"reason,omitempty"` // where action and state do not tell all
	Fix    string `json:"fix,omitempty"`    // the way out
	Diff   string `json:"diff,omitempty"`   // with --diff, and of the command diff: a unified diff
	// Conflicts is how many places of the file hold both sides between markers after an upgrade, or would.
	Conflicts int `json:"conflicts,omitempty"`
}

// diagnosticReport is one finding on the spec.
type diagnosticReport struct {
	Code     string `json:"code"`
	Severity string `json:"severity"` // error or warning
	Path     string `json:"path"`
	Line     int    `json:"line,omitempty"`   // from 1; 0 stands for the file as a whole
	Column   int    `json:"column,omitempty"` // from 1, in characters
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	// Related are further places of the same spec that the message speaks of, such as the other of two routes that overlap.
	Related []relatedReport `json:"related,omitempty"`
}

// relatedReport is a further place of a finding.
type relatedReport struct {
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// addDiagnostics takes in what was found on the spec shown as path.
func (r *report) addDiagnostics(path string, ds spec.Diagnostics) {
	for _, d := range ds {
		found := diagnosticReport{
			Code: d.Code, Severity: d.Severity.String(), Path: path,
			Line: d.Span.Line, Column: d.Span.Column, Message: d.Message, Hint: d.Hint,
		}
		for _, other := range d.Related {
			found.Related = append(found.Related, relatedReport{other.Span.Line, other.Span.Column, other.Message})
		}
		r.Diagnostics = append(r.Diagnostics, found)
	}
}

// addPlan takes in a plan.
func (r *report) addPlan(p *emit.Plan, diffs bool) {
	r.Ops = make([]opReport, 0, len(p.Ops))
	for _, op := range p.Ops {
		o := opReport{
			Path: op.Path, Owner: string(op.Owner), Action: string(op.Action), State: string(op.State),
			Reason: op.Reason, Fix: op.Fix, Conflicts: op.Conflicts,
		}
		if diffs && op.Action != emit.Keep {
			o.Diff = op.Diff()
		}
		r.Ops = append(r.Ops, o)
	}
}

func (r *report) finish(err error, code int) {
	r.ExitCode = code
	if err == nil {
		return
	}
	r.Error = err.Error()
}

func (r *report) write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
