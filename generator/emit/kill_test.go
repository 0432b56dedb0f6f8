//go:build unix

package emit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wsgen/generator/render"
)

// The child is the test binary, started again with these variables set: it carries out one command and exits.
const (
	childCommand = "WSGEN_TEST_CHILD" // what to do: see child
	childDir     = "WSGEN_TEST_DIR"
)

func TestMain(m *testing.M) {
	if command := os.Getenv(childCommand); command != "" {
		if err := child(command, os.Getenv(childDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(command, dir string) error {
	switch command {
	case "hold":
		return hold(dir)
	case "cramped": // no file may grow beyond 1,000 bytes: a write is cut short by the kernel, as on a full disk
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: 1000}); err != nil {
			return err
		}
	case "new":
		_, err := New(context.Background(), dir, killFiles("old"), Options{Version: testVersion})
		return err
	}
	tree, err := Open(dir)
	if err != nil {
		return err
	}
	if command == "undo" {
		p, err := tree.PlanUndo(Options{})
		if err != nil {
			return err
		}
		return tree.Apply(context.Background(), p)
	}
	p, err := tree.Plan(killFiles("new"), Options{Version: testVersion})
	if err != nil {
		return err
	}
	return tree.Apply(context.Background(), p)
}

// killFiles are enough files for a run to be killed in the middle of them. The two kinds differ in every text, and in which
// files there are.
func killFiles(kind string) []render.File {
	text := strings.Repeat("a line of "+kind+"\n", 200)
	files := []render.File{gen(kind+"_gen.go", text)}
	for i := range 40 {
		files = append(files, gen(fmt.Sprintf("routing/%d_gen.go", i), text), own(fmt.Sprintf("%s/%d.go", kind, i), text))
	}
	return files
}

// killed runs the child up to a random moment and kills it. It says whether the child had ended before.
func killed(t *testing.T, command, dir string, after time.Duration) (ended bool) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childCommand+"="+command, childDir+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended
	err = cmd.Wait()
	timer.Stop()
	if stderr.Len() > 0 {
		t.Fatalf("the child failed: %s", stderr.String())
	}
	return err == nil
}

// kills is how often a child is killed at least; the longest delay adapts to how long the child lives.
const kills = 25

// TestKill9 kills a process that applies a plan at random moments, and lets the next one recover.
func TestKill9(t *testing.T) {
	pristine := project(t, killFiles("old"))
	before := users(snapshot(t, pristine))
	whole := filepath.Join(t.TempDir(), "whole")
	copyTree(t, pristine, whole)
	longest := lifetime(t, func() { killed(t, "apply", whole, time.Minute) })
	after := users(snapshot(t, whole))

	outcomes := make(map[string]int)
	for n := 0; n < kills; {
		dir := filepath.Join(t.TempDir(), "updater")
		copyTree(t, pristine, dir)
		if killed(t, "apply", dir, rand.N(longest)) {
			longest = max(longest*9/10, time.Millisecond) // too late; that does not count
			continue
		}
		n++
		mustBeOldOrNew(t, users(snapshot(t, dir)), before, after)
		what, err := open(t, dir).Recover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := users(snapshot(t, dir))
		switch what, _, _ = strings.Cut(what, " "); what {
		case "finished":
			mustEqual(t, got, after)
		default:
			if !maps.Equal(got, before) && !maps.Equal(got, after) {
				t.Errorf("%q left a mixture", what)
			}
		}
		outcomes[what]++
		if err := child("apply", dir); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, users(snapshot(t, dir)), after)
	}
	t.Logf("after the kills, recovery: %v", outcomes)
}

// TestKill9New kills a process that makes a project: the target is absent or whole, and the next run clears what was left.
func TestKill9New(t *testing.T) {
	want := snapshot(t, project(t, killFiles("old")))
	longest := lifetime(t, func() { killed(t, "new", filepath.Join(t.TempDir(), "updater"), time.Minute) })
	left := 0
	for n := 0; n < kills; {
		parent := t.TempDir()
		dir := filepath.Join(parent, "updater")
		if killed(t, "new", dir, rand.N(longest)) {
			longest = max(longest*9/10, time.Millisecond)
			continue
		}
		n++
		if there(parent, "updater") {
			got := snapshot(t, dir)
			maps.DeleteFunc(got, func(p, _ string) bool { return strings.HasPrefix(p, localDir) })
			mustEqual(t, got, want)
			continue
		}
		if entries, err := os.ReadDir(parent); err != nil || len(entries) > 1 {
			t.Fatalf("%v, %v", entries, err)
		} else if len(entries) == 1 {
			left++
		}
		if err := child("new", dir); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, snapshot(t, dir), want)
		if entries, err := os.ReadDir(parent); err != nil || len(entries) != 1 {
			t.Errorf("beside the project: %v, %v", entries, err)
		}
	}
	t.Logf("%d of %d kills left a sibling", left, kills)
}

func lifetime(t *testing.T, f func()) time.Duration {
	t.Helper()
	begin := time.Now()
	f()
	return time.Since(begin)
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// TestLockOfAnotherProcess meets a run that is at work, and says whom to wait for.
func TestLockOfAnotherProcess(t *testing.T) {
	dir := project(t, sample())
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childCommand+"=hold", childDir+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, 1)); err != nil { // it holds the lock now
		t.Fatal(err)
	}
	files := with(sample(), gen("routing/routing_gen.go", "two\n"))
	before := snapshot(t, dir)
	_, err = generate(t, dir, files, Options{})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder != fmt.Sprintf("process %d", cmd.Process.Pid) {
		t.Errorf("error %v, holder %+v", err, locked)
	}
	if run := open(t, dir).Interrupted(); run == nil || !run.Running || run.Holder != locked.Holder {
		t.Errorf("a run at work is taken for %+v", run)
	}
	mustEqual(t, snapshot(t, dir), before)
	if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	if what, err := open(t, dir).Recover(t.Context()); err != nil || !strings.HasPrefix(what, "cleared away") {
		t.Errorf("%q, %v", what, err)
	}
	if _, err := generate(t, dir, files, Options{}); err != nil {
		t.Error(err)
	}
}

// hold takes the lock, begins a run, says so with one byte, and waits for the end of its input. It leaves the run.
func hold(dir string) error {
	d, err := openDisk(dir, nil)
	if err != nil {
		return err
	}
	if _, err := d.lock(dir); err != nil {
		return err
	}
	if err := d.mkdirAll(runDir); err != nil {
		return err
	}
	if _, err := os.Stdout.WriteString("."); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
