package emit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"wsgen/generator/render"
)

// The scene of these tests: a project that is to be changed in every way at once.
func sceneBefore(t testing.TB) string {
	t.Helper()
	dir := project(t, with(sample(), gen("gone/one_gen.go", "one\n")))
	write(t, dir, "client/index.js", "edited by hand\n")
	write(t, dir, "mine.txt", "mine\n")
	return dir
}

func sceneFiles() []render.File {
	return with(sample(),
		gen("client/index.js", "two\n"),
		gen("routing/routing_gen.go", "package routing // two\n"),
		needed("consumers/b_consumer.go", "package consumers // b\n"),
		gen("new/folder/a_gen.go", "a\n"),
		splice("wsgen.yaml", "b: sync"),
	)
}

func sceneOptions() Options { return Options{Version: testVersion, Force: true} }

// users returns a snapshot without what is wsgen's own, which is not compared while a run is interrupted.
func users(files map[string]string) map[string]string {
	files = maps.Clone(files)
	maps.DeleteFunc(files, func(p, _ string) bool { return strings.HasPrefix(p, wsgenDir+"/") || strings.HasSuffix(p, "/") })
	return files
}

// tidy drops from a snapshot what a run that is over may leave, and the next run that writes takes over or clears: all of it
// is empty or git-ignored.
func tidy(files map[string]string) map[string]string {
	maps.DeleteFunc(files, func(p, _ string) bool {
		return strings.HasPrefix(p, doneDir) || p == lockPath || p == holderPath || p == "gone/"
	})
	return files
}

// mustBeOldOrNew checks that each file is whole: as it was or as it is to be.
func mustBeOldOrNew(t *testing.T, got, before, after map[string]string) {
	t.Helper()
	all := users(before)
	maps.Copy(all, users(after))
	for p := range all {
		if got[p] != before[p] && got[p] != after[p] {
			t.Errorf("%s is neither old nor new: %q", p, got[p])
		}
	}
	for p := range users(got) {
		if _, ok := all[p]; !ok {
			t.Errorf("unexpected: %s", p)
		}
	}
}

// sceneAfter returns what the scene is when nothing fails.
func sceneAfter(t *testing.T) map[string]string {
	t.Helper()
	dir := sceneBefore(t)
	if err := runScene(t, dir, nil); err != nil {
		t.Fatal(err)
	}
	return snapshot(t, dir)
}

func runScene(t *testing.T, dir string, fault func(op, path string) error) error {
	t.Helper()
	tree := open(t, dir)
	p, err := tree.Plan(sceneFiles(), sceneOptions())
	if err != nil {
		t.Fatal(err)
	}
	tree.fault = fault
	return tree.Apply(context.Background(), p)
}

// faultAt makes the nth change of the disk fail, and all that follow too if dead. It counts the changes.
func faultAt(n int64, dead bool, cause error, count *atomic.Int64, what *atomic.Value) func(op, path string) error {
	return func(op, path string) error {
		i := count.Add(1)
		if i == n {
			what.Store(op + " " + path)
		}
		if i == n || dead && i > n {
			return fmt.Errorf("%s %s: %w", op, path, cause)
		}
		return nil
	}
}

// eachFault runs f once for each change of the disk that a run makes, until the run ends without reaching the fault.
func eachFault(t *testing.T, dead bool, cause error, f func(t *testing.T, fault func(op, path string) error)) {
	t.Helper()
	const enough = 1000
	for n := int64(1); n < enough; n++ {
		var steps atomic.Int64
		var what atomic.Value
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f(t, faultAt(n, dead, cause, &steps, &what))
			if t.Failed() {
				t.Logf("the fault was at %v", what.Load())
			}
		})
		if steps.Load() < n {
			if n < 10 {
				t.Errorf("the run has only %d steps", n-1)
			}
			return
		}
	}
	t.Errorf("more than %d steps", enough)
}

