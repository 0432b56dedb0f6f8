package emit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsgen/generator/render"
)

// testVersion is the version that the tests' plans are made with.
const testVersion = "1.2.3"

// gen, own and join make files of the three owners.
func gen(path, text string) render.File {
	return render.File{Path: path, Owner: render.Generated, Mode: 0o644, Render: constant(text)}
}

func own(path, text string) render.File {
	return render.File{Path: path, Owner: render.Yours, Mode: 0o644, Render: constant(text)}
}

func needed(path, text string) render.File {
	f := own(path, text)
	f.Needed = true
	return f
}

// splice makes a file that appends the line unless the file has it, and refuses one that is beyond repair.
func splice(path, line string) render.File {
	return render.File{Path: path, Owner: render.Spliced, Mode: 0o644, Render: func(existing []byte) ([]byte, error) {
		if strings.HasPrefix(string(existing), "beyond repair") {
			return nil, &render.RefusedError{Path: path, Line: 1, Fact: "the file is beyond repair", WayOut: "mend it"}
		}
		if strings.Contains(string(existing), line) {
			return existing, nil
		}
		return append(slices.Clone(existing), line+"\n"...), nil
	}}
}

func constant(text string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(text), nil }
}

// sample is a small project with every owner.
func sample() []render.File {
	return []render.File{
		own(".gitignore", "/.wsgen/local/\n"),
		own("Makefile", "check:\n\twsgen check\n"),
		gen("client/index.js", "export {};\n"),
		needed("consumers/chat_consumer.go", "package consumers\n"),
		gen("consumers/consumers_gen.go", "package consumers\n\ntype ChatParams struct{}\n"),
		splice("go.mod", "module example.com/updater"),
		gen("routing/routing_gen.go", "package routing\n"),
		splice("wsgen.yaml", "version: 1"),
	}
}

// without returns the files but those at the paths.
func without(files []render.File, paths ...string) []render.File {
	return slices.DeleteFunc(slices.Clone(files), func(f render.File) bool { return slices.Contains(paths, f.Path) })
}

// with returns the files with those of the same path replaced, or added.
func with(files []render.File, more ...render.File) []render.File {
	for _, f := range more {
		files = append(without(files, f.Path), f)
	}
	return files
}

// project makes a project in a new folder and returns its path.
func project(t testing.TB, files []render.File) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "updater")
	if _, err := New(context.Background(), dir, files, Options{Version: testVersion}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// open opens a tree and fails the test where it cannot.
func open(t testing.TB, dir string) *Tree {
	t.Helper()
	tree, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// plan plans the files with the usual options.
func plan(t testing.TB, tree *Tree, files []render.File) *Plan {
	t.Helper()
	p, err := tree.Plan(files, Options{Version: testVersion})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// generate plans and applies.
func generate(t testing.TB, dir string, files []render.File, o Options) (*Plan, error) {
	t.Helper()
	o.Version = testVersion
	tree := open(t, dir)
	p, err := tree.Plan(files, o)
	if err != nil {
		t.Fatal(err)
	}
	return p, tree.Apply(context.Background(), p)
}

// op returns the plan's operation on a path.
func op(t testing.TB, p *Plan, path string) Op {
	t.Helper()
	for _, op := range p.Ops {
		if op.Path == path {
			return op
		}
	}
	t.Fatalf("the plan has no operation on %s; it has %s", path, summary(p))
	return Op{}
}

// summary writes the operations of a plan, Keep of a current file apart, as "action state path".
func summary(p *Plan) string {
	var lines []string
	for _, op := range p.Ops {
		if op.Action != Keep || op.State != Current {
			lines = append(lines, fmt.Sprintf("%s %s %s", op.Action, op.State, op.Path))
		}
	}
	return strings.Join(lines, ", ")
}

// snapshot reads a directory: text and mode by path, folders as "<path>/", links as their target.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			files[rel+"/"] = ""
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			files[rel] = "-> " + target
			return err
		case info.Size() > 1<<30:
			files[rel] = fmt.Sprint(info.Mode().Perm(), info.Size(), info.ModTime())
		default:
			text, err := os.ReadFile(p)
			files[rel] = info.Mode().Perm().String() + " " + string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// mustEqual compares two snapshots.
func mustEqual(t testing.TB, got, want map[string]string) {
	t.Helper()
	for _, p := range slices.Sorted(maps.Keys(want)) {
		if text, ok := got[p]; !ok {
			t.Errorf("missing: %s", p)
		} else if text != want[p] {
			t.Errorf("%s: got %q, want %q", p, text, want[p])
		}
	}
	for _, p := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[p]; !ok {
			t.Errorf("unexpected: %s", p)
		}
	}
}

// write and read change and read a file of a project behind wsgen's back.
func write(t testing.TB, dir, path, text string) {
	t.Helper()
	full := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, dir, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func remove(t testing.TB, dir, path string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
		t.Fatal(err)
	}
}

// there says whether something stands at the path, a link included.
func there(dir, path string) bool {
	_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(path)))
	return !errors.Is(err, fs.ErrNotExist)
}
