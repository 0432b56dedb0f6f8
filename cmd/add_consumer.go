package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wsgen/generator/model"
	"wsgen/generator/spec"
)

type addConsumerOptions struct {
	*app
	arg  string // the name as it was typed
	path string
	mode string

	modeGiven bool
}

func newAddConsumerCmd(a *app) *cobra.Command {
	o := &addConsumerOptions{app: a}
	cmd := &cobra.Command{
		Use:   "consumer NAME",
		Short: "Add a consumer: spec, stub, stub test, routing and client in one step",
		Long: `Add a consumer and the route to it. NAME may be chat, chat-room or ChatRoomConsumer. What stands in wsgen.yaml stays
byte for byte; the rest follows from it. Either all of it is written or nothing.

  wsgen add consumer chat
  wsgen add consumer chat --path '/ws/chat/{room:slug}' --mode async`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("usage: wsgen add consumer NAME", "the name of the consumer is missing")
			}
			return maxArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refuseEmpty(cmd, "path", "mode"); err != nil {
				return err
			}
			o.arg, o.modeGiven = args[0], cmd.Flags().Changed("mode")
			return runAddConsumer(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.path, "path", "", "the route to it, as in the spec: `PATH` (default /ws/NAME)")
	cmd.Flags().StringVar(&o.mode, "mode", string(model.Sync), "sync (one handler at a time) or async: `MODE`")
	return cmd
}

func runAddConsumer(ctx context.Context, o *addConsumerOptions) error {
	wanted, err := o.addition()
	if err != nil {
		return err
	}
	add, err := o.openChanging(ctx)
	if err != nil || add == nil {
		return err
	}
	after, err := o.extend(add, wanted)
	if err != nil {
		return err
	}
	plan, err := o.emitAdding(ctx, add, after, "add consumer "+wanted.Consumer)
	if err != nil {
		return err
	}
	c, isNew := after.consumer(wanted.Consumer), add.before.consumer(wanted.Consumer) == nil
	if isNew && !writes(plan, c.File) {
		o.tellAdopted(after, c)
	}
	switch {
	case o.flags.dryRun:
		o.suggest("%s", o.commandLine(wanted))
	case writes(plan, c.File):
		o.suggest("edit %s, then: go run .", shellWord(o.shown(after.dir+"/"+c.File)))
	case len(plan.Changes()) > 0:
		o.suggest("go test ./...")
	default:
		o.suggest("wsgen routes")
	}
	o.tellOlder(add)
	return nil
}

// addition returns what is to be added, from the command line alone.
func (o *addConsumerOptions) addition() (spec.Addition, error) {
	name, err := model.ConsumerName(o.arg)
	if err != nil {
		return spec.Addition{}, usage("", "%s", err)
	}
	if err := checkMode(o.mode); err != nil {
		return spec.Addition{}, fmt.Errorf("--mode: %w", err)
	}
	if name != o.arg {
		o.notef("%s is the consumer %s\n", harmless(o.arg), name)
	}
	if o.path == "" {
		o.path = defaultPath(name)
	}
	return spec.Addition{Consumer: name, Mode: o.mode, Path: o.path}, nil
}

// extend returns the project as it is with the addition in its spec. What is there already exactly so is left as it is; what
// is there otherwise is a usage error.
func (o *addConsumerOptions) extend(add *changing, wanted spec.Addition) (*project, error) {
	p := add.before
	consumer, route := p.consumer(wanted.Consumer), p.route(wanted.Path)
	if route != nil && route.Consumer.Name != wanted.Consumer {
		return nil, usage("give another path with --path, as in --path "+shellWord(wanted.Path+"/"+wanted.Consumer),
			"%s: the path %s leads to the consumer %s already", p.placeOfRoute(wanted.Path), wanted.Path, route.Consumer.Name)
	}
	if consumer == nil {
		return o.splice(add, wanted, o.commandLine(wanted))
	}
	if string(consumer.Mode) == wanted.Mode && route != nil {
		o.warn(p.file, add.known)
		return p, nil
	}
	wayOut := "give another name; or change the spec, where the mode and the paths stand, and run: wsgen generate"
	if string(consumer.Mode) == wanted.Mode || !o.modeGiven {
		wayOut = "give another name; or, for a further path to it: wsgen add route " + shellWord(wanted.Path) + " --to " + wanted.Consumer
	}
	return nil, usage(wayOut, "%s: there is a consumer %s already, %s",
		p.placeOfConsumer(wanted.Consumer), wanted.Consumer, described(consumer))
}

// commandLine returns the command in full, the defaults written out.
func (o *addConsumerOptions) commandLine(a spec.Addition) string {
	return "wsgen add consumer " + a.Consumer + " --path " + shellWord(a.Path) + " --mode " + a.Mode
}

// described says of what kind a consumer is and where it is reached.
func described(c *model.Consumer) string {
	text := string(c.Mode)
	if len(c.Routes) == 0 {
		return text + " and without a route"
	}
	for i, r := range c.Routes {
		if i == 0 {
			text += " at "
		} else {
			text += ", "
		}
		text += r.Path
	}
	return text
}

func (p *project) consumer(name string) *model.Consumer {
	for _, c := range p.model.Consumers {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (p *project) route(path string) *model.Route {
	for _, r := range p.model.Routes {
		if r.Path == path {
			return r
		}
	}
	return nil
}

// placeOfConsumer returns where the spec names a consumer, as "wsgen.yaml:9:3".
func (p *project) placeOfConsumer(name string) string {
	for _, c := range p.file.Consumers {
		if c.Name.Value == name {
			return p.place(c.Name.Span)
		}
	}
	return p.file.Name
}

// placeOfRoute returns where the spec names a path, as "wsgen.yaml:5:3".
func (p *project) placeOfRoute(path string) string {
	for _, r := range p.file.Routes {
		if r.Path.Value == path {
			return p.place(r.Path.Span)
		}
	}
	return p.file.Name
}

func (p *project) place(s spec.Span) string {
	return fmt.Sprintf("%s:%d:%d", p.file.Name, s.Line, s.Column)
}
