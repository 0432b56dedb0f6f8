package cmd

import (
	"path/filepath"
	"strings"
	"testing"
)

// respec replaces a text of a project's spec.
func respec(t *testing.T, dir, old, new string) {
	t.Helper()
	text := read(t, filepath.Join(dir, "wsgen.yaml"))
	if !strings.Contains(text, old) {
		t.Fatalf("no %q in\n%s", old, text)
	}
	write(t, dir, "wsgen.yaml", strings.ReplaceAll(text, old, new))
}

// follow runs generate, and then what each command names as the next, until that is none of wsgen's own. It returns the commands.
func follow(t *testing.T, dir string) []string {
	t.Helper()
	said := []string{"wsgen generate"}
	for len(said) < 5 {
		args, own := strings.CutPrefix(said[len(said)-1], "wsgen ")
		if !own {
			return said
		}
		_, errs := must(t, append(strings.Fields(args), "-C", dir)...)
		_, next, _ := strings.Cut(errs, "next: ")
		said = append(said, strings.TrimSpace(next))
	}
	t.Fatalf("without end: %q", said)
	return nil
}

// TestChangedSpecBuilds: after a change of the spec by hand that files of the user's depend on, what generate names as the next step
// leads to a project that builds and passes its tests, as long as nobody edited them; undo brings back every byte.
func TestChangedSpecBuilds(t *testing.T) {
	for _, c := range []struct{ name, auth, old, new, gone string }{
		{"no auth any more", "session", "auth: session", "auth: none", "login/login.go"},
		{"another auth", "session", "auth: session", "auth: jwt", ""},
		{"an auth", "none", "# settings: {layer: memory, auth: none, allowed_origins: [https://example.com]}", "settings: {auth: jwt}", ""},
		{"a consumer taken out", "none", "  chat: sync\n", "", "consumers/chat_consumer.go"},
		{"another path", "none", "/ws/chat:", "/ws/rooms:", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "updater")
			must(t, "new", "updater", "--dir", dir, "--consumer", "echo", "--consumer", "chat", "--auth", c.auth, "-q")
			if c.old == "  chat: sync\n" {
				respec(t, dir, "  /ws/chat: chat\n", "")
			}
			respec(t, dir, c.old, c.new)
			before := treeOf(t, dir)
			said := follow(t, dir)
			if last := said[len(said)-1]; last != "go test ./..." {
				t.Errorf("next: %q", said)
			}
			goTool(t, dir, "vet", "./...")
			goTool(t, dir, "test", "./...")
			must(t, "check", "-C", dir)
			must(t, "upgrade", "--check", "-C", dir)
			if c.gone != "" && strings.Contains(treeOf(t, dir), c.gone) {
				t.Errorf("%s is still there, or its base is", c.gone)
			}
			for range len(said) - 1 {
				must(t, "undo", "-C", dir)
			}
			sameTree(t, "undone", treeOf(t, dir), before)
		})
	}
}

// TestDesertedFileThatWasEdited: what the spec no longer asks for and the user has edited stays through generate and upgrade, is told
// with its way out, and no command says that the project can be tested.
func TestDesertedFileThatWasEdited(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "updater")
	must(t, "new", "updater", "--dir", dir, "--consumer", "echo", "--consumer", "chat", "-q")
	const stub = "consumers/chat_consumer.go"
	mine := read(t, filepath.Join(dir, stub)) + "\n// mine\n"
	write(t, dir, stub, mine)
	respec(t, dir, "  /ws/chat: chat\n", "")
	respec(t, dir, "  chat: sync\n", "")
	must(t, "generate", "-C", dir, "-n")
	out, errs := must(t, "generate", "-C", dir)
	if want := "keep     " + stub + " (no longer in the spec, and edited by you: delete it once you need nothing of it; or, "; !strings.Contains(out, want) {
		t.Errorf("not told: %s", out)
	}
	if !strings.Contains(errs, "next: wsgen upgrade\n") { // its test was not edited
		t.Errorf("%s", errs)
	}
	must(t, "upgrade", "-C", dir)
	if got := read(t, filepath.Join(dir, stub)); got != mine {
		t.Errorf("the stub is %q", got)
	}
	if strings.Contains(treeOf(t, dir), "consumers/chat_consumer_test.go") {
		t.Error("its test is still there, which was not edited")
	}
	respec(t, dir, "echo: sync", "echo: {mode: sync, outbound: drop}")
	if _, errs := must(t, "generate", "-C", dir); !strings.Contains(errs, "next: go vet ./...\n") {
		t.Errorf("%s", errs)
	}
}
