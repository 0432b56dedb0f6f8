package cmd

import (
	"context"
	"path"

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
are left alone; where one of them no longer fits the spec, the command says so, and wsgen upgrade brings it along. A generated
file that was edited by hand stops the command before it writes anything.`,
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
	var follow following
	if len(plan.Changes()) > 0 { // it takes a merge of every file that is the user's
		if follow, err = whatFollows(tree, files, o.options("generate")); err != nil {
			return err
		}
	}
	changed, err := o.carryOut(ctx, tree, plan)
	if err == nil && changed {
		err = o.warnTaken(p, plan)
	}
	switch {
	case err != nil:
	case o.flags.dryRun && changed:
		o.suggest("wsgen generate")
	case len(behind) > 0:
		o.tellBehind(tree.Recorded(), len(behind))
	case changed:
		o.tellFollowing(follow)
	default:
		o.suggest("wsgen add consumer NAME")
	}
	return err
}

// tellBehind says that files of the user's are as an older version wrote them. From the next command on nothing but an upgrade knows:
// the record names this version then.
func (a *app) tellBehind(recorded string, files int) {
	a.notef("%s of yours left as wsgen %s wrote: wsgen upgrade merges into them what is new\n", counted(files, "file"), recorded)
	a.suggest("wsgen upgrade")
}

// following are the files of the user's that a change of the spec concerns, and that generate leaves alone: the project may not build,
// or fail its tests, until they follow.
type following struct {
	merged  []string // wsgen would write them differently by now, and an upgrade merges that into them
	deleted []string // no longer in the spec, and as they were written: an upgrade deletes them
	edited  []string // no longer in the spec, and the user's work
}

// whatFollows returns what an upgrade would do about the spec as it is now. Documents are left out, for nothing depends on them: the
// README has a table of the routes, and would be among them each time.
func whatFollows(tree *emit.Tree, files []render.File, options emit.Options) (f following, err error) {
	options.Upgrade = emit.MarkBoth
	plan, err := tree.Plan(files, options)
	if err != nil {
		return following{}, err
	}
	for _, op := range plan.Ops {
		if op.Owner != render.Yours || path.Ext(op.Path) == ".md" {
			continue
		}
		switch {
		case op.State == emit.Outdated && op.Action == emit.Update:
			f.merged = append(f.merged, op.Path)
		case op.State == emit.Stale && op.Action == emit.Delete:
			f.deleted = append(f.deleted, op.Path)
		case op.State == emit.Stale:
			f.edited = append(f.edited, op.Path)
		}
	}
	return f, nil
}

// tellFollowing says how the files of the user's come to follow what the spec says now. Those that it no longer asks for stand in the
// plan, each with its way out.
func (o *generateOptions) tellFollowing(f following) {
	if len(f.merged) > 0 {
		it := "it"
		if len(f.merged) > 1 {
			it = "them"
		}
		o.notef("%s: no longer what wsgen writes for this spec: wsgen upgrade merges into %s what is new\n", listed(f.merged), it)
	}
	switch {
	case len(f.merged)+len(f.deleted) > 0:
		o.suggest("wsgen upgrade")
	case len(f.edited) > 0:
		o.suggest("go vet ./...")
	default:
		o.suggest("go test ./...")
	}
}
