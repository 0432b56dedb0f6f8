package cmd

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// oldProject unpacks the project that an older wsgen wrote, and returns its folder.
func oldProject(t *testing.T) string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "upgrade", "project.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		put(t, filepath.Join(dir, filepath.FromSlash(f.Name)), string(f.Data))
	}
	return dir
}

// TestCheckOfAnOldProjectWithoutASpec: what can be told without a valid spec is told in the same run, that the project is outdated
// for one.
func TestCheckOfAnOldProjectWithoutASpec(t *testing.T) {
	dir := oldProject(t)
	put(t, filepath.Join(dir, "wsgen.yaml"), "version: 1\nrotes: {}\n")
	put(t, filepath.Join(dir, "routing", "routing_gen.go"), "package routing\n")
	_, out, errs, code := atTerminal(t, nil, "check", "--color", "never", "-C", dir)
	if code != exitSpec {
		t.Errorf("exit code %d", code)
	}
	for text, want := range map[string]string{
		errs: "WS0104",
		out:  "manifest.json: outdated: written by wsgen 0.1.0, and this is " + version + "\n    wsgen upgrade, once the spec is valid\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if !strings.Contains(out, "routing_gen.go: hand-edited: ") {
		t.Errorf("the hand edit is not in\n%s", out)
	}
}

// TestLeftBehind: in a project that an older wsgen wrote, check says which files of the user's this one writes differently, and
// generate, which leaves them as they are, says what brings them along.
func TestLeftBehind(t *testing.T) {
	dir := oldProject(t)
	before, err := describe(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, out, errs, code := atTerminal(t, nil, "check", "--color", "never", "-C", dir)
	if code != exitDrift {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	const fact = "Makefile: outdated: written by wsgen 0.1.0, and this is " + version + "\n    wsgen upgrade merges into it what is new\n"
	if !strings.Contains(out, fact) {
		t.Errorf("%q is not in\n%s", fact, out)
	}
	if now, err := describe(dir); err != nil || now != before {
		t.Errorf("check wrote something (%v)", err)
	}
	makefile := read(t, filepath.Join(dir, "Makefile"))
	_, _, errs, code = atTerminal(t, nil, "generate", "-C", dir)
	if code != exitDone || !strings.Contains(errs, "next: wsgen upgrade\n") || read(t, filepath.Join(dir, "Makefile")) != makefile {
		t.Errorf("generate: exit code %d: %s", code, errs)
	}
	_, _, errs, code = atTerminal(t, nil, "generate", "-C", dir)
	if code != exitDone || strings.Contains(errs, "upgrade") {
		t.Errorf("the second generate: exit code %d: %s", code, errs)
	}
}
