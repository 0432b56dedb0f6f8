package cmd

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestUpgradeSaysItsVersionsOnce: they stand above the plan, and not beside each of its files as well.
func TestUpgradeSaysItsVersionsOnce(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "upgrade", "project.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		put(t, filepath.Join(dir, filepath.FromSlash(f.Name)), string(f.Data))
	}
	_, out, errs, code := atTerminal(t, nil, "upgrade", "-n", "--color", "never", "-C", dir)
	if code != exitDone {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	for _, line := range []string{"upgrade from wsgen 0.1.0 to " + version + "\n", "  would update   internal/ws/serve.go\n"} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not in\n%s", line, out)
		}
	}
}
