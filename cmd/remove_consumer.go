package cmd

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

type removeConsumerOptions struct {
	*app
	arg string // the name as it was typed
}

func newRemoveConsumerCmd(a *app) *cobra.Command {
	o := &removeConsumerOptions{app: a}
	return &cobra.Command{
		Use:   "consumer NAME",
		Short: "Remove a consumer and every route to it: spec, stub, stub test, routing and client in one step",
		Long: `Remove a consumer: the exact reverse of add consumer. Its lines go from wsgen.yaml, and so does every route to it;
comments above them stay. Its stub and its test go where they are as they were written. Where you edited one, it stays, for it is
your work: --force moves it to .wsgen/local/trash.

  wsgen remove consumer chat`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("usage: wsgen remove consumer NAME", "the name of the consumer is missing")
			}
			return maxArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.arg = args[0]
			return runRemoveConsumer(cmd.Context(), o)
		},
		ValidArgsFunction: onlyFirst(completeConsumers(a)),
	}
}

func runRemoveConsumer(ctx context.Context, o *removeConsumerOptions) error {
	name, err := model.ConsumerName(o.arg)
	if err != nil {
		return usage("", "%s", err)
	}
	r, err := o.openRemoving(ctx, spec.Removal{Consumer: name})
	if err != nil || r == nil {
		return err
	}
	c, err := o.find(r)
	if err != nil {
		return err
	}
	if name != o.arg {
		o.notef("%s is the consumer %s\n", harmless(o.arg), name)
	}
	commandLine := "wsgen remove consumer " + name
	if r.before.consumer(name) != nil {
		if err := o.takeOut(r, commandLine); err != nil {
			return err
		}
		o.tellRoutes(c)
	}
	r.edits = []emit.Edit{{Path: c.File}, {Path: c.TestFile}}
	users, err := o.readUsers(ctx, r, c)
	if err != nil {
		return err
	}
	changed, kept, err := o.emitRemoval(ctx, r)
	if err != nil {
		return err
	}
	left := o.tellLeft(r, users, kept)
	switch {
	case o.flags.dryRun && changed:
		o.suggest("%s", commandLine)
	case left:
		o.suggest("go vet ./...")
	case changed:
		o.suggest("go test ./...")
	default:
		o.suggest("wsgen routes")
	}
	o.tellOlder(r.changing)
	return nil
}

// find returns the consumer that is to go: one of the spec, or one that is gone from there, while the stub that was written for it
// is not.
func (o *removeConsumerOptions) find(r *removing) (*model.Consumer, error) {
	name := r.removal.Consumer
	if c := r.before.consumer(name); c != nil {
		return c, nil
	}
	left, err := o.orphans(r)
	if err != nil {
		return nil, err
	}
	if slices.Contains(left, name) {
		return derived(name)
	}
	return nil, r.before.noConsumer(name, left)
}

// orphans returns the names of the consumers that the spec no longer has, while files that were written for them are recorded.
func (o *removeConsumerOptions) orphans(r *removing) ([]string, error) {
	plan, err := o.planRemoval(r, nil, false)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, op := range plan.Ops {
		if op.State != emit.Stale || op.Owner != render.Yours {
			continue
		}
		name := strings.TrimSuffix(strings.TrimSuffix(path.Base(op.Path), ".go"), "_test")
		name = strings.TrimSuffix(name, "_consumer")
		c, err := derived(name)
		if err == nil && (c.File == op.Path || c.TestFile == op.Path) && !slices.Contains(names, name) && r.before.consumer(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// derived returns a consumer of which only the name is known, with every name that follows from it.
func derived(name string) (*model.Consumer, error) {
	text, err := render.Spec("service", "example.com/service", []render.SpecEntry{defaultEntry(name)}, render.SpecSettings{})
	if err != nil {
		return nil, err
	}
	_, m, found := checkSpec(render.SpecPath, text)
	if m == nil {
		return nil, fmt.Errorf("%s", found[0].Message)
	}
	return m.Consumers[0], nil
}

// tellRoutes names the routes that go with a consumer, where there are several: its own would be expected.
func (o *removeConsumerOptions) tellRoutes(c *model.Consumer) {
	if len(c.Routes) < 2 {
		return
	}
	var paths []string
	for _, r := range c.Routes {
		paths = append(paths, r.Path)
	}
	o.notef("with %s go its routes %s\n", c.Name, strings.Join(paths, ", "))
}

// tellLeft says what of the consumer's code, and of what uses it, stays and has to be dealt with by hand. It reports whether there
// is anything.
func (o *removeConsumerOptions) tellLeft(r *removing, users *renaming, kept []emit.Op) bool {
	c := users.old
	for _, op := range kept {
		switch {
		case op.State == emit.Current: // there before wsgen was
		case op.Path == c.TestFile:
			o.leave(r, op.Path, 0, "it stays, for you edited it: it fails until you change or delete it, for no route leads to "+c.Name)
		default:
			o.leave(r, op.Path, 0, "it stays, for you edited it: the project may not compile until you have dealt with it, for "+
				c.ParamsType+" is gone")
		}
	}
	file, line := newStubIndex(r.before.dir).find(c)
	elsewhere := line > 0 && file != c.File
	if elsewhere {
		o.leave(r, file, line, c.Type+" stands there, where it is yours: take it out by hand; until then the project does not compile")
	}
	keepsCode := elsewhere || slices.ContainsFunc(kept, func(op emit.Op) bool { return op.Path == c.File })
	o.leaveUses(r, o.uses(r, users, keepsCode, c.File, c.TestFile, file))
	return len(o.report.Left) > 0
}
