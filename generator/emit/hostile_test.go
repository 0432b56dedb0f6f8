package emit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// obstacle is something that stands where a file or a folder belongs.
type obstacle struct {
	name string
	make func(t *testing.T, dir, outside string)
	want string // the plan's operation on the path
	path string
}

// The paths of the obstacles: a generated file of the sample, and a new one of the user's.
const (
	routing = "routing/routing_gen.go"
	stub    = "consumers/b_consumer.go"
)

func obstacles() []obstacle {
	return []obstacle{
		{"a folder for a generated file", func(t *testing.T, dir, _ string) {
			remove(t, dir, routing)
			write(t, dir, routing+"/x", "x")
		}, "conflict blocked", routing},
		{"a folder for one of the user's", func(t *testing.T, dir, _ string) { write(t, dir, stub+"/x", "x") }, "conflict blocked", stub},
		{"a folder for a spliced one", func(t *testing.T, dir, _ string) {
			remove(t, dir, "go.mod")
			write(t, dir, "go.mod/x", "x")
		}, "conflict blocked", "go.mod"},
		{"a file for a folder", func(t *testing.T, dir, _ string) {
			remove(t, dir, "routing")
			write(t, dir, "routing", "x")
		}, "conflict blocked", routing},
		{"a link for a generated file", func(t *testing.T, dir, outside string) {
			remove(t, dir, routing)
			symlink(t, filepath.Join(outside, "victim"), dir, routing)
		}, "conflict blocked", routing},
		{"a link within the project for a generated file", func(t *testing.T, dir, _ string) {
			remove(t, dir, routing)
			symlink(t, "../go.mod", dir, routing)
		}, "conflict blocked", routing},
		{"a link to elsewhere for a folder", func(t *testing.T, dir, outside string) {
			remove(t, dir, "routing")
			symlink(t, outside, dir, "routing")
		}, "conflict blocked", routing},
		{"a relative link to elsewhere for a folder", func(t *testing.T, dir, _ string) {
			remove(t, dir, "routing")
			symlink(t, "..", dir, "routing")
		}, "conflict blocked", routing},
		{"a link to nowhere for a folder", func(t *testing.T, dir, _ string) {
			remove(t, dir, "routing")
			symlink(t, "nowhere", dir, "routing")
		}, "conflict blocked", routing},
		{"a link for a file of the user's that was written", func(t *testing.T, dir, outside string) {
			remove(t, dir, "Makefile")
			symlink(t, filepath.Join(outside, "victim"), dir, "Makefile")
		}, "keep current", "Makefile"},
		{"a link for a file of the user's that was not written", func(t *testing.T, dir, outside string) {
			symlink(t, filepath.Join(outside, "victim"), dir, stub)
		}, "keep current", stub},
		{"the folder of a file of the user's moved elsewhere", func(t *testing.T, dir, outside string) {
			remove(t, dir, "consumers")
			symlink(t, outside, dir, "consumers")
		}, "keep current", "consumers/chat_consumer.go"},
	}
}

// TestWhatStandsInTheWay meets links, folders and files where a file or a folder belongs. Nothing of it is touched.
func TestWhatStandsInTheWay(t *testing.T) {
	files := with(sample(), gen(routing, "two\n"), needed(stub, "b\n"))
	for _, test := range obstacles() {
		t.Run(test.name, func(t *testing.T) {
			dir := project(t, sample())
			outside := t.TempDir()
			write(t, outside, "victim", "untouched\n")
			test.make(t, dir, outside)
			before := snapshot(t, dir)
			for _, force := range []bool{false, true} {
				p, err := open(t, dir).Plan(files, Options{Version: testVersion, Force: force})
				if err != nil {
					t.Fatal(err)
				}
				o := op(t, p, test.path)
				if got := string(o.Action) + " " + string(o.State); got != test.want || o.Reason == "" {
					t.Errorf("force %v: %s: %s (%s)", force, test.path, got, o.Reason)
				}
				if len(p.Conflicts()) == 0 {
					continue
				}
				var conflict *ConflictError
				if err := open(t, dir).Apply(t.Context(), p); !errors.As(err, &conflict) || o.Action == Conflict && !strings.Contains(err.Error(), o.Reason) {
					t.Errorf("apply: %v", err)
				}
				mustEqual(t, snapshot(t, dir), before)
			}
			if got := snapshot(t, outside); len(got) != 1 || !strings.HasSuffix(got["victim"], "untouched\n") {
				t.Errorf("outside: %v", got)
			}
		})
	}
}

