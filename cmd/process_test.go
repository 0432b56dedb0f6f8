//go:build unix

package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// kills returns how often a run is killed in the tests below. The moments are spread over the time that a whole run takes.
func kills() int {
	if *long {
		return 100
	}
	return 10
}

// TestKillNew kills `wsgen new` at random moments: there is no project or a whole one, and the next run says so or makes it.
func TestKillNew(t *testing.T) {
	span := wholeRun(t, func(dir string) []string { return []string{"new", "updater"} })
	for range kills() {
		dir := t.TempDir()
		killed := killAfter(t, wsgen(t, dir, "new", "updater"), span)
		project := filepath.Join(dir, "updater")
		if _, err := os.Stat(project); errors.Is(err, os.ErrNotExist) {
			mustRun(t, dir, "new", "updater")
		} else if out, code := runFor(t, dir, "-C", "updater", "check"); code != exitDone && !strings.Contains(out, "interrupted") {
			t.Fatalf("after a kill (%v) there is a project that check does not like: %d\n%s", killed, code, out)
		}
		mustRun(t, project, "generate")
		mustRun(t, project, "check")
		nothingElse(t, dir, "updater")
	}
}

// TestKillAddConsumer kills `wsgen add consumer`: every file is old or new and whole, check tells of the interrupted run,
// and the next writing command brings the tree to one of the two states.
func TestKillAddConsumer(t *testing.T) {
	prepare := func() string {
		dir := t.TempDir()
		mustRun(t, dir, "new", "updater")
		return filepath.Join(dir, "updater")
	}
	before, after := prepare(), prepare()
	mustRun(t, after, "add", "consumer", "chat")
	span := wholeRun(t, func(dir string) []string {
		mustRun(t, dir, "new", "updater")
		return []string{"-C", "updater", "add", "consumer", "chat"}
	})
	seen := map[string]int{}
	for i := range kills() {
		dir := prepare()
		c := wsgen(t, dir, "add", "consumer", "chat")
		if i%2 == 0 {
			killAfter(t, c, span)
		} else {
			killWriting(t, c, filepath.Join(dir, ".wsgen", "local"), span/4)
		}
		eachIs(t, dir, before, after)
		out, code := runFor(t, dir, "check")
		if code == exitDrift {
			seen["interrupted"]++
		}
		if code != exitDone && (code != exitDrift || !strings.Contains(out, "interrupted")) {
			t.Fatalf("check after the kill: %d\n%s", code, out)
		}
		mustRun(t, dir, "generate")
		mustRun(t, dir, "check")
		spec := read(t, filepath.Join(dir, "wsgen.yaml"))
		switch spec {
		case read(t, filepath.Join(before, "wsgen.yaml")):
			seen["ended as before"]++
			eachIs(t, dir, before)
		case read(t, filepath.Join(after, "wsgen.yaml")):
			seen["ended as after"]++
			eachIs(t, dir, after)
		default:
			t.Fatalf("the spec is neither old nor new:\n%s", spec)
		}
	}
	t.Logf("of %d kills: %v", kills(), seen)
}

// TestTwoRunsAtOnce starts runs that change the same project at the same moment. Each either does its work or says that it
// did not, and the tree has exactly what the successful ones added.
func TestTwoRunsAtOnce(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "updater")
	project := filepath.Join(dir, "updater")
	const runs = 4
	codes, outs := make([]int, runs), make([]string, runs)
	var wg sync.WaitGroup
	for i := range runs {
		wg.Go(func() { outs[i], codes[i] = runFor(t, project, "add", "consumer", fmt.Sprintf("chat%d", i)) })
	}
	wg.Wait()
	spec := read(t, filepath.Join(project, "wsgen.yaml"))
	done := 0
	for i, code := range codes {
		has := strings.Contains(spec, fmt.Sprintf("  chat%d: sync\n", i))
		switch {
		case code == exitDone && has:
			done++
		case code == exitGuard && !has:
		default:
			t.Errorf("run %d exited with %d, its consumer in the spec: %v\n%s", i, code, has, outs[i])
		}
	}
	if done == 0 {
		t.Error("every run refused")
	}
	mustRun(t, project, "check")
}

// TestInterrupt sends SIGINT at random moments: the code is 130 or, where the work was done already, 0; the tree is whole.
func TestInterrupt(t *testing.T) {
	span := wholeRun(t, func(dir string) []string { return []string{"new", "updater"} })
	interrupted := 0
	for range 20 {
		dir := t.TempDir()
		c := wsgen(t, dir, "new", "updater")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(span)) // the moment is what is being tried, not waited for
		_ = c.Process.Signal(os.Interrupt)
		err := c.Wait()
		switch code := c.ProcessState.ExitCode(); code {
		case exitInterrupted:
			interrupted++
		case exitDone:
		default:
			status, ok := c.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || status.Signal() != syscall.SIGINT { // before Main caught signals, the default holds
				t.Fatalf("ended with %v", err)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "updater")); err != nil {
			nothingElse(t, dir)
			continue
		}
		mustRun(t, filepath.Join(dir, "updater"), "check")
		nothingElse(t, dir, "updater")
	}
	t.Logf("%d of 20 runs were interrupted while at work", interrupted)
}

// wholeRun returns somewhat more than the command takes, so that moments can be spread over all of it.
func wholeRun(t *testing.T, args func(dir string) []string) time.Duration {
	t.Helper()
	dir := t.TempDir()
	words := args(dir)
	start := time.Now()
	mustRun(t, dir, words...)
	return time.Since(start) * 5 / 4
}

// killAfter starts the command and kills it at a random moment within span. It reports whether the kill came in time.
func killAfter(t *testing.T, c *exec.Cmd, span time.Duration) bool {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(rand.N(span)) // the moment is what is being tried, not waited for
	_ = c.Process.Kill()
	return c.Wait() != nil
}

// killWriting starts the command and kills it at a random moment within span after the folder for its notes has appeared,
// which is when it begins to write.
func killWriting(t *testing.T, c *exec.Cmd, notes string, span time.Duration) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.Wait() // how it ended is seen in the tree
	}()
	for {
		select {
		case <-ended:
			return
		default:
		}
		if _, err := os.Lstat(notes); err == nil {
			break
		}
	}
	time.Sleep(rand.N(span)) // the moment is what is being tried, not waited for
	_ = c.Process.Kill()
	<-ended
}

// runFor runs wsgen to its end and returns what it printed and its exit code.
func runFor(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	c := wsgen(t, dir, args...)
	c.Stdout, c.Stderr = &out, &out
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Errorf("wsgen %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), c.ProcessState.ExitCode()
}

// eachIs fails unless every file of the project, wsgen's own folder apart, is byte for byte as in one of the examples.
func eachIs(t *testing.T, dir string, examples ...string) {
	t.Helper()
	for _, name := range filesOf(t, dir) {
		text := read(t, filepath.Join(dir, name))
		ok := false
		for _, example := range examples {
			want, err := os.ReadFile(filepath.Join(example, name))
			ok = ok || err == nil && string(want) == text
		}
		if !ok {
			t.Fatalf("%s is neither old nor new:\n%s", name, text)
		}
	}
	if len(examples) > 1 {
		return
	}
	if got, want := filesOf(t, dir), filesOf(t, examples[0]); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("there are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// filesOf lists the files of a project, wsgen's own folder apart.
func filesOf(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := eachFile(dir, func(name string, d os.DirEntry) error {
		if !d.IsDir() && !strings.HasPrefix(name, ".wsgen/") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// nothingElse fails when dir holds anything but the named files.
func nothingElse(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if len(names) == 0 || e.Name() != names[0] {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}
