package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/render"
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
	var unfit []string
	if len(plan.Changes()) > 0 { // it takes a merge of every file that is the user's
		if unfit, err = unfitStubs(tree, files, o.options("generate")); err != nil {
			return err
		}
	}
	changed, err := o.carryOut(ctx, tree, plan)
	switch {
	case err != nil:
	case o.flags.dryRun && changed:
		o.suggest("wsgen generate")
	case len(behind) > 0:
		o.notef("%s of yours left as wsgen %s wrote: wsgen upgrade merges into them what is new\n", counted(len(behind), "file"), tree.Recorded())
		o.suggest("wsgen upgrade")
	case changed && len(unfit) > 0:
		o.notef("%s: no longer what wsgen writes for this spec: wsgen upgrade merges into it what is new\n", strings.Join(unfit, ", "))
		o.suggest("wsgen upgrade")
	case changed:
		o.suggest("go test ./...")
	default:
		o.suggest("wsgen add consumer NAME")
	}
	return err
}

// unfitStubs returns the stubs that wsgen would write differently by now, sorted: those of consumers whose mode the spec has changed.
// The project compiles again when they follow.
func unfitStubs(tree *emit.Tree, files []render.File, options emit.Options) (paths []string, err error) {
	needed := map[string]bool{}
	for _, f := range files {
		needed[f.Path] = f.Owner == render.Yours && f.Needed
	}
	options.Upgrade = emit.MarkBoth
	plan, err := tree.Plan(files, options)
	if err != nil {
		return nil, err
	}
	for _, op := range plan.Ops {
		if needed[op.Path] && op.State == emit.Outdated && op.Action == emit.Update {
			paths = append(paths, op.Path)
		}
	}
	return paths, nil
}