// TestDeathAtEveryStep stops the disk at each change in turn, as kill -9 and a vanished disk do, and lets the next run come.
func TestDeathAtEveryStep(t *testing.T) {
	after := sceneAfter(t)
	outcomes := make(map[string]int)
	eachFault(t, true, errors.New("dead"), func(t *testing.T, fault func(op, path string) error) {
		dir := sceneBefore(t)
		before := snapshot(t, dir)
		failed := runScene(t, dir, fault)
		mustBeOldOrNew(t, snapshot(t, dir), before, after)

		tree := open(t, dir)
		run := tree.Interrupted()
		if failed == nil && run != nil {
			t.Errorf("Apply returned nil, and left %v", run)
		}
		if run != nil && (run.Running || run.Dir != dir || !strings.Contains(run.Error(), "wsgen generate")) {
			t.Errorf("%+v: %v", run, run)
		}
		what, err := tree.Recover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		switch got := users(snapshot(t, dir)); {
		case strings.HasPrefix(what, "finished an interrupted run (6 files)"):
			mustEqual(t, got, users(after))
		case strings.HasPrefix(what, "cleared away"), what == "" && failed != nil:
			mustEqual(t, got, users(before))
		case what == "" && failed == nil:
			mustEqual(t, got, users(after))
		default:
			t.Errorf("what happened: %q", what)
		}
		if (what == "") != (run == nil) || tree.Interrupted() != nil {
			t.Errorf("recovered %q from %v, now %v", what, run, tree.Interrupted())
		}
		outcomes[strings.SplitN(what, " ", 2)[0]]++
		if err := runScene(t, dir, nil); err != nil {
			t.Fatal(err)
		}
		got := snapshot(t, dir)
		mustEqual(t, tidy(got), after)
	})
	for _, outcome := range []string{"finished", "cleared", ""} {
		if outcomes[outcome] == 0 {
			t.Errorf("no death was %q: %v", outcome, outcomes)
		}
	}
}

// TestDeathDuringRecovery stops the recovery of an interrupted run at each of its own changes.
func TestDeathDuringRecovery(t *testing.T) {
	after := sceneAfter(t)
	eachFault(t, true, errors.New("dead"), func(t *testing.T, fault func(op, path string) error) {
		dir := sceneBefore(t)
		before := snapshot(t, dir)
		if err := runScene(t, dir, dieAt("routing/routing_gen.go")); err == nil {
			t.Fatal("the run was not interrupted")
		}
		tree := open(t, dir)
		tree.fault = fault
		_, _ = tree.Recover(t.Context()) // its error is the fault's
		mustBeOldOrNew(t, snapshot(t, dir), before, after)
		if _, err := open(t, dir).Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := users(snapshot(t, dir))
		if !maps.Equal(got, users(before)) && !maps.Equal(got, users(after)) {
			t.Errorf("neither all old nor all new: %v", got)
		}
	})
}

// dieAt stops the disk from the first rename to the path on.
func dieAt(path string) func(op, p string) error {
	var dead atomic.Bool
	return func(op, p string) error {
		if op == "rename" && p == path {
			dead.Store(true)
		}
		if dead.Load() {
			return errors.New("dead")
		}
		return nil
	}
}

