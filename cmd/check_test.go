package cmd

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestLeftBehind: in a project that an older wsgen wrote, check says which files of the user's this one writes differently, and
// generate, which leaves them as they are, says what brings them along.
func TestLeftBehind(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "upgrade", "project.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		put(t, filepath.Join(dir, filepath.FromSlash(f.Name)), string(f.Data))
	}
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
