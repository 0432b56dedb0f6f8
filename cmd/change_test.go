package cmd

import (
	"os"
	"path/filepath"
	"testing"
)

// TestChangeWithoutManifest: a command that changes the spec works where the manifest is lost, as where it is not, and leaves what
// it leaves then.
func TestChangeWithoutManifest(t *testing.T) {
	for _, args := range [][]string{
		{"add", "consumer", "room"},
		{"add", "route", "/ws/more", "--to", "chat"},
		{"remove", "consumer", "chat"},
		{"remove", "route", "/ws/chat"},
		{"rename", "consumer", "chat", "room"},
	} {
		t.Run(args[0]+" "+args[1], func(t *testing.T) {
			var trees [2]string
			for i := range trees {
				dir := t.TempDir()
				must(t, "new", "updater", "-q", "-C", dir)
				project := filepath.Join(dir, "updater")
				must(t, "add", "consumer", "chat", "-q", "-C", project)
				if i == 1 {
					if err := os.Remove(filepath.Join(project, ".wsgen", "manifest.json")); err != nil {
						t.Fatal(err)
					}
				}
				must(t, append(args, "-q", "-C", project)...)
				trees[i] = treeOf(t, project)
			}
			sameTree(t, "without the manifest", trees[1], trees[0])
		})
	}
}
