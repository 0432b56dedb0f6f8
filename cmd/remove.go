package cmd

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/merge"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

func newRemoveCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "remove",
		Aliases: []string{"destroy"},
		Short:   "Take back what add did: a consumer or a route, and what follows from it",
		Args:    subcommandArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("try: wsgen remove consumer NAME, or wsgen remove route PATH", "there is nothing named to remove")
		},
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newRemoveConsumerCmd(a), newRemoveRouteCmd(a))
	return cmd
}

// removing is a removal on its way into the tree.
type removing struct {
	*changing
	after   *project // its spec may be that of before: then the spec is rid of it already
	removal spec.Removal
	edits   []emit.Edit // of the stub and its test
}

// openRemoving is openChanging for a removal.
func (a *app) openRemoving(ctx context.Context, what spec.Removal) (*removing, error) {
	c, err := a.openChanging(ctx)
	if err != nil || c == nil {
		return nil, err
	}
	return &removing{changing: c, after: c.before, removal: what}, nil
}

// takeOut takes the removal out of the spec; commandLine is the command that asked for it.
func (a *app) takeOut(r *removing, commandLine string) error {
	text, err := r.without()
	if err != nil {
		return err
	}
	r.after, err = a.withSpec(r.before, text, commandLine)
	return err
}

// without returns the spec without what is removed. Where the history knows the additions, each is taken back byte for byte, with
// what had to give way to it, such as a {} that said that a section is empty; what was changed since stays. Where it does not, the
// entries' own lines go.
func (r *removing) without() ([]byte, error) {
	plain, err := r.before.file.Remove(r.removal)
	if err != nil {
		return nil, err
	}
	revisions, err := r.tree.Revisions(render.SpecPath)
	if err != nil {
		return nil, err
	}
	text, left := r.before.file.Source, r.entries(r.before.file.Source)
	for _, v := range revisions {
		if left == 0 {
			break
		}
		added := v.After
		if added == nil {
			added = r.added(v)
		}
		if was := r.entries(v.Before); was < 0 || was >= r.entries(added) {
			continue
		}
		merged := merge.Three(added, text, v.Before, merge.Labels{})
		if n := r.entries(merged.Text); merged.Conflicts == 0 && n >= 0 && n < left && spec.Same(r.rest(merged.Text), plain) {
			text, left = merged.Text, n
		}
	}
	return r.rest(text), nil
}

// entries counts the entries of a source that the removal is about: -1, where it is no sound spec.
func (r *removing) entries(source []byte) (n int) {
	f, found := spec.Parse(render.SpecPath, source)
	if found.HasErrors() {
		return -1
	}
	for _, c := range f.Consumers {
		if c.Name.Value == r.removal.Consumer {
			n++
		}
	}
	for _, x := range f.Routes {
		if x.Path.Value == r.removal.Path || x.Consumer.Value == r.removal.Consumer {
			n++
		}
	}
	return n
}

// rest returns a sound spec without the lines of what is removed, if it has any of it.
func (r *removing) rest(source []byte) []byte {
	if r.entries(source) == 0 {
		return source
	}
	f, _ := spec.Parse(render.SpecPath, source)
	text, err := f.Remove(r.removal)
	if err != nil {
		return nil // which is no spec
	}
	return text
}

// added returns the text that an operation left, made anew from the one before it: nil, where it was not by adding what is removed.
func (r *removing) added(v emit.Revision) []byte {
	f, _ := spec.Parse(render.SpecPath, v.Before)
	for _, a := range r.before.additions(r.removal) {
		if text, err := f.Add(a); err == nil && v.Left(text) {
			return text
		}
	}
	return nil
}

// additions returns by what additions the project can have come to have what is removed.
func (p *project) additions(what spec.Removal) []spec.Addition {
	var all []spec.Addition
	for _, x := range p.model.Routes {
		a := spec.Addition{Consumer: x.Consumer.Name, Mode: string(x.Consumer.Mode), Path: x.Path}
		if x.Path == what.Path || x.Consumer.Name == what.Consumer {
			all = append(all, a)
		}
	}
	return all
}

// emitRemoval brings the tree in line with the spec after the removal. Changed says whether a file changes, kept are the
// files that the removal would take away, and that stay.
func (a *app) emitRemoval(ctx context.Context, r *removing) (changed bool, kept []emit.Op, err error) {
	plan, err := a.planRemoval(r, r.edits, a.flags.force)
	if err != nil {
		return false, nil, err
	}
	changed, err = a.carryOut(ctx, r.tree, plan)
	for _, op := range plan.Ops {
		gone := slices.ContainsFunc(r.edits, func(e emit.Edit) bool { return e.Path == op.Path && e.To == "" })
		if gone && op.Action == emit.Keep {
			kept = append(kept, op)
		}
		if op.Action == emit.Delete {
			r.behind = slices.DeleteFunc(r.behind, func(f finding) bool { return f.Path == op.Path })
		}
	}
	return changed, kept, err
}

// planRemoval plans the removal with some edits.
func (a *app) planRemoval(r *removing, edits []emit.Edit, force bool) (*emit.Plan, error) {
	files, err := r.after.files(r.before.file.Source)
	if err != nil {
		return nil, err
	}
	options := a.options("remove " + r.removal.String())
	options.Edits, options.Force = edits, force
	return r.tree.Plan(files, options)
}

// leave says that something in a file of the project is left to the user; line is 0 for the file as a whole.
func (a *app) leave(r *removing, file string, line int, why string) {
	a.report.Left = append(a.report.Left, leftReport{Path: file, Line: line, Why: why})
	place := a.shown(filepath.Join(r.before.dir, filepath.FromSlash(file)))
	if line > 0 {
		place += ":" + strconv.Itoa(line)
	}
	a.warnf("%s: %s", place, why)
}

// listed returns names as they are counted up in a sentence: the first ten of them.
func listed(names []string) string {
	const most = 10
	if rest := len(names) - most; rest > 0 {
		return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), rest)
	}
	return strings.Join(names, ", ")
}
