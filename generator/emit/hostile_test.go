package emit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhatStandsInTheWay meets links, folders and files where a file or a folder belongs. Nothing of it is touched.
func TestWhatStandsInTheWay(t *testing.T) {
	const (
		routing = "routing/routing_gen.go"
		stub    = "consumers/b_consumer.go"
	)
	files := with(sample(), gen(routing, "two\n"), needed(stub, "b\n"))
	tests := []struct {
		name string
		edit func(t *testing.T, dir, outside string)
		want string // the plan's operation on the path
		path string
	}{
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
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := project(t, sample())
			outside := t.TempDir()
			write(t, outside, "victim", "untouched\n")
			test.edit(t, dir, outside)
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

func TestNewTargets(t *testing.T) {
	ctx := context.Background()
	o := Options{Version: testVersion}
	want := snapshot(t, project(t, sample()))
	t.Run("empty", func(t *testing.T) {
		dir := t.TempDir()
		before, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(ctx, dir, sample(), o); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, snapshot(t, dir), want)
		if after, err := os.Stat(dir); err != nil || !os.SameFile(before, after) {
			t.Error("the folder was replaced, and a shell that stands in it is lost")
		}
	})
	t.Run("only .git", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, ".git/config", "x")
		if _, err := New(ctx, dir, sample(), o); err != nil {
			t.Fatal(err)
		}
		got := snapshot(t, dir)
		if got[".git/config"] == "" {
			t.Error(".git was touched")
		}
		delete(got, ".git/")
		delete(got, ".git/config")
		mustEqual(t, got, want)
	})
	t.Run("only .git, and it fails", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, ".git/config", "x")
		before := snapshot(t, dir)
		failed := false
		_, err := newProject(ctx, dir, sample(), o, func(op, path string) error {
			if op == "rename" && path == "wsgen.yaml" && !failed {
				failed = true
				return fs.ErrPermission
			}
			return nil
		})
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("error %v", err)
		}
		mustEqual(t, snapshot(t, dir), before)
	})
	t.Run("not empty", func(t *testing.T) {
		dir := t.TempDir()
		for i := range 12 {
			write(t, dir, string(rune('a'+i)), "x")
		}
		write(t, dir, "sub/x", "x")
		_, err := New(ctx, dir, sample(), o)
		var notEmpty *NotEmptyError
		if !errors.As(err, &notEmpty) || len(notEmpty.Found) != 13 || notEmpty.Found[12] != "sub/" {
			t.Fatalf("error %v", err)
		}
		if text := err.Error(); !strings.Contains(text, "wsgen init") || !strings.Contains(text, "a, b, c") || !strings.Contains(text, "and 5 more") {
			t.Error(text)
		}
	})
	t.Run("a file, a link, a link to nowhere", func(t *testing.T) {
		outer := t.TempDir()
		write(t, outer, "file", "x")
		write(t, outer, "elsewhere/.git/config", "x")
		symlink(t, "elsewhere", outer, "link")
		symlink(t, "nowhere", outer, "dangling")
		before := snapshot(t, outer)
		for _, name := range []string{"file", "link", "dangling"} {
			var target *TargetError
			if _, err := New(ctx, filepath.Join(outer, name), sample(), o); !errors.As(err, &target) {
				t.Errorf("%s: %v", name, err)
			}
		}
		mustEqual(t, snapshot(t, outer), before)
	})
	t.Run("folders above are made, and removed when it fails", func(t *testing.T) {
		outer := t.TempDir()
		dir := filepath.Join(outer, "a", "b", "updater")
		full := errors.New("full")
		_, err := newProject(ctx, dir, sample(), o, func(op, path string) error {
			if path == "wsgen.yaml" {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) || len(snapshot(t, outer)) != 0 {
			t.Errorf("%v left %v", err, snapshot(t, outer))
		}
		if _, err := New(ctx, dir, sample(), o); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, snapshot(t, dir), want)
	})
	t.Run("a file above", func(t *testing.T) {
		outer := t.TempDir()
		write(t, outer, "file", "x")
		if _, err := New(ctx, filepath.Join(outer, "file", "updater"), sample(), o); err == nil {
			t.Error("no error")
		}
	})
	t.Run("a name as long as file systems take", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), strings.Repeat("x", 255))
		if _, err := New(ctx, dir, sample(), o); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, snapshot(t, dir), want)
	})
	t.Run("cancelled", func(t *testing.T) {
		outer := t.TempDir()
		ctx, cancel := context.WithCancel(ctx)
		_, err := newProject(ctx, filepath.Join(outer, "updater"), sample(), o, func(op, path string) error {
			if path == "wsgen.yaml" {
				cancel()
			}
			return nil
		})
		cancel()
		// the file at which it was cancelled may be the last one, and then the project is made
		if made := there(outer, "updater"); made != (err == nil) || !made && len(snapshot(t, outer)) > 0 || err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%v left %v", err, snapshot(t, outer))
		}
	})
}

