package emit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"wsgen/generator/render"
)

// TestRunsAtOnce lets several runs, each with texts of its own, loose on one project: each either did its work or says why
// not, and what is there in the end is the work of one of them.
func TestRunsAtOnce(t *testing.T) {
	const runs, rounds = 6, 10
	dir := project(t, sample())
	kind := func(i int) []render.File {
		files := sample()
		for n := range 20 {
			files = append(files, gen(fmt.Sprintf("many/%d_gen.go", n), fmt.Sprintf("of run %d\n", i)))
		}
		return files
	}
	for range rounds {
		errs := make([]error, runs)
		var wg sync.WaitGroup
		for i := range runs {
			wg.Go(func() {
				tree, err := Open(dir)
				if err != nil {
					errs[i] = err
					return
				}
				p, err := tree.Plan(kind(i), Options{Version: testVersion, Force: true})
				if err != nil {
					errs[i] = err
					return
				}
				errs[i] = tree.Apply(context.Background(), p)
			})
		}
		wg.Wait()
		worked := 0
		for _, err := range errs {
			var locked *LockedError
			var changed *ChangedError
			var running *Interrupted
			switch {
			case err == nil:
				worked++
			case errors.As(err, &locked), errors.As(err, &changed):
			case errors.As(err, &running):
				t.Errorf("the lock is free, and a run is there: %v", err)
			default:
				t.Error(err)
			}
		}
		if worked == 0 {
			t.Errorf("nobody did the work: %v", errs)
		}
		first := read(t, dir, "many/0_gen.go")
		for n := range 20 {
			if got := read(t, dir, fmt.Sprintf("many/%d_gen.go", n)); got != first {
				t.Fatalf("a mixture of runs: %q and %q", first, got)
			}
		}
		if run := open(t, dir).Interrupted(); run != nil {
			t.Fatal(run)
		}
	}
}

