package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

type generateOptions struct{ *app }

func newGenerateCmd(a *app) *cobra.Command {
	o := &generateOptions{app: a}
	return &cobra.Command{
		Use:   "generate",
		Short: "Bring the project in line with its spec; a second run does nothing",
		Long: `Bring the project in line with wsgen.yaml, which is sought from the working directory upward. Files that are yours
are never rewritten. A generated file that was edited by hand stops the command before it writes anything.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runGenerate(cmd.Context(), o) },
	}
}

func runGenerate(ctx context.Context, o *generateOptions) error {
	dir, err := o.findProject()
	if err != nil {
		return err
	}
	tree, err := o.openTree(ctx, dir)
	if err != nil || tree == nil {
		return err
	}
	p, err := o.loadProject(ctx, dir)
	if err != nil {
		return err
	}
	files, err := p.files(p.file.Source)
	if err != nil {
		return err
	}
	plan, err := tree.Plan(files, o.options("generate"))
	if err != nil {
		return err
	}
	behind, err := o.leftBehind(tree, files) // before the plan is carried out: then this version has written the records
	if err != nil {
		return err
	}
	changed, err := o.carryOut(ctx, tree, plan)
	switch {
	case err != nil:
	case o.flags.dryRun && changed:
		o.suggest("wsgen generate")
	case len(behind) > 0:
		o.notef("%s of yours left as wsgen %s wrote: wsgen upgrade merges into them what is new\n", counted(len(behind), "file"), tree.Recorded())
		o.suggest("wsgen upgrade")
	case changed:
		o.suggest("go test ./...")
	default:
		o.suggest("wsgen add consumer NAME")
	}
	return err
}
