package cmd

import (
	"context"
	"errors"
	"strings"

	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

// ask puts the questions that the command line left open.
func (o *basics) ask(ctx context.Context) (err error) {
	if err := o.flush(); err != nil {
		return err
	}
	if !o.nameGiven {
		o.asked = true
		if o.name, err = o.prompter.Text(ctx, "Name of the "+o.noun, o.name, model.ServiceName); err != nil {
			return err
		}
	}
	if err := o.inspect(ctx); err != nil {
		return err
	}
	if o.module == "" {
		o.asked = true
		if o.module, err = o.prompter.Text(ctx, "Go module", moduleHost+o.name, model.ModulePath); err != nil {
			return err
		}
	}
	if len(o.entries) > 0 || o.consumersKnown {
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
	return o.askSettings(ctx)
}

// flush shows what was printed so far, which a question is not to overtake.
func (a *app) flush() error {
	if err := errors.Join(a.stdout.flush(), a.stderr.flush()); err != nil {
		return failure(err, "", "the terminal")
	}
	return nil
}

// askSettings asks for what decides which packages the project has.
func (o *basics) askSettings(ctx context.Context) (err error) {
	for _, q := range []struct {
		question string
		options  []string
		answer   *string
	}{
		{"Messages to groups go through", spec.Layers(), &o.layer},
		{"Users are known by", spec.Auths(), &o.auth},
	} {
		if *q.answer != "" {
			continue
		}
		if *q.answer, err = o.prompter.Choose(ctx, q.question, q.options, q.options[0]); err != nil {
			return err
		}
	}
	return nil
}

// askEntry asks for one consumer.
func (o *basics) askEntry(ctx context.Context) (render.SpecEntry, error) {
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
func (o *basics) newConsumer(arg string) error {
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
func (o *basics) newPath(path string) error {
	entries := append(o.entries[:len(o.entries):len(o.entries)], render.SpecEntry{Consumer: "wsgen_probe", Mode: string(model.Sync), Path: path})
	text, err := render.Spec(o.name, o.module, entries, render.SpecSettings{})
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