// TestDiskFullAtEveryStep lets one change fail, as a full disk does, and the process live.
func TestDiskFullAtEveryStep(t *testing.T) {
	after := sceneAfter(t)
	eachFault(t, false, syscall.ENOSPC, func(t *testing.T, fault func(op, path string) error) {
		dir := sceneBefore(t)
		before := snapshot(t, dir)
		err := runScene(t, dir, fault)
		tree := open(t, dir)
		switch {
		case err == nil:
			mustEqual(t, users(snapshot(t, dir)), users(after))
		case !errors.Is(err, syscall.ENOSPC):
			t.Errorf("the error does not say what happened: %v", err)
		case tree.Interrupted() == nil:
			mustEqual(t, users(snapshot(t, dir)), users(before))
		default: // the journal could not be closed, and the error says so
			if !strings.Contains(err.Error(), "wsgen generate") && !strings.Contains(err.Error(), "no file was changed") {
				t.Errorf("left %v, and says %v", tree.Interrupted(), err)
			}
			if _, err := tree.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := runScene(t, dir, nil); err != nil {
			t.Fatal(err)
		}
		got := snapshot(t, dir)
		mustEqual(t, tidy(got), after)
	})
}

// TestRollBackIsComplete makes the last file of a run fail.
func TestRollBackIsComplete(t *testing.T) {
	dir := sceneBefore(t)
	before := snapshot(t, dir)
	var failed atomic.Bool
	err := runScene(t, dir, func(op, path string) error {
		if op == "rename" && path == ManifestPath && !failed.Swap(true) {
			return syscall.EACCES
		}
		return nil
	})
	if !errors.Is(err, syscall.EACCES) || !strings.Contains(err.Error(), "put back") {
		t.Errorf("error %v", err)
	}
	mustEqual(t, snapshot(t, dir), before)
}

// TestDeathDuringRollBack makes the last file of a run fail, and the process die at each change of the roll-back in turn.
func TestDeathDuringRollBack(t *testing.T) {
	after := sceneAfter(t)
	outcomes := make(map[string]int)
	eachFault(t, true, errors.New("dead"), func(t *testing.T, fault func(op, path string) error) {
		dir := sceneBefore(t)
		before := snapshot(t, dir)
		rolling := false
		err := runScene(t, dir, func(op, path string) error {
			if op == "rename" && path == ManifestPath && !rolling {
				rolling = true
				return syscall.EACCES
			}
			if rolling {
				return fault(op, path)
			}
			return nil
		})
		if !errors.Is(err, syscall.EACCES) {
			t.Errorf("error %v", err)
		}
		mustBeOldOrNew(t, snapshot(t, dir), before, after)
		what, err := open(t, dir).Recover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := users(snapshot(t, dir))
		switch what, _, _ = strings.Cut(what, " "); what {
		case "finished":
			mustEqual(t, got, users(after))
		default:
			mustEqual(t, got, users(before))
		}
		outcomes[what]++
	})
	if outcomes["finished"] == 0 || outcomes["rolled"] == 0 || outcomes[""] == 0 {
		t.Errorf("not every way out was taken: %v", outcomes)
	}
}

// TestFilesOfAnotherFileSystem moves files where a rename cannot: into a folder where another file system is mounted.
func TestFilesOfAnotherFileSystem(t *testing.T) {
	after := sceneAfter(t)
	dir := sceneBefore(t)
	moved := 0
	err := runScene(t, dir, func(op, path string) error {
		if op == "rename" && strings.HasPrefix(path, "routing/routing") || strings.HasPrefix(path, "new/folder/a") {
			if moved++; moved%2 == 1 { // the copy beside it can be renamed
				return &fsError{syscall.EXDEV}
			}
		}
		return nil
	})
	if err != nil || moved != 4 {
		t.Errorf("%d renames, %v", moved, err)
	}
	mustEqual(t, snapshot(t, dir), after)
}

type fsError struct{ cause error }

func (e *fsError) Error() string { return e.cause.Error() }
func (e *fsError) Unwrap() error { return e.cause }

// TestCancel cancels during staging, and after the commit.
func TestCancel(t *testing.T) {
	after := sceneAfter(t)
	for _, test := range []struct {
		at   string
		done bool
	}{{stagedNew(3), false}, {redoRecord, true}, {"routing/routing_gen.go", true}} {
		dir := sceneBefore(t)
		before := snapshot(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		tree := open(t, dir)
		p, err := tree.Plan(sceneFiles(), sceneOptions())
		if err != nil {
			t.Fatal(err)
		}
		tree.fault = func(_, path string) error {
			if path == test.at {
				cancel()
			}
			return nil
		}
		err = tree.Apply(ctx, p)
		cancel()
		if test.done {
			if err != nil {
				t.Errorf("%s: %v", test.at, err)
			}
			mustEqual(t, snapshot(t, dir), after)
			continue
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", test.at, err)
		}
		mustEqual(t, snapshot(t, dir), before)
	}
}

// TestNewDiesAtEveryStep looks for the target, which is whole or absent, and for what stands beside it after the next run.
func TestNewDiesAtEveryStep(t *testing.T) {
	want := snapshot(t, project(t, sample()))
	for _, dead := range []bool{true, false} {
		eachFault(t, dead, syscall.ENOSPC, func(t *testing.T, fault func(op, path string) error) {
			dir := filepath.Join(t.TempDir(), "updater")
			_, err := newProject(t.Context(), dir, sample(), Options{Version: testVersion}, fault)
			if made := there(dir, ""); made {
				got := snapshot(t, dir)
				maps.DeleteFunc(got, func(p, _ string) bool { return strings.HasPrefix(p, localDir) })
				mustEqual(t, got, want)
				return
			}
			if err == nil {
				t.Fatal("no project, and no error")
			}
			if _, err := New(t.Context(), dir, sample(), Options{Version: testVersion}); err != nil {
				t.Fatal(err)
			}
			mustEqual(t, snapshot(t, dir), want)
			if beside := slices.Sorted(maps.Keys(snapshot(t, filepath.Dir(dir)))); beside[0] != "updater/" {
				t.Errorf("left beside the project: %s", beside[0])
			}
		})
	}
}
