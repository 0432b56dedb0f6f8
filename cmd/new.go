package cmd

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

// What a project is where nobody says otherwise.
const (
	defaultName     = "project"
	defaultConsumer = "echo"
	moduleHost      = "example.com/"
)

type newOptions struct {
	*app
	name      string
	module    string
	dir       string
	spec      string
	consumers []string
	run       bool

	nameGiven bool
	entries   []render.SpecEntry // what the consumers of the command line, or the answers, come to
	asked     bool
}

func newNewCmd(a *app) *cobra.Command {
	o := &newOptions{app: a}
	cmd := &cobra.Command{
		Use:   "new [project] [NAME]",
		Short: "Emit a project that builds, passes its tests and runs",
		Long: `Emit a new project into the folder NAME (by default "project"). The word project may be left out, unless it is the name.

  wsgen new project updater
  wsgen new updater --consumer 'chat:async:/ws/chat/{room:slug}' --consumer echo
  wsgen new updater --spec routing.yaml --run`,
		Args: o.arguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := refuseEmpty(cmd, "module", "dir", "spec"); err != nil {
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
	fs.StringVar(&o.module, "module", "", "Go module `PATH` of the service (default example.com/NAME)")
	fs.StringVar(&o.dir, "dir", "", "`FOLDER` to make; absent or empty (default ./NAME)")
	fs.StringVar(&o.spec, "spec", "", "a spec to start from, copied byte for byte; `FILE` or - for standard input")
	fs.StringArrayVar(&o.consumers, "consumer", nil, "a consumer to start with: `NAME[:mode[:path]]`; may be repeated (default echo:sync:/ws/echo)")
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
	specText, m, err := o.source(ctx)
	if err != nil {
		return err
	}
	target, err := o.target()
	if err != nil {
		return err
	}
	files, err := projectFiles(m, nil, specText)
	if err != nil {
		return err
	}
	options := o.options()
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
	o.suggest("%sgo run .", enter(o.shown(target)))
	return nil
}

// builder returns the Go tool where the service is to be run. It is looked for before anything is written.
func (o *newOptions) builder() (string, error) {
	if !o.run || o.flags.dryRun {
		return "", nil
	}
	return findGo()
}

// source returns the text of the new project's spec and its model: the user's own spec, or one made from flags and answers.
func (o *newOptions) source(ctx context.Context) ([]byte, *model.Project, error) {
	if o.spec != "" {
		return o.givenSpec(ctx)
	}
	if err := o.settle(); err != nil {
		return nil, nil, err
	}
	if o.mayAsk() {
		if err := o.ask(ctx); err != nil {
			return nil, nil, err
		}
	}
	text, err := render.Spec(o.name, o.module, o.entries)
	if err != nil {
		return nil, nil, err
	}
	// Nobody has seen this text yet, so an error in it is one of the arguments.
	_, m, err := o.parseSpec(render.SpecPath, text)
	var invalid *specError
	if errors.As(err, &invalid) {
		invalid.argument = "what was asked for"
	}
	return text, m, err
}

// givenSpec reads the spec of --spec, and refuses what contradicts it.
func (o *newOptions) givenSpec(ctx context.Context) ([]byte, *model.Project, error) {
	path, name := o.spec, "standard input"
	if path != "-" {
		path = o.path(path)
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, nil, failure(err, "", "the working directory")
		}
		name = o.shown(absolute)
	}
	if len(o.consumers) > 0 {
		return nil, nil, usage("leave --consumer out, or add it afterwards with: wsgen add consumer",
			"--consumer and --spec contradict each other: the consumers are those of %s", name)
	}
	text, err := o.readSpec(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	_, m, err := o.parseSpec(name, text)
	if err != nil {
		return nil, nil, err
	}
	if o.nameGiven && o.name != m.Service {
		return nil, nil, usage("leave NAME out, change the spec, or name only the folder with --dir",
			"the name %q contradicts %s, where service is %q", o.name, name, m.Service)
	}
	if o.module != "" && o.module != m.Module {
		return nil, nil, usage("leave --module out or change the spec",
			"--module %s contradicts %s, where module is %s", o.module, name, m.Module)
	}
	o.name, o.module = m.Service, m.Module
	return text, m, nil
}

// settle checks what the command line says and fills in what it does not.
func (o *newOptions) settle() error {
	if err := model.ServiceName(o.name); err != nil {
		return usage("", "%s", err)
	}
	for _, arg := range o.consumers {
		entry, err := parseEntry(arg)
		if err != nil {
			return err
		}
		if given, _, _ := strings.Cut(arg, ":"); given != entry.Consumer {
			o.notef("%s is the consumer %s\n", harmless(given), entry.Consumer)
		}
		for _, other := range o.entries {
			if other.Consumer == entry.Consumer {
				return usage("give each consumer once; further paths go into the spec afterwards",
					"--consumer %s: there is a consumer %s already", shellWord(arg), entry.Consumer)
			}
		}
		o.entries = append(o.entries, entry)
	}
	if o.module == "" {
		return o.fill()
	}
	if err := model.ModulePath(o.module); err != nil {
		return usage("", "%s", err)
	}
	return o.fill()
}

// fill puts the defaults where nothing was said, unless there is somebody to ask.
func (o *newOptions) fill() error {
	if o.mayAsk() {
		return nil
	}
	if o.module == "" {
		o.module = moduleHost + o.name
	}
	if len(o.entries) == 0 {
		o.entries = []render.SpecEntry{defaultEntry(defaultConsumer)}
	}
	return nil
}

// ask puts the questions that the command line left open.
func (o *newOptions) ask(ctx context.Context) (err error) {
	if err := errors.Join(o.stdout.flush(), o.stderr.flush()); err != nil {
		return failure(err, "", "the terminal")
	}
	if !o.nameGiven {
		o.asked = true
		if o.name, err = o.prompter.Text(ctx, "Name of the project", o.name, model.ServiceName); err != nil {
			return err
		}
	}
	if err := o.free(ctx); err != nil {
		return err
	}
	if o.module == "" {
		o.asked = true
		if o.module, err = o.prompter.Text(ctx, "Go module", moduleHost+o.name, model.ModulePath); err != nil {
			return err
		}
	}
	if len(o.entries) > 0 {
		return nil
	}
	o.asked = true
	for more := true; more; {
		entry, err := o.askEntry(ctx)
		if err != nil {
			return err
		}
		o.entries = append(o.entries, entry)
		if more, err = o.prompter.Confirm(ctx, "Another consumer?", false); err != nil {
			return err
		}
	}
	return nil
}

// askEntry asks for one consumer.
func (o *newOptions) askEntry(ctx context.Context) (render.SpecEntry, error) {
	preset := ""
	if len(o.entries) == 0 {
		preset = defaultConsumer
	}
	arg, err := o.prompter.Text(ctx, "Name of a consumer", preset, o.newConsumer)
	if err != nil {
		return render.SpecEntry{}, err
	}
	name, err := model.ConsumerName(arg)
	if err != nil {
		return render.SpecEntry{}, err
	}
	entry := defaultEntry(name)
	if entry.Mode, err = o.prompter.Choose(ctx, "Mode of "+name, modes(), entry.Mode); err != nil {
		return entry, err
	}
	entry.Path, err = o.prompter.Text(ctx, "Path of "+name, entry.Path, o.newPath)
	return entry, err
}

// newConsumer checks the answer to the question for a consumer's name.
func (o *newOptions) newConsumer(arg string) error {
	name, err := model.ConsumerName(arg)
	if err != nil {
		return err
	}
	for _, e := range o.entries {
		if e.Consumer == name {
			return errors.New("there is a consumer " + name + " already: give another name")
		}
	}
	return nil
}

// newPath checks the answer to the question for a path, by making the spec that it would give.
func (o *newOptions) newPath(path string) error {
	entries := append(o.entries[:len(o.entries):len(o.entries)], render.SpecEntry{Consumer: "wsgen_probe", Mode: string(model.Sync), Path: path})
	text, err := render.Spec(o.name, o.module, entries)
	if err != nil {
		return err
	}
	_, _, found := checkSpec(render.SpecPath, text)
	if !found.HasErrors() {
		return nil
	}
	d := found[0]
	return errors.New(strings.Trim(d.Message+": "+d.Hint, ": "))
}

// free refuses a folder that cannot be the project's, before more is asked about what would go there.
func (o *newOptions) free(ctx context.Context) error {
	target, err := o.target()
	if err != nil {
		return err
	}
	return emit.Free(ctx, target, o.flags.dryRun)
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
	for _, e := range o.entries {
		words = append(words, "--consumer", e.Consumer+":"+e.Mode+":"+e.Path)
	}
	if o.dir != "" {
		words = append(words, "--dir", o.dir)
	}
	if o.flags.chdir != "" {
		words = append(words, "-C", o.flags.chdir)
	}
	if o.run {
		words = append(words, "--run")
	}
	for i, w := range words {
		words[i] = shellWord(w)
	}
	return strings.Join(words, " ")
}
