package cmd

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestUndoAfterAnInterruption: what was interrupted is what there is to take back, and nothing beyond it.
func TestUndoAfterAnInterruption(t *testing.T) {
	for _, committed := range []bool{true, false} {
		dir := halfway(t, committed)
		for _, dry := range []bool{true, false} {
			args := []string{"undo", "-C", dir}
			if dry {
				args = append(args, "-n")
			}
			before, err := describe(dir)
			if err != nil {
				t.Fatal(err)
			}
			_, out, errs, code := atTerminal(t, nil, args...)
			if code != exitDone {
				t.Errorf("%q: exit code %d\n%s\n%s", args, code, out, errs)
			}
			switch {
			case dry:
				if now, err := describe(dir); err != nil || now != before {
					t.Errorf("the dry run wrote something (%v)\n%s\nbecame\n%s", err, before, now)
				}
			case committed: // it was finished, and then taken back
				if !strings.Contains(out, "recovered: finished an interrupted run") || !strings.Contains(out, ": add consumer chat\n") {
					t.Errorf("%s\n%s", out, errs)
				}
			}
			if !committed && !strings.Contains(out, "nothing else is undone") {
				t.Errorf("dry run %v:\n%s\n%s", dry, out, errs)
			}
		}
		if out := mustRun(t, dir, "check"); !strings.Contains(out, "agree") {
			t.Error(out)
		}
		if out := mustRun(t, dir, "routes"); strings.Contains(out, "chat") {
			t.Error(out)
		}
	}
}

// TestUndoAfterAnInterruptedUndo finishes that one, and takes back nothing more.
func TestUndoAfterAnInterruptedUndo(t *testing.T) {
	parent := t.TempDir()
	mustRun(t, parent, "new", "updater")
	dir := filepath.Join(parent, "updater")
	mustRun(t, dir, "add", "consumer", "chat")
	mustRun(t, dir, "add", "consumer", "room")
	put(t, filepath.Join(dir, ".wsgen", "local", "run", "redo.json"), `{"steps":[],"dirs":[],"drops":2}`) // all but its end is done
	if out := mustRun(t, dir, "undo"); !strings.Contains(out, "recovered: finished") || !strings.Contains(out, "nothing else is undone") {
		t.Error(out)
	}
	if out := mustRun(t, dir, "undo", "--list"); !strings.Contains(out, "add consumer chat") || strings.Contains(out, "add consumer room") {
		t.Error(out)
	}
}
