package cmd

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/spec"
)

// What a project is where nobody says otherwise.
const (
	defaultName     = "project"
	defaultConsumer = "echo"
	moduleHost      = "example.com/"
)

type newOptions struct {
	*basics
	dir     string
	spec    string
	example string
	run     bool
}

func newNewCmd(a *app) *cobra.Command {
	o := &newOptions{basics: &basics{app: a, noun: "project"}}
	o.inspect = o.free
	cmd := &cobra.Command{
		Use:   "new [project] [NAME]",
		Short: "Emit a project that builds, passes its tests and runs",
		Long: `Emit a new project into the folder NAME (by default "project"). The word project may be left out, unless it is the name.

  wsgen new project updater
  wsgen new updater --consumer 'chat:async:/ws/chat/{room:slug}' --consumer echo
  wsgen new updater --layer redis --auth session
  wsgen new updater --spec routing.yaml --run
  wsgen new updater --example updates`,
		Args: o.arguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := refuseEmpty(cmd, "dir", "spec", "example"); err != nil {
				return err
			}
			if err := o.checkFlags(cmd); err != nil {
				return err
			}
			return runNew(cmd.Context(), o)
		},
	}
	o.register(cmd.Flags())
	project := &cobra.Command{
		Use:   "project [NAME]",
		Short: cmd.Short,
		Long:  cmd.Long,
		Args:  o.arguments,
		RunE:  cmd.RunE,
	}
	o.register(project.Flags())
	cmd.AddCommand(project)
	return cmd
}

func (o *newOptions) register(fs *pflag.FlagSet) {
	o.basics.register(fs, "example.com/NAME")
	fs.StringVar(&o.dir, "dir", "", "`FOLDER` to make; absent or empty (default ./NAME)")
	fs.StringVar(&o.spec, "spec", "", "a spec to start from, copied byte for byte; `FILE` or - for standard input")
	fs.StringVar(&o.example, "example", "", "a finished project to start from; `EXAMPLE` is updates (long jobs, live in the page)")
	fs.BoolVar(&o.run, "run", false, "build the service and become it")
}

// arguments takes the NAME.
func (o *newOptions) arguments(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		wayOut := "usage: wsgen new project [NAME]"
		if spec.Suggest(args[0], []string{"project"}) != "" {
			wayOut = "did you mean: wsgen new project " + shellWord(args[1])
		}
		return usage(wayOut, "unexpected argument %q for %s", args[1], cmd.CommandPath())
	}
	o.name = defaultName
	if o.nameGiven = len(args) == 1; o.nameGiven {
		o.name = args[0]
	}
	return nil
}

func runNew(ctx context.Context, o *newOptions) error {
	build, err := o.builder()
	if err != nil {
		return err
	}
	files, m, err := o.source(ctx)
	if err != nil {
		return err
	}
	target, err := o.target()
	if err != nil {
		return err
	}
	options := o.options("")
	options.DryRun, options.Force = o.flags.dryRun, false // there is nothing to force: what is in the way is the user's
	plan, err := emit.New(ctx, target, files, options)
	if err != nil {
		return err
	}
	o.report.Root = target
	o.report.addPlan(plan, o.flags.diff)
	if o.flags.dryRun {
		o.printPlan(plan, "would ")
		return nil
	}
	o.report.Applied = true
	o.printPlan(plan, "")
	o.notef("created %s: %s\n", o.shown(target), counted(len(plan.Ops), "file"))
	if o.asked {
		o.notef("the same without questions:\n  %s\n", o.commandLine())
	}
	if o.run {
		return o.runService(ctx, build, target, m.Service)
	}
	o.suggest("%s%s", enter(o.shown(target)), firstRun(m))
	return nil
}

// firstRun returns the command that most likely runs a new project as it is: with the server of its groups where it needs one,
// and in debug where that alone lets somebody log in: compose.yaml reads .env.
func firstRun(m *model.Project) string {
	switch {
	case m.Layer != spec.Layers()[0] && m.Auth != spec.Auths()[0]:
		return "echo DEBUG=true > .env && docker compose up --build"
	case m.Layer != spec.Layers()[0]:
		return "docker compose up --build"
	case m.Auth != spec.Auths()[0]:
		return "make run"
	}
	return "go run ."
}

// builder returns the Go tool where the service is to be run. It is looked for before anything is written.
func (o *newOptions) builder() (string, error) {
	if !o.run || o.flags.dryRun {
		return "", nil
	}
	return findGo()
}

// target returns the folder of the new project, absolute.
func (o *newOptions) target() (string, error) {
	dir := o.dir
	if dir == "" {
		dir = o.name
	}
	target, err := filepath.Abs(o.path(dir))
	if err != nil {
		return "", failure(err, "", "the working directory")
	}
	return target, nil
}

// enter returns the beginning of a command line that is to run in a folder.
func enter(dir string) string {
	if dir == "." {
		return ""
	}
	return "cd " + shellWord(dir) + " && "
}

// commandLine returns the command that gives the same project without a question.
func (o *newOptions) commandLine() string {
	words := []string{"wsgen", "new", "project", o.name, "--module", o.module}
	if o.example != "" {
		words = append(words, "--example", o.example)
	}
	words = append(words, o.words()...)
	if o.dir != "" {
		words = append(words, "--dir", o.dir)
	}
	if o.run {
		words = append(words, "--run")
	}
	return o.typed(words)
}
