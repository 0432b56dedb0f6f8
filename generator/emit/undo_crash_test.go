package emit

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// undoScene is a project in which the scene's operation waits to be taken back, with an earlier one before it.
func undoScene(t testing.TB) (dir string, before, after map[string]string) {
	t.Helper()
	dir = sceneBefore(t)
	operate(t, dir, "earlier", Options{Force: true}, "client/index.js", "earlier\n", "gone/one_gen.go", "one\n")
	before = exact(t, dir)
	sceneOperation(t, dir)
	return dir, before, exact(t, dir)
}

// faultyUndo takes the newest operation back on a disk with a fault.
func faultyUndo(t testing.TB, dir string, o Options, fault func(op, path string) error) error {
	t.Helper()
	tree := open(t, dir)
	p, err := tree.PlanUndo(o)
	if err != nil {
		t.Fatal(err)
	}
	tree.fault = fault
	return tree.Apply(t.Context(), p)
}

// mustEndBefore lets undo come again if the operation is still there, and looks for the state that was before it.
func mustEndBefore(t testing.TB, dir string, before, after map[string]string) {
	t.Helper()
	switch got := history(t, dir); len(got) {
	case 2:
		mustEqual(t, users(snapshot(t, dir)), users(after))
		if got[0] != "2 generate [client/index.js consumers/b_consumer.go gone/one_gen.go new/folder/a_gen.go routing/routing_gen.go wsgen.yaml] [] " {
			t.Errorf("the operation is damaged: %q", got)
		}
		mustUndo(t, dir)
	case 1:
		if got[0] != "1 earlier [client/index.js] [] " {
			t.Errorf("the earlier operation is damaged: %q", got)
		}
	default:
		t.Errorf("the history is %q", got)
	}
	got := exact(t, dir)
	for p := range got {
		if _, known := before[p]; !known && strings.HasSuffix(p, "/") {
			delete(got, p) // a folder that could not be removed is empty, or the comparison finds what is in it
		}
	}
	mustEqual(t, got, before)
}

// TestUndoDiesAtEveryStep stops the disk at each change of an undo in turn, lets the next run recover, and undo come again.
func TestUndoDiesAtEveryStep(t *testing.T) {
	t.Parallel()
	outcomes := make(map[string]int)
	eachFault(t, true, errors.New("dead"), func(t *testing.T, fault func(op, path string) error) {
		dir, before, after := undoScene(t)
		failed := faultyUndo(t, dir, Options{}, fault)
		mustBeOldOrNew(t, snapshot(t, dir), after, before)
		tree := open(t, dir)
		if run := tree.Interrupted(); failed == nil && run != nil {
			t.Errorf("Apply returned nil, and left %v", run)
		}
		what, err := tree.Recover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(what, "finished") || what == "" && failed == nil {
			if got := history(t, dir); len(got) != 1 {
				t.Errorf("%q, and the operation is still there: %q", what, got)
			}
		}
		outcomes[strings.SplitN(what, " ", 2)[0]]++
		mustEndBefore(t, dir, before, after)
	})
	for _, outcome := range []string{"finished", "cleared", ""} {
		if outcomes[outcome] == 0 {
			t.Errorf("no death was %q: %v", outcome, outcomes)
		}
	}
}

