package cmd

import (
	"bytes"

	"github.com/spf13/cobra"
)

// shell is a shell that wsgen can complete for.
type shell struct {
	name    string
	install string // what a user runs, or writes where
	script  func(root *cobra.Command, w *bytes.Buffer) error
}

func shells() []shell {
	return []shell{
		{"bash", "add to ~/.bashrc:  eval \"$(wsgen completion bash)\"",
			func(root *cobra.Command, w *bytes.Buffer) error {
				w.WriteString(bashStandIns)
				return root.GenBashCompletionV2(w, true)
			}},
		{"zsh", "add to ~/.zshrc, after compinit:  source <(wsgen completion zsh)",
			func(root *cobra.Command, w *bytes.Buffer) error { return root.GenZshCompletion(w) }},
		{"fish", "run once:  wsgen completion fish > ~/.config/fish/completions/wsgen.fish",
			func(root *cobra.Command, w *bytes.Buffer) error { return root.GenFishCompletion(w, true) }},
		{"powershell", "add to $PROFILE:  wsgen completion powershell | Out-String | Invoke-Expression",
			func(root *cobra.Command, w *bytes.Buffer) error { return root.GenPowerShellCompletionWithDesc(w) }},
	}
}

func newCompletionCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Print the script that lets a shell complete commands, flags, consumers, routes, modes and codes. SHELL is bash, zsh, fish or
powershell. The script asks wsgen itself, so that it fits every later version too.
`,
		Args: subcommandArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage("usage: wsgen completion bash|zsh|fish|powershell", "the name of the shell is missing")
		},
	}
	for _, s := range shells() {
		cmd.Long += "\n  " + s.install
		cmd.AddCommand(&cobra.Command{
			Use:   s.name,
			Short: "Print the completion script of " + s.name,
			Long:  "Print the completion script of " + s.name + ". To have it in every shell,\n\n  " + s.install,
			Args:  noArgs,
			RunE:  func(cmd *cobra.Command, _ []string) error { return runCompletion(a, cmd.Root(), s) },
		})
	}
	return cmd
}

func runCompletion(a *app, root *cobra.Command, s shell) error {
	var script bytes.Buffer
	if err := s.script(root, &script); err != nil {
		return failure(err, "", "write the completion script of %s", s.name)
	}
	a.report.Script = script.String()
	a.resultf("%s", script.String())
	return nil
}

// bashStandIns are for a bash without the package bash-completion, as in a container: the script calls these functions of its, and
// without them every press of the tab key would print an error. Where the package is there, and wherever it comes later, its own
// are used. They are simpler: they know no quotes.
const bashStandIns = `# Stand-ins for two functions of the package bash-completion, where it is not installed.
if ! declare -F _get_comp_words_by_ref >/dev/null; then
_get_comp_words_by_ref()
{
    # Bash splits words at : and = as well; these are split at white space alone.
    local line=${COMP_LINE:0:COMP_POINT}
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
    prev=${words[cword > 0 ? cword - 1 : 0]}
}
fi
if ! declare -F _filedir >/dev/null; then
_filedir()
{
    local kind=-f
    [[ ${1-} == -d ]] && kind=-d
    compopt -o filenames 2>/dev/null
    local name
    while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen "$kind" -- "$cur")
}
fi

`
