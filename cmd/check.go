package cmd

import (
	"context"
	"fmt"
	"path"
	"path/filepath"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

type checkOptions struct {
	*app
	format format
}

func newCheckCmd(a *app) *cobra.Command {
	o := &checkOptions{app: a}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "For CI: is the spec valid, and is the project what it asks for? exit 4 if not",
		Long: `Check the spec, and compare the project with what generate would make of it: what is missing, outdated, stale or edited
by hand, and whether a run was interrupted. It writes nothing. Exit codes: 0 all is well, 3 invalid spec, 4 drift.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCheck(cmd.Context(), o) },
	}
	o.format.register(cmd.Flags())
	return cmd
}

// finding is one thing that check has to say: a place, a fact and a way out.
type finding struct {
	Kind   string `json:"kind"` // missing, pending, hand-edited, stale, outdated, blocked or interrupted
	Path   string `json:"path"` // relative to root, with slashes
	Fact   string `json:"fact"`
	WayOut string `json:"way_out"`
}

func runCheck(ctx context.Context, o *checkOptions) error {
	if err := o.format.settle(o.app); err != nil {
		return err
	}
	p, err := o.openProject(ctx)
	if o.format.value == formatGitHub {
		o.annotateSpec()
	}
	if err != nil {
		return err
	}
	tree, plan, err := o.readOnlyPlan(p)
	if err != nil {
		return err
	}
	o.report.addPlan(plan, o.flags.diff)
	o.report.Findings = findings(tree, plan)
	o.printFindings(p)
	if o.flags.diff && o.format.value == formatText {
		for _, op := range plan.Changes() {
			o.resultf("%s", o.paintDiff(op.Diff()))
		}
	}
	if n := len(o.report.Findings); n > 0 {
		return drift("what to do stands below each of them; wsgen diff shows what wsgen generate would change",
			"the project is not what %s asks for: %s", p.file.Name, counted(n, "finding"))
	}
	if o.format.value == formatText {
		o.notef("%s and the project agree: %s\n", p.file.Name, counted(len(plan.Ops), "file"))
	}
	o.suggest("go test ./...")
	return nil
}

// findings returns what there is to say about a tree, in the order of its paths, the interrupted run first. Where that run
// had begun to change files there is nothing else to say: what it changed would look like edits by hand.
func findings(tree *emit.Tree, plan *emit.Plan) []finding {
	found := []finding{}
	if run := tree.Interrupted(); run != nil {
		interrupted := finding{
			Kind: "interrupted", Path: path.Dir(emit.ManifestPath),
			Fact: "an earlier run of wsgen was interrupted before it changed any file", WayOut: "wsgen generate clears it away",
		}
		if run.Committed {
			interrupted.Fact = "an earlier run of wsgen was interrupted while it changed files"
			interrupted.WayOut = "wsgen generate finishes it or rolls it back; what else there is to say can be told once it has ended"
			return append(found, interrupted)
		}
		found = append(found, interrupted)
	}
	for _, op := range plan.Drift() {
		found = append(found, finding{Kind: kindOf(op), Path: op.Path, Fact: op.Reason, WayOut: op.Fix})
	}
	return found
}

// kindOf names the finding as the documentation does.
func kindOf(op emit.Op) string {
	if op.State == emit.Edited {
		return "hand-edited"
	}
	return string(op.State)
}

// printFindings prints them as text or as annotations; in JSON they are part of the object.
func (o *checkOptions) printFindings(p *project) {
	for _, f := range o.report.Findings {
		place := filepath.Join(p.dir, filepath.FromSlash(f.Path))
		switch o.format.value {
		case formatGitHub:
			o.annotate(annotation{
				severity: "error", path: o.workspacePath(place), title: "wsgen check: " + f.Kind,
				message: fmt.Sprintf("%s\n%s", f.Fact, f.WayOut),
			})
		case formatText:
			o.resultf("%s: %s: %s\n    %s\n", o.shown(place), o.paint(color.FgRed, f.Kind), f.Fact, f.WayOut)
		}
	}
}

// annotateSpec turns the findings on the spec into annotations.
func (o *checkOptions) annotateSpec() {
	o.app.annotateSpec(filepath.Join(o.report.Root, render.SpecPath))
}
