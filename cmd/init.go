package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/render"
)

type initOptions struct {
	*basics
	site     *site
	leaveOut map[string]string // files that are not written, and why: the user has the same by another name
}

func newInitCmd(a *app) *cobra.Command {
	o := &initOptions{basics: &basics{app: a, noun: "service"}}
	cmd := &cobra.Command{
		Use:   "init [NAME]",
		Short: "Make a project in a folder that holds something already, adding only",
		Long: `Add a service to the Go module in this folder, or make one in a folder that holds a README, a LICENSE and a repository.
Nothing that is there is changed, but for what go.mod and go.sum lack: a README, a Makefile, a Dockerfile or a workflow of yours
stays, and so does main.go, for which the lines that mount the service are printed. Where something collides with a file of the
service, all of it is listed and nothing is written.

  wsgen init
  wsgen init updater --layer redis --consumer 'chat:async:/ws/chat/{room:slug}'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.nameGiven = len(args) > 0; o.nameGiven {
				o.name = args[0]
			}
			return maxArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.checkFlags(cmd); err != nil {
				return err
			}
			return runInit(cmd.Context(), o)
		},
	}
	o.register(cmd.Flags(), "that of go.mod, else example.com/NAME")
	return cmd
}

func runInit(ctx context.Context, o *initOptions) error {
	dir, err := filepath.Abs(o.path("."))
	if err != nil {
		return failure(err, "", "the working directory")
	}
	o.report.Root = dir
	tree, err := o.begin(ctx, dir)
	if err != nil || tree == nil {
		return err
	}
	if o.site, err = o.survey(dir); err != nil {
		return err
	}
	if err := o.settleName(); err != nil {
		return err
	}
	o.inspect = func(context.Context) error { // nobody is asked about a service that cannot be there
		_, err := o.prepare(tree, nil)
		return err
	}
	if o.module == "" && !o.mayAsk() {
		o.module = moduleHost + o.name
	}
	text, m, err := o.madeSpec(ctx)
	if err != nil {
		return err
	}
	plan, err := o.prepare(tree, &made{text, m})
	if err != nil {
		return err
	}
	if _, err := o.carryOut(ctx, tree, plan); err != nil {
		return err
	}
	o.conclude(plan, m)
	return nil
}

// made is a spec and what it says.
type made struct {
	text  []byte
	model *model.Project
}

// begin opens the folder. A run that was interrupted in there is ended first, as openTree does.
func (o *initOptions) begin(ctx context.Context, dir string) (*emit.Tree, error) {
	tree, err := emit.Begin(dir)
	if err != nil {
		return nil, err
	}
	if tree.Interrupted() != nil {
		if o.flags.dryRun {
			if tree, err = o.foretell(tree); err != nil || tree == nil {
				return nil, err
			}
		} else {
			what, err := tree.Recover(ctx)
			if err != nil {
				return nil, err
			}
			o.report.Recovered = what
			o.notef("recovered: %s\n", what)
		}
	}
	_, err = os.Lstat(filepath.Join(dir, render.SpecPath))
	switch {
	case err == nil:
		return nil, usage("bring the project in line with it: wsgen generate; or add to it: wsgen add consumer NAME",
			"there is a %s already in %s", render.SpecPath, o.shown(dir))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, failure(err, "", "looking for %s", render.SpecPath)
	}
	if o.report.Recovered == "" {
		return tree, nil
	}
	return emit.Begin(dir)
}

// settleName finds a name for the service where none was given: that of the folder, made fit.
func (o *initOptions) settleName() error {
	if !o.nameGiven {
		o.name = o.site.fitName()
		return nil
	}
	if err := model.ServiceName(o.name); err != nil {
		return usage("", "%s", err)
	}
	if o.site.holds(o.name) {
		return usage("give it another name, as in: wsgen init "+o.name+"-service",
			"the binary of the service would be called %s, and something of that name stands in %s", o.name, o.shown(o.site.dir))
	}
	return nil
}

// prepare returns the plan of the service, or the error that names everything in its way. Where the spec is not made yet it looks
// for what is in the way of every service.
func (o *initOptions) prepare(tree *emit.Tree, spec *made) (*emit.Plan, error) {
	if spec == nil {
		module := o.module
		if module == "" {
			module = moduleHost + defaultName
		}
		text, err := render.Spec(o.name, module, nil, o.settings())
		if err != nil {
			return nil, err
		}
		if _, m, _ := checkSpec(render.SpecPath, text); m != nil {
			spec = &made{text, m}
		} else {
			return nil, nil // what is wrong with it is told once all of it is known
		}
	}
	files, err := projectFiles(spec.model, nil, spec.text)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if f.Path == "go.sum" {
			files[i].Render = everyLine(f.Render)
		}
	}
	options := o.options("init")
	options.Force = false // there is nothing to force: what is in the way is the user's
	var inCapitals []finding
	o.leaveOut, inCapitals = o.site.alike(files)
	options.LeaveOut = o.leaveOut
	plan, err := tree.Plan(files, options)
	if err != nil {
		return nil, err
	}
	found, err := o.site.collisions(files, plan)
	if err != nil {
		return nil, err
	}
	found = append(found, inCapitals...)
	slices.SortStableFunc(found, func(a, b finding) int { return strings.Compare(a.Path, b.Path) })
	if len(found) == 0 {
		return plan, nil
	}
	o.report.addPlan(plan, o.flags.diff)
	o.report.Findings = found
	return nil, o.inTheWay(found)
}

// inTheWay is the error that lists what collides.
func (o *initOptions) inTheWay(found []finding) error {
	var b strings.Builder
	for _, f := range found {
		b.WriteString("\n  " + f.Path + ": " + f.Fact + "\n      " + f.WayOut)
	}
	return &problem{
		code:   exitGuard,
		fact:   "the service cannot be made in " + o.shown(o.site.dir) + ": " + counted(len(found), "thing") + " in the way; nothing is written" + b.String(),
		wayOut: "or make the service in a folder of its own: wsgen new project NAME",
	}
}

// conclude says what the user has to know and to do once the service is there.
func (o *initOptions) conclude(plan *emit.Plan, m *model.Project) {
	kept := map[string]bool{}
	var names []string
	for _, op := range plan.Ops {
		if op.Action == emit.Keep && op.Owner == render.Yours {
			kept[op.Path] = true
			if o.leaveOut[op.Path] == "" {
				names = append(names, op.Path)
			}
		}
	}
	if len(names) > 0 {
		o.notef("yours, and kept as they are: %s\n", strings.Join(names, ", "))
	}
	if lines := leftOut(plan, o.leaveOut); len(lines) > 0 {
		o.notef("left out: %s\n", strings.Join(lines, ", "))
	}
	if o.asked {
		o.notef("the same without questions:\n  %s\n", o.commandLine())
	}
	for _, note := range o.site.notes(m) {
		o.warnf("%s", note)
	}
	run := firstRun(m)
	if kept["Makefile"] || kept["Dockerfile"] || kept["compose.yaml"] {
		run = "go test ./..." // the other commands read these files
	}
	if kept["main.go"] {
		pkg, beside := o.site.mainPackage()
		text, serve := mountText(m, pkg, beside)
		o.report.Mount = text
		o.notef("%s", mountHelp(text, serve))
		run = "mount the service as shown above, then: go run ."
	}
	switch {
	case o.flags.dryRun:
		o.suggest("%s", o.commandLine())
	default:
		o.suggest("%s%s%s", enter(o.shown(o.site.dir)), o.site.first(), run)
	}
}

// commandLine returns the command that does the same without a question.
func (o *initOptions) commandLine() string {
	words := []string{"wsgen", "init", o.name}
	if o.site.mod == nil {
		words = append(words, "--module", o.module)
	}
	return o.typed(append(words, o.words()...))
}
