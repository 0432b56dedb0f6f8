package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wsgen/generator/model"
	"wsgen/generator/spec"
)

type addRouteOptions struct {
	*app
	path  string
	to    string // the name as it was typed, or chosen
	asked bool
}

func newAddRouteCmd(a *app) *cobra.Command {
	o := &addRouteOptions{app: a}
	cmd := &cobra.Command{
		Use:   "route PATH --to NAME",
		Short: "Add a route to a consumer that is there: spec, routing and client in one step",
		Long: `Add a route to a consumer that the spec has already. What stands in wsgen.yaml stays byte for byte; the rest follows
from it. Either all of it is written or nothing.

  wsgen add route '/ws/rooms/{room:slug}' --to chat`,
		DisableFlagsInUseLine: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "" {
				return usage("usage: wsgen add route PATH --to NAME", "the path of the route is missing")
			}
			return maxArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refuseEmpty(cmd, "to"); err != nil {
				return err
			}
			o.path = args[0]
			return runAddRoute(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.to, "to", "", "the consumer that it leads to: `NAME`")
	_ = cmd.RegisterFlagCompletionFunc("to", completeConsumers(a)) // fails for a flag that is not there
	return cmd
}

func runAddRoute(ctx context.Context, o *addRouteOptions) error {
	if o.to == "" && !o.mayAsk() {
		return usage("name it, as in: wsgen add route "+shellWord(o.path)+" --to NAME; wsgen routes lists those that there are",
			"the consumer that %s leads to is missing", shellWord(o.path))
	}
	add, err := o.openChanging(ctx)
	if err != nil || add == nil {
		return err
	}
	if err := o.ask(ctx, add.before); err != nil {
		return err
	}
	after, wanted, err := o.extend(add)
	if err != nil {
		return err
	}
	broken, err := o.doubled(ctx, add.before, after, wanted.Path)
	if err != nil {
		return err
	}
	plan, err := o.emitAdding(ctx, add, after, "add route "+wanted.Path)
	if err != nil {
		return err
	}
	if broken != "" {
		o.warnf("%s", broken)
	}
	if o.asked {
		o.notef("the same without questions:\n  %s\n", o.commandLine(wanted))
	}
	switch {
	case o.flags.dryRun:
		o.suggest("%s", o.commandLine(wanted))
	case len(plan.Changes()) > 0:
		o.suggest("go test ./...")
	default:
		o.suggest("wsgen routes")
	}
	o.tellOlder(add)
	return nil
}

// ask asks which consumer is meant, where the command line does not say.
func (o *addRouteOptions) ask(ctx context.Context, p *project) (err error) {
	if o.to != "" {
		return nil
	}
	names := p.consumerNames()
	if len(names) == 0 {
		return o.unknown(p, "NAME")
	}
	if err := o.flush(); err != nil {
		return err
	}
	o.asked = true
	o.to, err = o.prompter.Choose(ctx, "Consumer of "+harmless(o.path), names, names[0])
	return err
}

// extend returns the project as it is with the route in its spec. A route that is there already is left as it is; one that leads
// elsewhere is a usage error, and so is a consumer that is not there.
func (o *addRouteOptions) extend(add *changing) (*project, spec.Addition, error) {
	name, err := model.ConsumerName(o.to)
	if err != nil {
		return nil, spec.Addition{}, usage("", "--to: %s", err)
	}
	if name != o.to {
		o.notef("%s is the consumer %s\n", harmless(o.to), name)
	}
	p, wanted := add.before, spec.Addition{Consumer: name, Path: o.path}
	if p.consumer(name) == nil {
		return nil, wanted, o.unknown(p, name)
	}
	switch route := p.route(o.path); {
	case route == nil:
		after, err := o.splice(add, wanted, o.commandLine(wanted))
		return after, wanted, err
	case route.Consumer.Name != name:
		return nil, wanted, usage("give another path; or take that one away first: wsgen remove route "+shellWord(o.path),
			"%s: the path %s leads to the consumer %s already", p.placeOfRoute(o.path), o.path, route.Consumer.Name)
	}
	o.warn(p.file, add.known)
	return p, wanted, nil
}

// unknown is the error about a consumer that the spec does not have.
func (o *addRouteOptions) unknown(p *project, name string) error {
	wayOut := fmt.Sprintf("add it together with the route: wsgen add consumer %s --path %s", name, shellWord(o.path))
	if near := spec.Suggest(name, p.consumerNames()); near != "" {
		wayOut = fmt.Sprintf("did you mean --to %s? or %s", near, wayOut)
	}
	if len(p.consumerNames()) == 0 {
		return usage(wayOut, "%s has no consumer that a route could lead to", p.file.Name)
	}
	return usage(wayOut, "%s has no consumer %s", p.file.Name, name)
}

// commandLine returns the command in full.
func (o *addRouteOptions) commandLine(a spec.Addition) string {
	return "wsgen add route " + shellWord(a.Path) + " --to " + a.Consumer
}

// consumerNames returns the names of the project's consumers, sorted.
func (p *project) consumerNames() []string {
	names := make([]string, len(p.model.Consumers))
	for i, c := range p.model.Consumers {
		names[i] = c.Name
	}
	return names
}
