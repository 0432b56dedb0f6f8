package emit

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestVerify: what can be told from the manifest and the disk alone.
func TestVerify(t *testing.T) {
	dir := project(t, sample())
	verify := func() (lines []string) {
		t.Helper()
		ops, err := open(t, dir).Verify()
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range ops {
			lines = append(lines, op.Path+": "+string(op.State)+": "+op.Reason)
		}
		return lines
	}
	bases := func() (lines []string) {
		t.Helper()
		faults, err := open(t, dir).Bases()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			lines = append(lines, f.Path+": "+f.Base+" "+f.Why)
		}
		return lines
	}
	expect := func(got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	expect(verify())
	expect(bases())

	const generated, yours, spliced = "routing/routing_gen.go", ".gitignore", "go.mod"
	change := func(name string, f func(string) error) {
		t.Helper()
		if err := f(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	edit := func(p string) error { return os.WriteFile(p, []byte("mine\n"), 0o600) }
	change(yours, edit)
	change(spliced, edit)
	expect(verify())
	change(yours, os.Remove)
	expect(verify())
	change(generated, edit)
	expect(verify(), generated+": edited: edited by hand")
	change(generated, func(p string) error {
		return os.WriteFile(p, []byte("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> other\n"), 0o600)
	})
	expect(verify(), generated+": edited: holds the two sides of a git merge; this text goes to "+trashDir)
	change(generated, os.Remove)
	expect(verify(), generated+": missing: deleted, and the project needs it")
	change(generated, func(p string) error { return os.Mkdir(p, 0o700) })
	expect(verify(), generated+": blocked: a folder stands there")
	change(generated, os.Remove)

	change(basePath(yours), edit)
	expect(bases(), yours+": "+basePath(yours)+" is not the text that the manifest records")
	change(basePath(yours), os.Remove)
	expect(bases(), yours+": "+basePath(yours)+" is missing")

	// Where git merged two records into none, a text that is neither side's may well be git's own merge of both.
	const other = "client/index.js"
	change(other, edit)
	change(ManifestPath, func(p string) error {
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(p, []byte(strings.Replace(string(text), "\n  \"wsgen\"", "\n<<<<<<< HEAD\n=======\n>>>>>>> other\n  \"wsgen\"", 1)), 0o600)
	})
	expect(verify(), ManifestPath+": edited: the record of what wsgen wrote holds the two sides of a git merge",
		generated+": missing: deleted, and the project needs it")

	change(ManifestPath, os.Remove)
	expect(verify(), ManifestPath+": missing: the record of what wsgen wrote is lost")
}

// TestLocked: who writes to a project can be told from outside.
func TestLocked(t *testing.T) {
	dir := project(t, sample())
	if held, who, err := open(t, dir).Locked(); held || who != "" || err != nil {
		t.Errorf("nobody is at work, but: %v %q %v", held, who, err)
	}
	d, err := openDisk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.close() }() // it is only read from here on
	l, err := d.lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if held, who, err := open(t, dir).Locked(); !held || !strings.HasPrefix(who, "process ") || err != nil {
		t.Errorf("somebody is at work, but: %v %q %v", held, who, err)
	}
	if err := l.unlock(); err != nil {
		t.Error(err)
	}
}
