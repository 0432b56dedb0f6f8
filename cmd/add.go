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

// splice returns the project with the addition in its spec; commandLine is the command that asked for it.
func (a *app) splice(add *changing, wanted spec.Addition, commandLine string) (*project, error) {
	text, err := add.before.file.Add(wanted)
	if err != nil {
		return nil, err
	}
	return a.withSpec(add.before, text, commandLine)
}

// emitAdding brings the tree in line with the project after the addition, and returns what that takes. It is refused where the
// project would not compile for it.
func (a *app) emitAdding(ctx context.Context, add *changing, after *project, command string) (*emit.Plan, error) {
	files, err := after.files(add.before.file.Source)
	if err != nil {
		return nil, err
	}
	plan, err := add.tree.Plan(files, a.options(command))
	if err != nil {
		return nil, err
	}
	if err := a.refuseTaken(add.before, after, plan); err != nil {
		return nil, err
	}
	_, err = a.carryOut(ctx, add.tree, plan)
	return plan, err
}
