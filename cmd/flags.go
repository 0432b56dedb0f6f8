package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsgen/generator/spec"
)

// globals are the flags that every command takes.
type globals struct {
	dryRun  bool
	diff    bool
	json    bool
	yes     bool
	noInput bool
	force   bool
	quiet   bool
	verbose bool
	chdir   string
	color   choice
}

func (g *globals) register(fs *pflag.FlagSet) {
	g.color = choice{value: "auto", allowed: []string{"auto", "always", "never"}}
	fs.BoolVarP(&g.dryRun, "dry-run", "n", false, "show the plan and write nothing; exits as the real run would")
	fs.BoolVar(&g.diff, "diff", false, "add a unified diff of every change to the output")
	fs.BoolVar(&g.json, "json", false, "print one JSON object instead of text")
	fs.BoolVarP(&g.yes, "yes", "y", false, "ask nothing: take the default of every question")
	fs.BoolVar(&g.noInput, "no-input", false, "never ask; an answer that has no default is an error")
	fs.BoolVar(&g.force, "force", false, "go on where an edit of yours is in the way, and keep its text in .wsgen/local/trash")
	fs.StringVarP(&g.chdir, "chdir", "C", "", "work as if started in `DIR`")
	fs.Var(&g.color, "color", "colour the output: auto, always or never")
	fs.BoolVarP(&g.quiet, "quiet", "q", false, "print only results and errors")
	fs.BoolVarP(&g.verbose, "verbose", "v", false, "list every file, also those that stay as they are")
}

// choice is a flag with a closed set of values.
type choice struct {
	value   string
	allowed []string
}

// String returns the value, for pflag.
func (c *choice) String() string { return c.value }

// Type names the kind of value in the help text, for pflag.
func (c *choice) Type() string { return strings.Join(c.allowed, "|") }

// values returns what the flag can be, for completion.
func (c *choice) values() []string { return c.allowed }

// Set takes a value of the set and refuses every other, for pflag.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return fmt.Errorf("it is one of %s", strings.Join(c.allowed, ", "))
	}
	c.value = s
	return nil
}

// flagError turns what pflag says into a usage error that names the flag meant, where one is near.
func flagError(cmd *cobra.Command, err error) error {
	help := "see: " + cmd.CommandPath() + " --help"
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usage(help, "%s", err)
	}
	name, near := "--"+unknown.GetSpecifiedName(), ""
	if letters := unknown.GetSpecifiedShortnames(); letters != "" {
		name, near = "-"+unknown.GetSpecifiedName(), shorthandMeant(cmd, letters, unknown.GetSpecifiedName())
	} else if long := nearest(unknown.GetSpecifiedName(), flagNames(cmd)); long != "" {
		near = "--" + long
	}
	if near != "" {
		help = "did you mean " + near + "? " + help
	}
	return usage(help, "unknown flag %s for %s", harmless(name), cmd.CommandPath())
}

// shorthandMeant returns the flag that was most likely meant by letters behind a single dash, of which one is unknown: a long flag
// that lacks a dash, the same letter in the other case, or the only flag that begins with it.
func shorthandMeant(cmd *cobra.Command, letters, unknown string) string {
	long, _, _ := strings.Cut(letters, "=")
	if near := spec.Suggest(long, flagNames(cmd)); len(long) > 2 && near != "" {
		return "--" + near
	}
	meant := []string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Hidden:
		case strings.EqualFold(f.Shorthand, unknown):
			meant = slices.Insert(meant, 0, "-"+f.Shorthand)
		case strings.HasPrefix(f.Name, unknown):
			meant = append(meant, "--"+f.Name)
		}
	})
	if len(meant) == 1 || len(meant) > 0 && !strings.HasPrefix(meant[0], "--") {
		return meant[0]
	}
	return ""
}

// nearest returns the name that is near the one that was typed, or that alone begins with it, or "".
func nearest(typed string, names []string) string {
	if near := spec.Suggest(typed, names); near != "" || typed == "" {
		return near
	}
	begin := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, typed) })
	if len(begin) != 1 {
		return ""
	}
	return begin[0]
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// refuseEmpty returns an error for each of the named flags that was given without a value, as in --dir "": nobody means the
// default by that.
func refuseEmpty(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed && f.Value.String() == "" {
			return usage("give it a value or leave it out", "the value of --%s is empty", name)
		}
	}
	return nil
}

// noArgs refuses every argument.
func noArgs(cmd *cobra.Command, args []string) error { return maxArgs(0)(cmd, args) }

// maxArgs refuses more than n arguments and names the first that is too many.
func maxArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		return usage("usage: "+cmd.UseLine(), "unexpected argument %q for %s", args[n], cmd.CommandPath())
	}
}

// subcommandArgs refuses an argument of a command that has only subcommands: it is one that does not exist.
func subcommandArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(cmd, args[0])
}

func unknownCommand(cmd *cobra.Command, name string) error {
	wayOut := "see: " + cmd.CommandPath() + " --help"
	if slices.Contains(planned(), name) {
		return usage(wayOut, "%s %s is not supported by this version", cmd.CommandPath(), name)
	}
	if near := commandMeant(cmd, name); near != "" {
		wayOut = fmt.Sprintf("did you mean %s %s? %s", cmd.CommandPath(), near, wayOut)
	}
	return usage(wayOut, "unknown command %q for %s", name, cmd.CommandPath())
}

// commandMeant returns the command below cmd that a name most likely stands for: the nearest one, or one that begins so.
func commandMeant(cmd *cobra.Command, name string) string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(append(names, c.Name()), c.Aliases...)
		}
	}
	if near := spec.Suggest(name, names); near != "" {
		return near
	}
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return near[0]
	}
	return ""
}

// planned returns the commands that are part of the design and not built yet. Messages of other packages may name them.
func planned() []string { return []string{"export", "import", "dev", "connect", "message"} }
