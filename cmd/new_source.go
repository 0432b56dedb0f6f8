package cmd

import (
	"context"
	"path/filepath"
	"strings"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

// source returns the files of the new project and its model. They come from an example, from the user's own spec, or from a
// spec made of flags and answers.
func (o *newOptions) source(ctx context.Context) ([]render.File, *model.Project, error) {
	if o.example != "" {
		return o.fromExample(ctx)
	}
	read := o.madeSpec
	if o.spec != "" {
		read = o.givenSpec
	}
	text, m, err := read(ctx)
	if err != nil {
		return nil, nil, err
	}
	files, err := projectFiles(m, nil, text)
	return files, m, err
}

// fromExample returns an example under the name and the module that the command line or the user gives it.
func (o *newOptions) fromExample(ctx context.Context) ([]render.File, *model.Project, error) {
	e, err := o.findExample()
	if err != nil {
		return nil, nil, err
	}
	file, own, err := o.parseSpec(e.Name+"/"+render.SpecPath, e.Spec)
	if err != nil {
		return nil, nil, err
	}
	if !o.nameGiven {
		o.name = own.Service
	}
	o.consumersKnown = true
	if err := o.settle(ctx); err != nil {
		return nil, nil, err
	}
	text, err := file.Rename(o.name, o.module)
	if err != nil {
		return nil, nil, err
	}
	if section := o.settings().Section(); section != "" { // of which no example has one
		text = append(text, "\n"+section...)
	}
	_, m, found := checkSpec(render.SpecPath, text)
	if m == nil {
		return nil, nil, &specError{file: file, diagnostics: found, argument: "what was asked for"}
	}
	plain, err := projectFiles(m, nil, text)
	if err != nil {
		return nil, nil, err
	}
	files, err := e.Files(m, plain, own.Module)
	return files, m, err
}

// findExample returns the example of --example, and refuses what contradicts it.
func (o *newOptions) findExample() (*render.Example, error) {
	switch {
	case o.spec != "":
		return nil, usage("leave one of the two out", "--example and --spec contradict each other: an example has a spec of its own")
	case o.auth != "":
		return nil, usage("leave --auth out, or write it into the spec afterwards",
			"--auth and --example contradict each other: the page of the example %s has nowhere to log in", o.example)
	case len(o.consumers) > 0:
		return nil, usage("leave --consumer out, or add it afterwards with: wsgen add consumer",
			"--consumer and --example contradict each other: the consumers are those of the example %s", o.example)
	}
	e, err := render.FindExample(o.example)
	if err != nil || e != nil {
		return e, err
	}
	names, err := render.Examples()
	if err != nil {
		return nil, err
	}
	wayOut := spec.DidYouMean(o.example, names)
	if wayOut == "" {
		wayOut = "there is: " + strings.Join(names, ", ")
	}
	return nil, usage(wayOut, "--example %s: there is no such example", shellWord(o.example))
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
	for _, setting := range []struct{ name, given, says string }{{"layer", o.layer, m.Layer}, {"auth", o.auth, m.Auth}} {
		if setting.given != "" && setting.given != setting.says {
			return nil, nil, usage("leave --"+setting.name+" out or change the spec",
				"--%s %s contradicts %s, where %s is %s", setting.name, setting.given, name, setting.name, setting.says)
		}
	}
	o.name, o.module = m.Service, m.Module
	return text, m, nil
}

// free refuses a folder that cannot be the project's, before more is asked about what would go there.
func (o *newOptions) free(ctx context.Context) error {
	target, err := o.target()
	if err != nil {
		return err
	}
	return emit.Free(ctx, target, o.flags.dryRun)
}
