package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
)

type diffOptions struct{ *app }

func newDiffCmd(a *app) *cobra.Command {
	o := &diffOptions{app: a}
	return &cobra.Command{
		Use:   "diff",
		Short: "Show what generate would change, as a unified diff; exit 4 if anything",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runDiff(cmd.Context(), o) },
	}
}

func runDiff(ctx context.Context, o *diffOptions) error {
	p, err := o.openProject(ctx)
	if err != nil {
		return err
	}
	tree, plan, err := o.readOnlyPlan(p)
	if err != nil {
		return err
	}
	if err := o.refuseNewer(p.dir, tree); err != nil { // generate is what it is about, and would say so
		return err
	}
	if run := tree.Interrupted(); run != nil {
		if run.Committed { // what it changed would look like edits by hand
			return drift("wsgen generate finishes it or rolls it back; the difference can be told once it has ended",
				"%s: an earlier run was interrupted while it changed files", o.shown(p.dir))
		}
		o.warnf("an earlier run was interrupted before it changed any file; wsgen generate clears it away")
	}
	o.report.addPlan(plan, true)
	changes := plan.Changes()
	for _, op := range changes {
		o.resultf("%s", o.paintDiff(op.Diff()))
	}
	if len(changes) == 0 {
		o.suggest("wsgen check")
		return nil
	}
	return drift("see which files with: wsgen check; write them with: wsgen generate", "%s would change", counted(len(changes), "file"))
}

// readOnlyPlan returns what generate would do, for a command that leaves every byte alone.
func (a *app) readOnlyPlan(p *project) (*emit.Tree, *emit.Plan, error) {
	tree, err := emit.Open(p.dir)
	if err != nil {
		return nil, nil, err
	}
	if run := tree.Interrupted(); run != nil && run.Running {
		return nil, nil, run // what another run is changing is neither drift nor the lack of it
	}
	files, err := p.files(p.file.Source)
	if err != nil {
		return nil, nil, err
	}
	plan, err := tree.Plan(files, a.options(""))
	return tree, plan, err
}
