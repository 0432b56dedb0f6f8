package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/spec"
)

func newAddCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add to the spec and to everything that follows from it",
		Args:  subcommandArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("try: wsgen add consumer NAME, or wsgen add route PATH --to NAME", "there is nothing named to add")
		},
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newAddConsumerCmd(a), newAddRouteCmd(a))
	return cmd
}

// adding is one addition to the spec of a project, on its way into the tree.
type adding struct {
	tree   *emit.Tree
	before *project
	known  spec.Diagnostics // the warnings about the spec before
}

// openAdding opens the project that the user stands in for an addition. It is nil, and the command at its end, where openTree
// says so.
func (a *app) openAdding(ctx context.Context) (*adding, error) {
	dir, err := a.findProject()
	if err != nil {
		return nil, err
	}
	tree, err := a.openTree(ctx, dir)
	if err != nil || tree == nil {
		return nil, err
	}
	p, known, err := a.readProject(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &adding{tree: tree, before: p, known: known}, nil
}

// splice returns the project with the addition in its spec; commandLine is the command that asked for it. The warnings that
// are printed are those about the spec as it becomes.
func (a *app) splice(add *adding, wanted spec.Addition, commandLine string) (*project, error) {
	p := add.before
	text, err := p.file.Add(wanted)
	if err != nil {
		return nil, err
	}
	file, m, found := checkSpec(p.file.Name, text)
	if m == nil {
		a.report.addDiagnostics(file.Name, found)
		return nil, &specError{file: file, diagnostics: found, argument: commandLine}
	}
	a.warn(file, found)
	return &project{dir: p.dir, file: file, model: m}, nil
}

// emitAdding brings the tree in line with the project after the addition, and reports whether a file changes.
func (a *app) emitAdding(ctx context.Context, add *adding, after *project, command string) (changed bool, err error) {
	files, err := after.files(add.before.file.Source)
	if err != nil {
		return false, err
	}
	plan, err := add.tree.Plan(files, a.options(command))
	if err != nil {
		return false, err
	}
	return a.carryOut(ctx, add.tree, plan)
}
