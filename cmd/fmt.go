package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

type fmtOptions struct {
	*app
	check bool
	arg   string // "-" is standard input; empty is the project's own spec
}

func newFmtCmd(a *app) *cobra.Command {
	o := &fmtOptions{app: a}
	cmd := &cobra.Command{
		Use:   "fmt [FILE]",
		Short: "Lay a spec out in the canonical way: wsgen.yaml, FILE, or - for standard input to standard output",
		Long: `Lay a spec out in the canonical way: the keys in the order of the reference, two spaces for each level, a blank line
before each section, one space before a comment. Every comment stays, at what it stood by; the order of entries, the quotes and
the line endings stay as well. A spec that has errors is not laid out.

  wsgen fmt              wsgen.yaml of the project
  wsgen fmt --check      in CI, or before a commit: exit 4 if that would change anything
  wsgen fmt - < a.yaml   from standard input to standard output`,
		Args:              maxArgs(1),
		ValidArgsFunction: completeSpecs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.arg = args[0]
				if o.arg == "" {
					return usage("usage: "+cmd.UseLine(), "the path of the spec is empty")
				}
			}
			return runFmt(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.check, "check", false, "write nothing; exit 4 if the layout is not canonical")
	return cmd
}

func runFmt(ctx context.Context, o *fmtOptions) error {
	if o.arg == "-" {
		return o.stream(ctx)
	}
	path, project, err := o.locate()
	if err != nil {
		return err
	}
	var tree *emit.Tree
	if project != "" && !o.check {
		if tree, err = o.openTree(ctx, project); err != nil || tree == nil {
			return err
		}
	}
	before, after, err := o.layOut(ctx, path, o.shown(path))
	switch {
	case err != nil:
		return err
	case o.check:
		return o.compare(o.shown(path), before, after)
	case tree != nil:
		return o.writeSpec(ctx, tree, before, after)
	}
	return o.replace(path, before, after)
}

// locate returns where the spec is, and the folder of the project whose own it is: empty, for one that belongs to none.
func (o *fmtOptions) locate() (path, project string, err error) {
	dir := ""
	if o.arg == "" {
		if dir, err = o.findProject(); err != nil {
			return "", "", err
		}
		path = filepath.Join(dir, render.SpecPath)
	} else {
		if path, err = filepath.Abs(o.path(o.arg)); err != nil {
			return "", "", failure(err, "", "the working directory")
		}
		if filepath.Base(path) == render.SpecPath {
			dir = filepath.Dir(path)
		}
	}
	if dir == "" {
		return path, "", nil
	}
	switch _, err = os.Stat(filepath.Join(dir, filepath.Dir(filepath.FromSlash(emit.ManifestPath)))); {
	case errors.Is(err, os.ErrNotExist):
		return path, "", nil
	case err != nil:
		return "", "", failure(err, "", "looking for the project")
	}
	o.report.Root = dir
	return path, dir, nil
}

// layOut reads a spec and returns it as it is and in the canonical layout. Name is how messages call it.
func (o *fmtOptions) layOut(ctx context.Context, path, name string) (before, after []byte, err error) {
	if before, err = o.readSpec(ctx, path); err != nil {
		return nil, nil, err
	}
	file, m, found := checkSpec(name, before)
	if m == nil {
		o.report.addDiagnostics(name, found)
		return nil, nil, &specError{file: file, diagnostics: found}
	}
	if after, err = file.Formatted(); err != nil {
		return nil, nil, &problem{code: exitGuard, fact: err.Error(), cause: err}
	}
	return before, after, nil
}

// stream lays out what comes on standard input, to standard output.
func (o *fmtOptions) stream(ctx context.Context) error {
	const name = "standard input"
	if o.flags.diff && !o.check && !o.flags.json {
		return usage("give --check with it", "--diff would stand in the middle of the text on standard output")
	}
	before, after, err := o.layOut(ctx, "-", name)
	if err != nil {
		return err
	}
	if o.check {
		return o.compare(name, before, after)
	}
	o.report.addPlan(planOf(name, before, after), o.flags.diff)
	o.resultf("%s", after)
	return nil
}

// compare says whether a spec is in the canonical layout, and writes nothing.
func (o *fmtOptions) compare(name string, before, after []byte) error {
	plan := planOf(name, before, after)
	o.report.addPlan(plan, o.flags.diff)
	if bytes.Equal(before, after) {
		o.notef("%s is in the canonical layout\n", name)
		o.suggestNext()
		return nil
	}
	if o.flags.diff {
		o.resultf("%s", o.paintDiff(plan.Ops[0].Diff()))
	}
	return drift("lay it out with: "+o.commandLine(), "%s is not in the canonical layout", name)
}

// writeSpec lays out the project's own spec, and touches no other file: what it says stays the same.
func (o *fmtOptions) writeSpec(ctx context.Context, tree *emit.Tree, before, after []byte) error {
	file := render.SpecFile(after)
	file.Render = func(existing []byte) ([]byte, error) {
		if !bytes.Equal(existing, before) {
			return nil, &emit.ChangedError{Path: render.SpecPath}
		}
		return after, nil
	}
	plan, err := tree.PlanFile(file, o.options("fmt"))
	if err != nil {
		return err
	}
	for i := range plan.Ops {
		plan.Ops[i].Reason, plan.Ops[i].Fix = "", "" // they speak of what generate adds
	}
	if _, err = o.carryOut(ctx, tree, plan); err != nil {
		return err
	}
	o.suggestNext()
	return nil
}

// replace lays out a spec that belongs to no project.
func (o *fmtOptions) replace(path string, before, after []byte) error {
	plan := planOf(o.shown(path), before, after)
	o.report.addPlan(plan, o.flags.diff)
	switch {
	case bytes.Equal(before, after):
		o.notef("nothing to do\n")
	case o.flags.dryRun:
		o.printPlan(plan, "would ")
	default:
		if err := emit.Replace(path, before, after); err != nil {
			return err
		}
		o.report.Applied = true
		o.printPlan(plan, "")
	}
	o.suggestNext()
	return nil
}

// commandLine returns the command without its flags.
func (o *fmtOptions) commandLine() string {
	if o.arg == "" {
		return "wsgen fmt"
	}
	return "wsgen fmt " + shellWord(o.arg)
}

// suggestNext names the next command, but to a pipe: nobody knows where its text ends up.
func (o *fmtOptions) suggestNext() {
	switch {
	case o.flags.dryRun && !o.check:
		o.suggest("%s", o.commandLine())
	case o.arg == "":
		o.suggest("wsgen check")
	case o.arg != "-":
		o.suggest("wsgen validate %s", shellWord(o.arg))
	}
}

// planOf returns the plan about one file that becomes another text.
func planOf(name string, before, after []byte) *emit.Plan {
	op := emit.Op{Path: name, Owner: render.Spliced, Action: emit.Keep, State: emit.Current}
	if !bytes.Equal(before, after) {
		op.Action, op.State, op.Old, op.New = emit.Update, emit.Pending, before, after
	}
	return &emit.Plan{Ops: []emit.Op{op}}
}