// TestUndoOnAFullDisk lets one change of an undo fail, and the process live.
func TestUndoOnAFullDisk(t *testing.T) {
	t.Parallel()
	eachFault(t, false, syscall.ENOSPC, func(t *testing.T, fault func(op, path string) error) {
		dir, before, after := undoScene(t)
		err := faultyUndo(t, dir, Options{}, fault)
		tree := open(t, dir)
		switch {
		case err == nil:
			mustEqual(t, users(snapshot(t, dir)), users(before))
		case !errors.Is(err, syscall.ENOSPC):
			t.Errorf("the error does not say what happened: %v", err)
		case tree.Interrupted() == nil:
			mustEqual(t, users(snapshot(t, dir)), users(after))
		default:
			if !strings.Contains(err.Error(), "wsgen generate") && !strings.Contains(err.Error(), "no file was changed") {
				t.Errorf("left %v, and says %v", tree.Interrupted(), err)
			}
			if _, err := tree.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		mustEndBefore(t, dir, before, after)
	})
}

// TestForcedUndoDiesAtEveryStep looks for the texts of the user's, which are in their place or in the trash at every moment.
func TestForcedUndoDiesAtEveryStep(t *testing.T) {
	t.Parallel()
	eachFault(t, true, errors.New("dead"), func(t *testing.T, fault func(op, path string) error) {
		dir, before, _ := undoScene(t)
		for _, p := range []string{"client/index.js", "consumers/b_consumer.go"} {
			write(t, dir, p, "mine since\n")
		}
		_ = faultyUndo(t, dir, Options{Force: true}, fault) // its error is the fault's
		if _, err := open(t, dir).Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{"client/index.js", "consumers/b_consumer.go"} {
			found := false
			for _, at := range []string{p, trashDir + "/2/" + p, trashDir + "/3/" + p} {
				found = found || there(dir, at) && read(t, dir, at) == "mine since\n"
			}
			if !found {
				t.Errorf("the user's text of %s is lost", p)
			}
		}
		if got := history(t, dir); len(got) == 2 {
			if _, err := undo(t, dir, Options{Force: true}); err != nil {
				t.Fatal(err)
			}
		}
		mustEqual(t, users(snapshot(t, dir)), users(before))
	})
}

// TestDeathDuringTheRecoveryOfAnUndo stops that at each of its own changes.
func TestDeathDuringTheRecoveryOfAnUndo(t *testing.T) {
	t.Parallel()
	eachFault(t, true, errors.New("dead"), func(t *testing.T, fault func(op, path string) error) {
		dir, before, after := undoScene(t)
		if err := faultyUndo(t, dir, Options{}, dieAt("routing/routing_gen.go")); err == nil {
			t.Fatal("the undo was not interrupted")
		}
		tree := open(t, dir)
		tree.fault = fault
		_, _ = tree.Recover(t.Context()) // its error is the fault's
		mustBeOldOrNew(t, snapshot(t, dir), after, before)
		if _, err := open(t, dir).Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustEndBefore(t, dir, before, after)
	})
}

// TestDeathDuringTheRollBackOfAnUndo makes the last file of an undo fail, and the process die at each change that follows.
func TestDeathDuringTheRollBackOfAnUndo(t *testing.T) {
	t.Parallel()
	outcomes := make(map[string]int)
	eachFault(t, true, errors.New("dead"), func(t *testing.T, fault func(op, path string) error) {
		dir, before, after := undoScene(t)
		rolling := false
		err := faultyUndo(t, dir, Options{}, func(op, path string) error {
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
		what, err := open(t, dir).Recover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		outcomes[strings.SplitN(what, " ", 2)[0]]++
		mustEndBefore(t, dir, before, after)
	})
	if outcomes["finished"] == 0 || outcomes["rolled"] == 0 || outcomes[""] == 0 {
		t.Errorf("not every way out was taken: %v", outcomes)
	}
}

// TestOperationDiesAtEveryStep lets a run die that belongs into a history that is full. What is finished can be undone, and no
// operation is there in part.
func TestOperationDiesAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, dead := range []bool{true, false} {
		eachFault(t, dead, syscall.ENOSPC, func(t *testing.T, fault func(op, path string) error) {
			dir := sceneBefore(t)
			for i := range kept {
				write(t, dir, entryRecord(i+1), `{"command":"earlier"}`)
			}
			before := exact(t, dir)
			tree := open(t, dir)
			p, err := tree.Plan(sceneFiles(), Options{Version: testVersion, Force: true, Command: "scene"})
			if err != nil {
				t.Fatal(err)
			}
			tree.fault = fault
			_ = tree.Apply(t.Context(), p) // its error is the fault's
			if _, err := open(t, dir).Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := history(t, dir)
			if n := len(got); n != kept {
				t.Errorf("%d operations", n)
			}
			for _, line := range got {
				if !strings.HasSuffix(line, " [] ") {
					t.Errorf("damaged: %s", line)
				}
			}
			if strings.Contains(got[0], "scene") {
				mustUndo(t, dir)
			}
			mustEqual(t, users(snapshot(t, dir)), users(before))
			operate(t, dir, "next", Options{Force: true}, "client/index.js", "next\n")
			if got := history(t, dir); len(got) != kept || there(dir, doneDir) {
				t.Errorf("after the next run: %q", got)
			}
		})
	}
}

// TestUndoOfARecoveredRun takes back what the recovery finished.
func TestUndoOfARecoveredRun(t *testing.T) {
	t.Parallel()
	dir := sceneBefore(t)
	before := exact(t, dir)
	tree := open(t, dir)
	p, err := tree.Plan(sceneFiles(), Options{Version: testVersion, Force: true, Command: "scene"})
	if err != nil {
		t.Fatal(err)
	}
	tree.fault = dieAt("routing/routing_gen.go")
	if err := tree.Apply(t.Context(), p); err == nil {
		t.Fatal("not interrupted")
	}
	write(t, dir, "client/index.js", "mine since\n") // recovery leaves it alone, and so does undo
	if what, err := open(t, dir).Recover(t.Context()); err != nil || !strings.Contains(what, "left alone") {
		t.Fatalf("%q, %v", what, err)
	}
	var conflict *ConflictError
	if _, err := undo(t, dir, Options{}); !errors.As(err, &conflict) || len(conflict.Ops) != 1 || conflict.Ops[0].Path != "client/index.js" {
		t.Errorf("error %v", err)
	}
	write(t, dir, "client/index.js", "two\n")
	mustUndo(t, dir)
	mustEqual(t, exact(t, dir), before)
}

// TestUndoThatLeavesAFileAloneStaysPossible changes a file at the last moment: what it was before must not be lost.
func TestUndoThatLeavesAFileAloneStaysPossible(t *testing.T) {
	t.Parallel()
	dir, before, _ := undoScene(t)
	var once atomic.Bool
	err := faultyUndo(t, dir, Options{}, func(op, path string) error {
		if op == "rename" && path == redoRecord && !once.Swap(true) {
			write(t, dir, "client/index.js", "mine since\n")
		}
		return nil
	})
	var changed *ChangedError
	if !errors.As(err, &changed) || changed.Path != "client/index.js" {
		t.Errorf("error %v", err)
	}
	if got := history(t, dir); len(got) != 2 {
		t.Fatalf("the operation is lost: %q", got)
	}
	if _, err := undo(t, dir, Options{Force: true}); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, exact(t, dir), before)
}
