// Package cmd is the command line of wsgen: one file per command, each with its options, its flags and its run function.
//
// A command reads the spec, has it rendered, and hands the files to package emit, which plans and writes. Everything a
// command knows of the world (streams, terminal, environment, the running of other programs) comes in through a host, and
// the exit code leaves as a value, so that a test can run any command in its own process.
package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Main runs the command line args (without the program's name) and returns its exit code. The first SIGINT or SIGTERM asks
// the command to stop where every file is whole; the second ends the process at once.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	stopPipe := catchBrokenPipe()
	defer stopPipe()
	return run(ctx, args, newHost(stdin, stdout, stderr))
}

// run is Main with the world as an argument.
func run(ctx context.Context, args []string, h *host) (code int) {
	a := newApp(h)
	defer func() {
		// The Go runtime would exit with 2, which is the code of a usage error.
		if r := recover(); r != nil {
			err := failure(nil, "this is a fault of wsgen: please report it with the text above", "internal error: %v", r)
			fmt.Fprintf(a.stderr, "%s\n", debug.Stack())
			code = a.finish(err)
		}
	}()
	root := newRootCmd(a)
	root.SetArgs(append([]string{}, args...)) // nil would make cobra read os.Args
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	found, err := root.ExecuteContextC(ctx)
	if found.Name() == cobra.ShellCompRequestCmd { // its output is for the shell, whatever flags are on the line it completes
		a.flags = globals{}
	}
	a.report.Command = commandName(found)
	a.flags.json = a.flags.json || err != nil && slices.Contains(args, "--json") // parsing may have ended before it
	return a.finish(err)
}

// commandName returns how a command is called, without the program's name.
func commandName(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "wsgen",
		Short: "Generate a WebSocket service in Go, and its JavaScript client, from a routing spec",
		Long: `wsgen reads a routing spec (wsgen.yaml: WebSocket paths, the consumer behind each, sync or async) and emits a
ready Go service: routing, consumer stubs, settings, a runtime, and a matching JavaScript client.

  wsgen new project updater     a project that builds, passes its tests and runs
  wsgen init                    the same in a folder, or a Go module, that is there
  wsgen add consumer chat       spec, stub, test, routing and client in one step
  wsgen undo                    take the last step back
  wsgen check                   in CI: does the tree still match the spec?
  wsgen doctor                  what is wrong with the machine or the tree?

Exit codes: 0 done · 1 internal or I/O · 2 usage · 3 invalid spec · 4 drift, or something found (check, diff, doctor) ·
5 conflict with your edits: nothing written or, by upgrade, marked in the files · 6 a guard refused · 130 interrupted`,
		Version:                    version,
		SilenceErrors:              true, // finish prints them, once and without usage
		SilenceUsage:               true,
		DisableAutoGenTag:          true,
		SuggestionsMinimumDistance: 2,
		CompletionOptions:          cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:                       subcommandArgs,
		PersistentPreRunE:          func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("wsgen {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelpCmd())
	a.flags.register(root.PersistentFlags())
	addGroup(root, "Begin", newNewCmd(a), newInitCmd(a))
	addGroup(root, "Change", newAddCmd(a), newRemoveCmd(a), newRenameCmd(a), newGenerateCmd(a), newFmtCmd(a), newUpgradeCmd(a), newUndoCmd(a))
	addGroup(root, "Look, and change nothing", newCheckCmd(a), newDiffCmd(a), newRoutesCmd(a), newValidateCmd(a), newExplainCmd(a), newDoctorCmd(a))
	addGroup(root, "For editors and shells", newSchemaCmd(a), newCompletionCmd(a), newVersionCmd(a))
	root.SetHelpCommandGroupID("For editors and shells")
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	completeFlags(a, root)
	return root
}

// addGroup adds commands that the help lists under a title.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title + ":"})
	for _, c := range commands {
		c.GroupID = title
	}
	root.AddCommand(commands...)
}

// newHelpCmd replaces cobra's own, which exits with 0 after a topic that does not exist.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND]",
		Short:             "Help about any command",
		ValidArgsFunction: completeCommands,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return unknownCommand(found, rest[0])
			}
			return found.Help()
		},
	}
}