// TestFolderClearedUpWhileItIsMade: the folder of the lock was there when a run came to make it, and was gone when that looked: its
// last holder had cleared up. The run makes it in a second attempt. What is no folder stays in the way.
func TestFolderClearedUpWhileItIsMade(t *testing.T) {
	dir := project(t, sample())
	tree := open(t, dir)
	p := plan(t, tree, append(sample(), gen("more_gen.go", "more\n")))
	if err := os.RemoveAll(filepath.Join(dir, ".wsgen", "local")); err != nil {
		t.Fatal(err)
	}
	there := &fs.PathError{Op: "mkdirat", Path: localDir, Err: syscall.EEXIST}
	met := 0
	tree.fault = func(op, path string) error {
		if op == "mkdir" && path == localDir {
			if met++; met == 1 {
				return there
			}
		}
		return nil
	}
	if err := tree.Apply(t.Context(), p); err != nil || met < 2 {
		t.Fatalf("%v after %d attempts", err, met)
	}
	local := filepath.Join(dir, ".wsgen", "local")
	if err := errors.Join(os.RemoveAll(local), os.WriteFile(local, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	tree = open(t, dir)
	if err := tree.Apply(t.Context(), plan(t, tree, sample())); err == nil || errors.As(err, &locked) {
		t.Errorf("with a file in its place: %v", err)
	}
}

// TestPlanBesideAnotherRun plans with a manifest that was read before another run did its work, and with one at work: what that
// run wrote is not taken for edits by hand.
func TestPlanBesideAnotherRun(t *testing.T) {
	dir := project(t, sample())
	early := open(t, dir)
	newer := with(sample(), gen("routing/routing_gen.go", "package routing // newer\n"))
	if _, err := generate(t, dir, newer, Options{}); err != nil {
		t.Fatal(err)
	}
	var changed *ChangedError
	if _, err := early.Plan(sample(), Options{Version: testVersion}); !errors.As(err, &changed) {
		t.Errorf("after the other run: error %v, want a ChangedError", err)
	}

	early = open(t, dir)
	atWork := open(t, dir)
	atWork.fault = func(op, path string) error {
		if path != redoRecord {
			return nil
		}
		var locked *LockedError
		if _, err := early.Plan(sample(), Options{Version: testVersion}); !errors.As(err, &locked) {
			t.Errorf("beside the other run: error %v, want a LockedError", err)
		}
		return nil
	}
	if err := atWork.Apply(context.Background(), plan(t, atWork, sample())); err != nil {
		t.Fatal(err)
	}
}

// TestNewsAtOnce lets several runs make the same project: one makes it, the others say that it is there.
func TestNewsAtOnce(t *testing.T) {
	const runs, rounds = 4, 10
	want := snapshot(t, project(t, sample()))
	for range rounds {
		dir := filepath.Join(t.TempDir(), "updater")
		errs := make([]error, runs)
		var wg sync.WaitGroup
		for i := range runs {
			wg.Go(func() { _, errs[i] = New(context.Background(), dir, sample(), Options{Version: testVersion}) })
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			var notEmpty *NotEmptyError
			if err == nil {
				made++
			} else if !errors.As(err, &notEmpty) {
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("%d runs made it", made)
		}
		mustEqual(t, snapshot(t, dir), want)
		if beside := snapshot(t, filepath.Dir(dir)); len(beside) != len(want)+1 {
			t.Errorf("left beside the project: %v", beside)
		}
	}
}

// TestLockThatWasRemovedIsNoLock: who locks a file that its former holder has removed since, or that another run has made
// anew, locks out nobody, and must try again.
func TestLockThatWasRemovedIsNoLock(t *testing.T) {
	for name, meanwhile := range map[string]func(dir string){
		"removed":   func(dir string) { remove(t, dir, lockPath) },
		"made anew": func(dir string) { remove(t, dir, lockPath); write(t, dir, lockPath, "") },
	} {
		dir := t.TempDir()
		attempts := 0
		d, err := openDisk(dir, func(op, _ string) error {
			if op == "lock" {
				if attempts++; attempts == 1 {
					meanwhile(dir)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		l, err := d.lock(dir)
		if err != nil || attempts != 2 {
			t.Fatalf("%s: %d attempts, %v", name, attempts, err)
		}
		var locked *LockedError
		if _, err := d.lock(dir); !errors.As(err, &locked) {
			t.Errorf("%s: a second lock: %v", name, err)
		}
		if err := errors.Join(l.unlock(), d.close()); err != nil {
			t.Error(err)
		}
		mustEqual(t, snapshot(t, dir), nil)
	}
}

// TestGitSeesNothingOfALock: whatever a run that dies leaves beside its lock is ignored by then.
func TestGitSeesNothingOfALock(t *testing.T) {
	dir := t.TempDir()
	d, err := openDisk(dir, func(op, p string) error {
		if p == holderPath || p == lockPath {
			if text := read(t, dir, ignorePath); text != "*\n" {
				t.Errorf("at %s %s: .gitignore is %q", op, p, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	d.fault = nil
	if err := errors.Join(l.unlock(), d.close()); err != nil {
		t.Error(err)
	}
	mustEqual(t, snapshot(t, dir), nil)
}

// TestPlanMadeBesideARun: a plan that was made while another run changed files is not carried out once that run has ended, although
// every file that the plan itself would change is as it was read.
func TestPlanMadeBesideARun(t *testing.T) {
	one := with(sample(), gen("a_gen.go", "one\n"), gen("b_gen.go", "one\n"))
	two := with(sample(), gen("a_gen.go", "two\n"), gen("b_gen.go", "two\n"))
	dir := project(t, one)
	first := open(t, dir)
	plan, err := first.Plan(two, Options{Version: testVersion})
	if err != nil {
		t.Fatal(err)
	}
	var second *Tree
	var beside *Plan
	first.fault = func(op, path string) error {
		if op == "rename" && path == "b_gen.go" { // a_gen.go is two by now, b_gen.go still one
			second = open(t, dir)
			beside, err = second.Plan(one, Options{Version: testVersion, Force: true})
		}
		return nil
	}
	if err := first.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	if err != nil || beside == nil {
		t.Fatalf("the second plan: %v, %v", beside, err)
	}
	var changed *ChangedError
	if err := second.Apply(t.Context(), beside); !errors.As(err, &changed) {
		t.Errorf("the second run: %v", err)
	}
	if a, b := read(t, dir, "a_gen.go"), read(t, dir, "b_gen.go"); a != b {
		t.Errorf("a mixture of runs: %q and %q", a, b)
	}
}
