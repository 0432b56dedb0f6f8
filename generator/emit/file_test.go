package emit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A plan about one file changes that file, and nothing of what is pending, stale or edited beside it.
func TestPlanFile(t *testing.T) {
	dir := project(t, sample())
	tree := open(t, dir)
	p, err := tree.PlanFile(splice("wsgen.yaml", "# laid out"), Options{Version: "9.9.9", Command: "fmt"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Ops) != 1 || p.Ops[0].Action != Update {
		t.Fatalf("the plan is %+v", p.Ops)
	}
	before := p.manifest
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "wsgen.yaml")); err != nil || string(text) != "version: 1\n# laid out\n" {
		t.Errorf("wsgen.yaml is %q (%v)", text, err)
	}
	after := open(t, dir)
	if !after.manifest.equal(tree.manifest) || !after.manifest.equal(before) {
		t.Error("the manifest has changed")
	}
	if all, err := after.History(); err != nil || len(all) != 1 || all[0].Command != "fmt" {
		t.Errorf("the history is %+v (%v)", all, err)
	}
}

// A manifest that is damaged stays as it is: one file is too little to rebuild it from.
func TestPlanFileLeavesADamagedManifest(t *testing.T) {
	dir := project(t, sample())
	write(t, dir, ManifestPath, "<<<<<<< ours\n")
	tree := open(t, dir)
	p, err := tree.PlanFile(splice("wsgen.yaml", "# laid out"), Options{Command: "fmt"})
	if err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	before["wsgen.yaml"] += "# laid out\n"
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, committed(snapshot(t, dir)), committed(before))
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "link.yaml")
	if err := os.WriteFile(file, []byte("a\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.yaml", link); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, []byte("a\n"), []byte("b\n")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(file)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "b\n" || info.Mode() != 0o640 {
		t.Errorf("the file holds %q and has the mode %v (%v)", text, info.Mode(), err)
	}
	if target, err := os.Readlink(link); err != nil || target != "a.yaml" {
		t.Errorf("the link leads to %q (%v)", target, err)
	}
	var changed *ChangedError
	if err := Replace(file, []byte("a\n"), []byte("c\n")); !errors.As(err, &changed) {
		t.Errorf("a file that has changed gives %v", err)
	}
	var target *TargetError
	if err := Replace(dir, nil, nil); !errors.As(err, &target) {
		t.Errorf("a folder gives %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("beside the file stands %v (%v)", entries, err)
	}
}