func TestDryRunWritesNothing(t *testing.T) {
	outer := t.TempDir()
	for _, name := range []string{"absent", "empty"} {
		if name == "empty" {
			if err := os.Mkdir(filepath.Join(outer, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		before := snapshot(t, outer)
		p, err := New(t.Context(), filepath.Join(outer, name), sample(), Options{DryRun: true})
		if err != nil || len(p.Changes()) != len(sample()) || !slices.IsSortedFunc(p.Ops, func(a, b Op) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("%s: %s, %v", name, summary(p), err)
		}
		mustEqual(t, snapshot(t, outer), before)
	}
	dir := project(t, sample())
	var notEmpty *NotEmptyError
	if _, err := New(t.Context(), dir, sample(), Options{DryRun: true}); !errors.As(err, &notEmpty) {
		t.Errorf("error %v", err)
	}
}

// TestNewRecoversFirst meets an interrupted run of itself in an existing folder.
func TestNewRecoversFirst(t *testing.T) {
	want := snapshot(t, project(t, sample()))
	for at, finished := range map[string]bool{stagedNew(2): false, "go.mod": true} {
		dir := t.TempDir()
		dead := false
		_, err := newProject(t.Context(), dir, sample(), Options{Version: testVersion}, func(op, path string) error {
			if dead = dead || path == at; dead {
				return errors.New("dead")
			}
			return nil
		})
		if err == nil {
			t.Fatal("not interrupted")
		}
		_, err = New(t.Context(), dir, sample(), Options{Version: testVersion})
		var notEmpty *NotEmptyError
		if errors.As(err, &notEmpty) != finished || finished && !strings.Contains(err.Error(), "finished an interrupted run") || !finished && err != nil {
			t.Errorf("%s: %v", at, err)
		}
		mustEqual(t, snapshot(t, dir), want)
	}
}

// TestStrangersSiblingsAreLeftAlone: only a folder of our naming that holds our lock's file is cleared.
func TestStrangersSiblingsAreLeftAlone(t *testing.T) {
	outer := t.TempDir()
	write(t, outer, ".updater.wsgen-12345678/mine", "x")
	write(t, outer, ".updater.wsgen-notours/.wsgen/local/lock", "")
	write(t, outer, ".updater.wsgen-123456789/.wsgen/local/lock", "")
	write(t, outer, ".other.wsgen-12345678/.wsgen/local/lock", "")
	write(t, outer, ".updater.wsgen-00000001/.wsgen/local/lock", "") // a dead run's
	write(t, outer, ".updater.wsgen-00000001/go.mod", "x")
	if err := os.Mkdir(filepath.Join(outer, ".updater.wsgen-00000002"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), filepath.Join(outer, "updater"), sample(), Options{}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(outer)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{".other.wsgen-12345678", ".updater.wsgen-12345678", ".updater.wsgen-123456789", ".updater.wsgen-notours", "updater"}
	if !slices.Equal(got, want) {
		t.Errorf("left %v, want %v", got, want)
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
