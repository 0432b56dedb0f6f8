package cmd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

// Completions are asked for by the shell while somebody types, so that none of these functions prints anything or fails: a spec
// that is broken gives what can be read of it, and no project gives nothing.

// completeConsumers offers the consumers of the project the user stands in, those aside that stand on the command line already.
func completeConsumers(a *app) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		file := a.specToComplete(cmd)
		var names []cobra.Completion
		for _, c := range file.Consumers {
			name := c.Name.Value
			// Only a legal name: the spec may be a stranger's, and what is completed stands on the user's command line.
			if legal, err := model.ConsumerName(name); err != nil || legal != name || slices.Contains(args, name) {
				continue
			}
			names = append(names, cobra.CompletionWithDesc(name, c.Mode.Value))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeRoutes offers the paths of the project the user stands in, those aside that stand on the command line already.
func completeRoutes(a *app) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		file := a.specToComplete(cmd)
		var paths []cobra.Completion
		for _, r := range file.Routes {
			if path := r.Path.Value; isPlainPath(path) && !slices.Contains(args, path) {
				paths = append(paths, cobra.CompletionWithDesc(path, harmless(r.Consumer.Value)))
			}
		}
		return paths, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeModes offers the two modes of a consumer.
func completeModes(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{
		cobra.CompletionWithDesc(string(model.Sync), "one handler at a time on a socket, in order"),
		cobra.CompletionWithDesc(string(model.Async), "handlers of a socket overlap"),
	}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeCodes offers the codes of the diagnostics, spelt as the user has begun: WS01…, ws01… or 01….
func completeCodes(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var codes []cobra.Completion
	for _, e := range spec.Explanations() {
		code := e.Code
		if begun != "" && unicode.IsDigit(rune(begun[0])) {
			code = strings.TrimPrefix(code, "WS")
		}
		if len(begun) <= len(code) && strings.EqualFold(begun, code[:len(begun)]) {
			codes = append(codes, cobra.CompletionWithDesc(begun+code[len(begun):], e.Title))
		}
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}

// onlyFirst completes the first argument alone: where a command takes one name, or a new one after it.
func onlyFirst(f cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return f(cmd, args, begun)
	}
}

// completeExamples offers the examples that a project can start from.
func completeExamples(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	names, err := render.Examples()
	if err != nil { // a fault of wsgen, which new reports
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeSpecs leaves the one FILE that a command takes to the shell.
func completeSpecs(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// completeCommands offers what help can be asked about.
func completeCommands(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	above, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, c := range above.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeFlags has the values of every flag of cmd, and of the commands below it, completed: by the flag's name, since a name
// means the same with every command, or from the closed set of its values. A flag that has no completion of its own gets none.
func completeFlags(a *app, cmd *cobra.Command) {
	byName := map[string]cobra.CompletionFunc{
		"mode":    completeModes,
		"layer":   cobra.FixedCompletions(spec.Layers(), cobra.ShellCompDirectiveNoFileComp),
		"auth":    cobra.FixedCompletions(spec.Auths(), cobra.ShellCompDirectiveNoFileComp),
		"example": completeExamples,
		"to":      completeConsumers(a),
		"match":   completeRoutes(a),
		"spec":    cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		"dir":     cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		"chdir":   cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
	}
	visit := func(f *pflag.Flag) {
		complete := byName[f.Name]
		if set, ok := f.Value.(interface{ values() []string }); ok {
			complete = cobra.FixedCompletions(set.values(), cobra.ShellCompDirectiveNoFileComp)
		}
		if _, given := cmd.GetFlagCompletionFunc(f.Name); complete != nil && !given {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // fails for a flag that is not there, or is registered
		}
	}
	cmd.PersistentFlags().VisitAll(visit)
	cmd.Flags().VisitAll(visit)
	for _, c := range cmd.Commands() {
		completeFlags(a, c)
	}
}

// specToComplete returns what can be read of the project's spec: an empty one where there is no project.
func (a *app) specToComplete(cmd *cobra.Command) *spec.File {
	dir, err := a.findProject()
	if err != nil {
		return &spec.File{}
	}
	path := filepath.Join(dir, render.SpecPath)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // a pipe would keep the shell waiting
		return &spec.File{}
	}
	source, err := a.readSpec(cmd.Context(), path)
	if err != nil {
		return &spec.File{}
	}
	file, _ := spec.Parse(render.SpecPath, source)
	return file
}

// isPlainPath reports whether a path is made of the characters that a route can have: none of them means something to a shell,
// and neither does a pair of braces around a single word.
func isPlainPath(path string) bool {
	plain := func(text, more string) bool {
		return !strings.ContainsFunc(text, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && !strings.ContainsRune(more, r)
		})
	}
	for _, segment := range strings.Split(path, "/") {
		if inner, ok := strings.CutPrefix(segment, "{"); ok && plain(strings.TrimSuffix(inner, "}"), "_:") {
			continue
		}
		if !plain(segment, "-._~@:+,=") {
			return false
		}
	}
	return strings.HasPrefix(path, "/")
}
