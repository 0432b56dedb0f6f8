package cmd

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestNext: every command that ends with 0 names the next one, but those whose output is for a file, a pipe or a shell.
func TestNext(t *testing.T) {
	dir := t.TempDir()
	must(t, "new", "updater", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	write(t, dir, "free.yaml", "version: 1\nservice: free\nmodule: example.com/free\n")
	silent := map[string]bool{"completion bash": true, "schema": true, "version": true}
	for _, line := range []string{
		"generate", "generate -n", "generate --force",
		"add consumer chat -n", "add consumer chat", "add consumer chat", "add route /ws/b --to chat -n", "add route /ws/b --to chat",
		"add route /ws/b --to chat", "undo --list", "undo -n", "undo", "remove route /ws/chat -n", "remove route /ws/chat", "undo",
		"rename consumer chat room -n", "rename consumer chat room", "rename consumer room room", "remove consumer room -n", "remove consumer room",
		"fmt", "fmt -n", "fmt --check", "fmt wsgen.yaml", "fmt ../free.yaml -n", "fmt ../free.yaml", "fmt ../free.yaml", "fmt --check ../free.yaml",
		"upgrade -n", "upgrade", "upgrade --check", "check", "diff", "routes", "routes --match /ws/echo", "validate", "validate ../free.yaml",
		"explain", "explain WS0104", "undo", "undo", "undo", "undo", "undo --list",
		"completion bash", "schema", "version",
	} {
		_, errs := must(t, append(strings.Fields(line), "-C", project)...)
		if named := strings.Contains("\n"+errs, "\nnext: "); named == silent[line] {
			t.Errorf("wsgen %s: %q", line, errs)
		}
	}
}