func symlink(t *testing.T, target, dir, path string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(path))); err != nil {
		t.Fatal(err)
	}
}

// TestLinksInsideWsgensOwnFolder: the lock is the one file that is opened by its whole path.
func TestLinksInsideWsgensOwnFolder(t *testing.T) {
	for _, path := range []string{wsgenDir, localDir, lockPath, baseDir, holderPath} {
		t.Run(path, func(t *testing.T) {
			dir := project(t, sample())
			outside := t.TempDir()
			remove(t, dir, path)
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
				t.Fatal(err)
			}
			symlink(t, filepath.Join(outside, "x"), dir, path)
			tree, err := Open(dir)
			if err == nil {
				var p *Plan
				if p, err = tree.Plan(with(sample(), own("Dockerfile", "FROM x\n")), Options{Version: testVersion}); err == nil {
					err = tree.Apply(t.Context(), p)
				}
			}
			if err == nil && path != holderPath { // that link is replaced
				t.Error("went through")
			}
			if got := snapshot(t, outside); len(got) != 0 {
				t.Errorf("outside: %v", got)
			}
		})
	}
}

func TestChangedSinceThePlan(t *testing.T) {
	files := with(sample(), gen("routing/routing_gen.go", "two\n"), own("Dockerfile", "FROM x\n"), splice("wsgen.yaml", "b: sync"))
	for name, edit := range map[string]func(t *testing.T, dir string){
		"generated edited":    put("routing/routing_gen.go", "mine\n"),
		"generated deleted":   rm("routing/routing_gen.go"),
		"spliced edited":      put("wsgen.yaml", "version: 1 # mine\n"),
		"the new one is here": put("Dockerfile", "mine\n"),
		"manifest":            put(ManifestPath, "{}\n"),
		"a folder":            func(t *testing.T, dir string) { rm("wsgen.yaml")(t, dir); put("wsgen.yaml/x", "x")(t, dir) },
		"a link": func(t *testing.T, dir string) {
			rm("wsgen.yaml")(t, dir)
			symlink(t, "go.mod", dir, "wsgen.yaml")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, sample())
			tree := open(t, dir)
			p := plan(t, tree, files)
			edit(t, dir)
			before := snapshot(t, dir)
			var changed *ChangedError
			if err := tree.Apply(t.Context(), p); !errors.As(err, &changed) {
				t.Errorf("error %v", err)
			}
			mustEqual(t, snapshot(t, dir), before)
		})
	}
}

// TestCreateFollowsNothing: what is written is a new file, and never what a link leads to.
func TestCreateFollowsNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "text")
	symlink(t, "file", dir, "link")
	symlink(t, "new", dir, "dangling")
	before := snapshot(t, dir)
	d, err := openDisk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"file", "link", "dangling"} {
		if err := d.create(p, []byte("x"), 0o644); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", p, err)
		}
	}
	mustEqual(t, snapshot(t, dir), before)
	if err := d.close(); err != nil {
		t.Error(err)
	}
}

// TestNothingToDoTakesNoLock: a second run works on a disk that cannot be written.
func TestNothingToDoTakesNoLock(t *testing.T) {
	dir := project(t, sample())
	tree := open(t, dir)
	tree.fault = func(op, path string) error { t.Errorf("%s %s", op, path); return nil }
	if err := tree.Apply(t.Context(), plan(t, tree, sample())); err != nil {
		t.Error(err)
	}
}

func TestOpenOfNoDirectory(t *testing.T) {
	outer := t.TempDir()
	write(t, outer, "file", "x")
	for _, name := range []string{"absent", "file"} {
		if _, err := Open(filepath.Join(outer, name)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
