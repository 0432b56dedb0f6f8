package cmd

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// everyCommand calls f with each command of wsgen, and with what is typed to reach it.
func everyCommand(f func(cmd *cobra.Command, words []string)) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		f(cmd, strings.Fields(cmd.CommandPath())[1:])
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRootCmd(newApp(&host{})))
}

// mistyped runs a command line that is wrong, and returns what it says about that.
func mistyped(t *testing.T, words ...string) string {
	t.Helper()
	_, stderr, code := runWith(t, false, words...)
	if code != exitUsage {
		t.Errorf("wsgen %s exits with %d, want %d", strings.Join(words, " "), code, exitUsage)
	}
	return stderr
}

// TestMistypedFlags types every flag of every command without its second letter, and with one dash in place of two.
func TestMistypedFlags(t *testing.T) {
	everyCommand(func(cmd *cobra.Command, words []string) {
		cmd.InheritedFlags() // has the command take over the flags of those above it
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || len(f.Name) < 4 || f.Name == "help" {
				return
			}
			want := "did you mean --" + f.Name + "?"
			typed := "--" + f.Name[:1] + f.Name[2:]
			if said := mistyped(t, append(words, typed)...); !strings.Contains(said, "unknown flag "+typed+" for "+cmd.CommandPath()+"\n") ||
				!strings.Contains(said, want) {
				t.Errorf("wsgen %s %s: %s", strings.Join(words, " "), typed, said)
			}
			if cmd.Flags().ShorthandLookup(f.Name[:1]) != nil {
				return // -color is -c and its value, were there a -c
			}
			if said := mistyped(t, append(words, "-"+f.Name)...); !strings.Contains(said, want) {
				t.Errorf("wsgen %s -%s: %s", strings.Join(words, " "), f.Name, said)
			}
		})
	})
}

// TestBegunFlags types the beginning of a flag, of which there may be others.
func TestBegunFlags(t *testing.T) {
	for typed, want := range map[string]string{"--dry": "did you mean --dry-run?", "--no-in": "did you mean --no-input?", "--d": "see: wsgen generate"} {
		if said := mistyped(t, "generate", typed); !strings.Contains(said, "  "+want) {
			t.Errorf("wsgen generate %s: %s", typed, said)
		}
	}
}

// TestMistypedShorthands types letters that no flag has.
func TestMistypedShorthands(t *testing.T) {
	for typed, want := range map[string]string{
		"-c": "did you mean -C?", "-N": "did you mean -n?", "-j": "did you mean --json?", "-nj": "did you mean --json?",
		"-Q": "did you mean -q?", "-z": "see: wsgen generate --help", "-\x1b": "unknown flag -\ufffd",
	} {
		said := mistyped(t, "generate", typed)
		if !strings.Contains(said, want) || strings.Contains(said, "\x1b") || typed == "-z" && strings.Contains(said, "did you mean") {
			t.Errorf("wsgen generate %q: %s", typed, said)
		}
	}
}

// TestMistypedCommands types every command without its second letter.
func TestMistypedCommands(t *testing.T) {
	everyCommand(func(cmd *cobra.Command, words []string) {
		if len(words) == 0 || cmd.Parent().Name() == "new" { // whatever stands there is the name of the project
			return
		}
		last := len(words) - 1
		typed := append(append([]string{}, words[:last]...), words[last][:1]+words[last][2:])
		if said := mistyped(t, typed...); !strings.Contains(said, "did you mean "+cmd.CommandPath()+"?") {
			t.Errorf("wsgen %s: %s", strings.Join(typed, " "), said)
		}
	})
}
