package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

// basics are what a project begins with, said by flags or by answers. The commands new and init ask for the same.
type basics struct {
	*app
	name      string
	module    string
	consumers []string
	layer     string
	auth      string

	noun           string                      // what NAME is the name of: "project"
	inspect        func(context.Context) error // refuses what cannot be, once the name is known and before more is asked
	consumersKnown bool                        // the consumers come from elsewhere
	nameGiven      bool
	entries        []render.SpecEntry // what the consumers of the command line, or the answers, come to
	asked          bool
}

func (o *basics) register(fs *pflag.FlagSet, module string) {
	fs.StringVar(&o.module, "module", "", "Go module `PATH` of the service (default "+module+")")
	fs.StringArrayVar(&o.consumers, "consumer", nil, "a consumer to start with: `NAME[:mode[:path]]`; may be repeated (default echo:sync:/ws/echo)")
	fs.StringVar(&o.layer, "layer", "", "what carries messages to groups: `LAYER` is memory, redis or nats (default memory)")
	fs.StringVar(&o.auth, "auth", "", "how the service knows its users: `AUTH` is none, session or jwt (default none)")
}

// checkFlags refuses values that cannot be, before anything is read.
func (o *basics) checkFlags(cmd *cobra.Command) error {
	if err := refuseEmpty(cmd, "module", "layer", "auth"); err != nil {
		return err
	}
	if err := checkSetting("layer", o.layer, spec.Layers()); err != nil {
		return err
	}
	return checkSetting("auth", o.auth, spec.Auths())
}

// checkSetting refuses a value that a setting cannot have. One that is empty was not given.
func checkSetting(name, value string, known []string) error {
	if value == "" || slices.Contains(known, value) {
		return nil
	}
	wayOut := spec.DidYouMean(value, known)
	if wayOut == "" {
		wayOut = "it is one of: " + strings.Join(known, ", ")
	}
	return usage(wayOut, "--%s %s: unknown %s", name, shellWord(value), name)
}

// madeSpec makes a spec of what the command line says and of what the user answers.
func (o *basics) madeSpec(ctx context.Context) ([]byte, *model.Project, error) {
	if err := o.settle(ctx); err != nil {
		return nil, nil, err
	}
	text, err := render.Spec(o.name, o.module, o.entries, o.settings())
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

// settings returns what the command line, or the user, says of the settings.
func (o *basics) settings() render.SpecSettings {
	return render.SpecSettings{Layer: o.layer, Auth: o.auth}
}

// settle checks what the command line says, fills in what it does not, and asks where there is somebody to ask.
func (o *basics) settle(ctx context.Context) error {
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
	if o.module != "" {
		if err := model.ModulePath(o.module); err != nil {
			return usage("", "%s", err)
		}
	}
	if o.mayAsk() {
		return o.ask(ctx)
	}
	o.fill()
	return nil
}

// fill puts the defaults where nothing was said.
func (o *basics) fill() {
	if o.module == "" {
		o.module = moduleHost + o.name
	}
	if len(o.entries) == 0 && !o.consumersKnown {
		o.entries = []render.SpecEntry{defaultEntry(defaultConsumer)}
	}
}

// words returns the flags that say what the settings and the consumers are, defaults left out.
func (o *basics) words() (words []string) {
	if o.layer != "" && o.layer != spec.Layers()[0] {
		words = append(words, "--layer", o.layer)
	}
	if o.auth != "" && o.auth != spec.Auths()[0] {
		words = append(words, "--auth", o.auth)
	}
	for _, e := range o.entries {
		words = append(words, "--consumer", e.Consumer+":"+e.Mode+":"+e.Path)
	}
	return words
}

// typed returns the words as a command line, which works in the same folder as this one.
func (a *app) typed(words []string) string {
	if a.flags.chdir != "" {
		words = append(words, "-C", a.flags.chdir)
	}
	for i, w := range words {
		words[i] = shellWord(w)
	}
	return strings.Join(words, " ")
}
