package emit

import (
	"errors"
	"strings"
	"testing"
)

// TestRecoveryThatCannotFinishRollsBack meets a folder that the user made where a file belongs.
func TestRecoveryThatCannotFinishRollsBack(t *testing.T) {
	dir := sceneBefore(t)
	before := users(snapshot(t, dir))
	if err := runScene(t, dir, dieAt("new/folder/a_gen.go")); err == nil {
		t.Fatal("not interrupted")
	}
	remove(t, dir, "new")
	write(t, dir, "new", "a file of the user's\n")
	what, err := open(t, dir).Recover(t.Context())
	if err != nil || !strings.HasPrefix(what, "rolled back an interrupted run (6 files), which could not be finished") {
		t.Errorf("%q, %v", what, err)
	}
	before["new"] = "-rw-r--r-- a file of the user's\n"
	mustEqual(t, users(snapshot(t, dir)), before)
}

// TestRecoveryLeavesTheUsersChangesAlone changes, after the crash, a file that is written already and one that is not.
func TestRecoveryLeavesTheUsersChangesAlone(t *testing.T) {
	dir := sceneBefore(t)
	if err := runScene(t, dir, dieAt("routing/routing_gen.go")); err == nil {
		t.Fatal("not interrupted")
	}
	write(t, dir, "client/index.js", "mine since\n")
	write(t, dir, "wsgen.yaml", "mine since\n")
	what, err := open(t, dir).Recover(t.Context())
	if err != nil || !strings.HasSuffix(what, "left alone, since changed meanwhile: client/index.js, wsgen.yaml") {
		t.Errorf("%q, %v", what, err)
	}
	for _, p := range []string{"client/index.js", "wsgen.yaml"} {
		if got := read(t, dir, p); got != "mine since\n" {
			t.Errorf("%s: %q", p, got)
		}
	}
	if got := read(t, dir, "new/folder/a_gen.go"); got != "a\n" {
		t.Errorf("the rest was not finished: %q", got)
	}
}

// TestApplyRefusesAnInterruptedTree: its plan was made from files that are partly old and partly new.
func TestApplyRefusesAnInterruptedTree(t *testing.T) {
	dir := sceneBefore(t)
	if err := runScene(t, dir, dieAt("routing/routing_gen.go")); err == nil {
		t.Fatal("not interrupted")
	}
	before := snapshot(t, dir)
	var run *Interrupted
	if err := runScene(t, dir, nil); !errors.As(err, &run) || run.Running || !run.Committed {
		t.Errorf("error %v", err)
	}
	delete(before, holderPath) // the dead run's
	delete(before, lockPath)
	mustEqual(t, snapshot(t, dir), before)
}
