package cmd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bashWithCompletion starts a bash that has read the completion script, and nothing else, in dir.
func bashWithCompletion(t *testing.T, dir string) *console {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("bash is not installed")
		}
		t.Skip("bash is not installed")
	}
	command := exec.CommandContext(t.Context(), bash, "--norc", "--noprofile", "-i")
	command.Dir = dir
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "INPUTRC=/dev/null", "PS1=> ", "CI=", "GORACE="+quickEnd)
	c := startOnConsole(t, command, []string{"TERM=dumb"})
	c.awaits("> ")
	c.types(`eval "$(wsgen completion bash)"; echo rea''dy` + "\r")
	c.awaits("ready")
	c.awaits("> ")
	return c
}

// pressed types keys, takes the line back, and returns what was printed meanwhile.
func (c *console) pressed(keys string) string {
	c.t.Helper()
	c.types(keys + "\x15echo e''nd\r") // control and U: the line is empty again
	before := c.untilSeen("\nend\r")
	c.awaits("> ")
	return before
}

// untilSeen waits until text was printed, and returns everything up to it, which is then forgotten.
func (c *console) untilSeen(text string) string {
	c.t.Helper()
	deadline := time.After(time.Minute)
	for {
		c.mu.Lock()
		before, after, found := bytes.Cut(c.seen, []byte(text))
		if found {
			c.seen = after
		}
		c.mu.Unlock()
		if found {
			return string(before)
		}
		select {
		case <-c.more:
		case <-deadline:
			c.t.Fatalf("%q was not printed, but %q", text, c.printed())
		}
	}
}

// TestBashCompletes presses the tab key in a real bash.
func TestBashCompletes(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "project", "updater", "--consumer", "chat:async:/ws/chat/{room:slug}", "--consumer", "news")
	project := filepath.Join(dir, "updater")
	c := bashWithCompletion(t, project)

	for _, press := range []struct {
		keys string
		want []string
	}{
		{"wsgen remove consumer \t\t", []string{"chat  (async)", "news  (sync)"}},
		{"wsgen remove consumer n\t", []string{"wsgen remove consumer news "}},
		{"wsgen add route /ws/more --to \t\t", []string{"chat  (async)", "news  (sync)"}},
		{"wsgen add consumer x --mode=\t\t", []string{"sync", "async"}},
		{"wsgen explain WS031\t\t", []string{"WS0310", "WS0313", "two routes match the same paths"}},
		{"wsgen val\t", []string{"wsgen validate "}},
		{"wsgen validate ws\t", []string{"wsgen validate wsgen.yaml "}},
		{"wsgen -C ro\t", []string{"wsgen -C routing/"}},
		{"wsgen generate --dr\t", []string{"wsgen generate --dry-run "}},
	} {
		printed := c.pressed(press.keys)
		for _, want := range press.want {
			if !strings.Contains(printed, want) {
				t.Errorf("%q does not show %q, but %q", press.keys, want, printed)
			}
		}
	}

	// A path with braces and a colon arrives as it stands in the spec.
	c.types("wsgen routes --match /ws/c\t\r")
	c.awaits("{room:slug}: 404")
	c.awaits("> ")

	// Nothing disturbs the line where there is nothing to say.
	for _, broken := range []string{"a: [", "\t", ""} {
		if err := os.WriteFile(filepath.Join(project, "wsgen.yaml"), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		keys := "wsgen add route /ws/more --to \t\t"
		if printed := strings.ReplaceAll(c.pressed(keys), "\a", ""); strings.Contains(printed, "\n") {
			t.Errorf("with the spec %q this is printed: %q", broken, printed)
		}
	}
	c.types("exit\r")
	if code := c.exits(); code != 0 {
		t.Errorf("bash ended with %d", code)
	}
}
