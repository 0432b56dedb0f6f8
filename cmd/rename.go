package cmd

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"wsgen/generator/model"
	"wsgen/generator/rename"
)

func newRenameCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rename",
		Short: "Give a consumer another name, in the spec and in the code",
		Args:  subcommandArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("try: wsgen rename consumer OLD NEW", "there is nothing named to rename")
		},
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newRenameConsumerCmd(a))
	return cmd
}

type renameConsumerOptions struct {
	*app
	old, name string // as they were typed
}

func newRenameConsumerCmd(a *app) *cobra.Command {
	o := &renameConsumerOptions{app: a}
	return &cobra.Command{
		Use:   "consumer OLD NEW",
		Short: "Rename a consumer: spec, stub, your code that uses it, routing and client in one step",
		Long: `Rename a consumer. Its stub and the test of the stub move to their new names, and every Go file of yours that names its type,
its params or its constructor follows, as far as it is certain that they are meant: what is not is listed with its place, and so
are pages and documents that speak of it. The paths of its routes stay, since pages connect to them.
Either all of it is written or nothing; wsgen undo takes it back.

  wsgen rename consumer chat room`,
		ValidArgsFunction: onlyFirst(completeConsumers(a)),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("usage: wsgen rename consumer OLD NEW", "a name is missing: the one that the consumer has, or the one that it is to have")
			}
			return maxArgs(2)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.old, o.name = args[0], args[1]
			return runRenameConsumer(cmd.Context(), o)
		},
	}
}

func runRenameConsumer(ctx context.Context, o *renameConsumerOptions) error {
	old, name, err := o.names()
	if err != nil {
		return err
	}
	opened, err := o.openChanging(ctx)
	if err != nil || opened == nil {
		return err
	}
	after, err := o.extend(opened, old, name)
	if err != nil {
		return err
	}
	if old == name {
		o.notef("nothing to do: the consumer is called %s\n", name)
		o.suggest("wsgen routes")
		return nil
	}
	r := &renaming{app: o.app, before: opened.before, after: after, old: opened.before.consumer(old), new: after.consumer(name)}
	if err := r.look(ctx); err != nil {
		return err
	}
	files, err := r.files()
	if err != nil {
		return err
	}
	options := o.options("rename consumer " + old + " " + name)
	options.Edits = r.edits()
	plan, err := opened.tree.Plan(files, options)
	if err != nil {
		return err
	}
	o.report.Left = r.left
	if _, err := o.carryOut(ctx, opened.tree, plan); err != nil {
		return err
	}
	r.tell()
	if o.flags.dryRun {
		o.suggest("wsgen rename consumer %s %s", old, name)
	} else {
		o.suggest("go test ./...")
	}
	o.tellOlder(opened)
	return nil
}

// names returns both names as the spec has them, from the command line alone.
func (o *renameConsumerOptions) names() (old, name string, err error) {
	if old, err = model.ConsumerName(o.old); err != nil {
		return "", "", usage("", "%s", err)
	}
	if name, err = model.ConsumerName(o.name); err != nil {
		return "", "", usage("", "%s", err)
	}
	for _, given := range [][2]string{{o.old, old}, {o.name, name}} {
		if given[0] != given[1] {
			o.notef("%s is the consumer %s\n", harmless(given[0]), given[1])
		}
	}
	return old, name, nil
}

// extend returns the project with the new name in its spec.
func (o *renameConsumerOptions) extend(opened *changing, old, name string) (*project, error) {
	p := opened.before
	switch {
	case p.consumer(old) == nil:
		return nil, p.noConsumer(old, nil)
	case old != name && p.consumer(name) != nil:
		return nil, usage("give another name", "%s: there is a consumer %s already, %s", p.placeOfConsumer(name), name, described(p.consumer(name)))
	}
	text, err := p.file.RenameConsumer(old, name)
	if err != nil {
		return nil, err
	}
	return o.withSpec(p, text, "wsgen rename consumer "+old+" "+name)
}

// look reads the user's files and finds what is to change in them, or why that cannot be.
func (r *renaming) look(ctx context.Context) error {
	if err := r.readFiles(ctx); err != nil {
		return err
	}
	if err := r.refuseLinks(); err != nil {
		return err
	}
	file, line := newStubIndex(r.before.dir).find(r.old)
	r.elsewhere = line > 0 && file != r.old.File && !r.exists(r.old.File)
	r.result = rename.Go(r.request())
	if why := r.result.Broken[file]; why != "" {
		return &problem{code: exitGuard, fact: r.place(file) + ":" + why, wayOut: "correct it first; nothing is written"}
	}
	if err := r.refuseTaken(); err != nil {
		return err
	}
	if len(r.result.Clashes) > 0 {
		return r.refuseClashes()
	}
	for _, d := range r.result.Doubts {
		r.left = append(r.left, leftReport{Path: r.moved(d.File), Line: d.Line, Text: d.Text, Why: d.Why})
	}
	r.left = append(r.left, r.mentions()...)
	r.sortLeft()
	return nil
}

// exists says whether anything stands at a path of the project.
func (r *renaming) exists(file string) bool {
	_, err := os.Lstat(filepath.Join(r.before.dir, filepath.FromSlash(file)))
	return err == nil
}

// refuseLinks refuses a stub, a test of it, or a folder of both, that is a link or no file at all: what it leads to may be used
// elsewhere, and is not for wsgen to change.
func (r *renaming) refuseLinks() error {
	for _, m := range append(r.moves(), move{from: path.Dir(r.old.File)}) {
		info, err := os.Lstat(filepath.Join(r.before.dir, filepath.FromSlash(m.from)))
		if err != nil || info.Mode().IsRegular() || m.to == "" && info.IsDir() {
			continue // what is not there, or cannot be reached, is told by the plan
		}
		return &problem{code: exitGuard, fact: r.place(m.from) + " is a link or not a file; nothing is written", wayOut: "put what it leads to in its place"}
	}
	return nil
}

// refuseTaken refuses a name whose files are there already, beside those that would become them.
func (r *renaming) refuseTaken() error {
	for _, move := range r.moves() {
		if r.exists(move.from) && r.exists(move.to) {
			return usage("move it out of the way, or choose another name; nothing is written",
				"%s is there already, and %s would become it", r.place(move.to), path.Base(move.from))
		}
	}
	return nil
}

// refuseClashes is the error about Go names that the user has given to something else.
func (r *renaming) refuseClashes() error {
	const most = 10
	var lines []string
	for i, c := range r.result.Clashes {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(r.result.Clashes)-most))
			break
		}
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s %s", r.place(c.File), c.Line, c.Column, c.Name, oneLine(c.Fact)))
	}
	return usage("call that something else, or choose another name for the consumer; nothing is written",
		"%s", strings.Join(lines, "\n"))
}

// place returns how a file of the project is shown.
func (r *renaming) place(file string) string {
	return r.shown(filepath.Join(r.before.dir, filepath.FromSlash(file)))
}
