package cmd

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"wsgen/generator/render"
)

type validateOptions struct {
	*app
	format format
	path   string // "-" is standard input; empty is the project's own spec
}

func newValidateCmd(a *app) *cobra.Command {
	o := &validateOptions{app: a}
	cmd := &cobra.Command{
		Use:               "validate [FILE]",
		Short:             "Check a spec alone: wsgen.yaml, FILE, or - for standard input; exit 3 if it is invalid",
		ValidArgsFunction: completeSpecs,
		Args:              maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.path = args[0]
				if o.path == "" {
					return usage("usage: "+cmd.UseLine(), "the path of the spec is empty")
				}
			}
			return runValidate(cmd.Context(), o)
		},
	}
	o.format.register(cmd.Flags())
	return cmd
}

func runValidate(ctx context.Context, o *validateOptions) error {
	if err := o.format.settle(o.app); err != nil {
		return err
	}
	path, name, err := o.locate()
	if err != nil {
		return err
	}
	source, err := o.readSpec(ctx, path)
	if err != nil {
		return err
	}
	_, m, err := o.parseSpec(name, source)
	if o.format.value == formatGitHub {
		o.annotateSpec(path)
	}
	if err != nil {
		return err
	}
	if o.format.value == formatText {
		streams := ""
		if len(m.Streams) > 0 {
			streams = ", " + counted(len(m.Streams), "stream")
		}
		o.notef("%s is valid: %s, %s%s\n", name, counted(len(m.Routes), "route"), counted(len(m.Consumers), "consumer"), streams)
	}
	if o.path == "" {
		o.suggest("wsgen generate")
	} else if o.path != "-" {
		o.suggest("wsgen new project --spec %s", shellWord(o.path))
	}
	return nil
}

// locate returns where the spec is and how messages call it.
func (o *validateOptions) locate() (path, name string, err error) {
	switch o.path {
	case "":
		dir, err := o.findProject()
		if err != nil {
			return "", "", err
		}
		path = filepath.Join(dir, render.SpecPath)
		return path, o.shown(path), nil
	case "-":
		return "-", "standard input", nil
	}
	path, err = filepath.Abs(o.app.path(o.path))
	if err != nil {
		return "", "", failure(err, "", "the working directory")
	}
	return path, o.shown(path), nil
}
