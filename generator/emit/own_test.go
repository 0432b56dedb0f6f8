package emit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestManifestThatIsALink: a run puts a new file in place of the manifest, and never writes through a link, so none is read through
// either: a link within the project, to nowhere, or to one of another project's.
func TestManifestThatIsALink(t *testing.T) {
	for name, to := range map[string]string{"within": "../kept.json", "nowhere": "../nowhere", "the base": "base/Makefile"} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, sample())
			manifest := filepath.Join(dir, filepath.FromSlash(ManifestPath))
			if err := os.Rename(manifest, filepath.Join(dir, "kept.json")); err != nil {
				t.Fatal(err)
			}
			symlink(t, to, dir, ManifestPath)
			var refused *PathError
			if _, err := Open(dir); !errors.As(err, &refused) || refused.Path != ManifestPath || !strings.Contains(err.Error(), "put what it leads to in its place") {
				t.Fatalf("error %v", err)
			}
			if name != "within" {
				return
			}
			if err := os.Rename(filepath.Join(dir, "kept.json"), manifest); err != nil { // what the way out says
				t.Fatal(err)
			}
			if p, err := generate(t, dir, sample(), Options{}); err != nil || len(p.Changes()) > 0 {
				t.Errorf("%v, %v", p.Changes(), err)
			}
		})
	}
}
