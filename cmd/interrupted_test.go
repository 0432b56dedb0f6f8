package cmd

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"
)

// halfway makes a project in which a run that adds the consumer chat was interrupted: when it had changed one file, or, where
// it is not committed, when it had staged all of them and changed none.
func halfway(t *testing.T, committed bool) (dir string) {
	t.Helper()
	parent := t.TempDir()
	mustRun(t, parent, "new", "updater")
	dir = filepath.Join(parent, "updater")
	interrupt(t, dir, committed, "add", "consumer", "chat")
	return dir
}

// interrupt leaves dir as a run that was interrupted leaves it: when it had written client/index.js, or, where it is not committed,
// when it had staged all of its files and changed none.
func interrupt(t *testing.T, dir string, committed bool, args ...string) {
	t.Helper()
	after := filepath.Join(t.TempDir(), filepath.Base(dir))
	if err := os.CopyFS(after, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, after, args...)

	type step struct {
		Path string `json:"path"`
		Old  string `json:"old,omitempty"`
		New  string `json:"new,omitempty"`
	}
	var steps []step
	dirs := []string{}
	staged := filepath.Join(dir, ".wsgen", "local", "run")
	err := eachFile(after, func(name string, d fs.DirEntry) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(path); d.IsDir() && os.IsNotExist(err) && !strings.HasPrefix(name, ".wsgen/local") {
			dirs = append(dirs, name)
		}
		before, err := os.ReadFile(path)
		if d.IsDir() || strings.HasPrefix(name, ".wsgen/local/") || err != nil && !os.IsNotExist(err) {
			return nil
		}
		now := read(t, filepath.Join(after, filepath.FromSlash(name)))
		if err == nil && now == string(before) {
			return nil
		}
		s := step{Path: name, New: fmt.Sprintf("%x", sha256.Sum256([]byte(now)))}
		put(t, filepath.Join(staged, fmt.Sprintf("new-%d", len(steps))), now)
		if err == nil {
			s.Old = fmt.Sprintf("%x", sha256.Sum256(before))
			put(t, filepath.Join(staged, fmt.Sprintf("old-%d", len(steps))), string(before))
		}
		steps = append(steps, s)
		if committed && name == "client/index.js" {
			put(t, path, now)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !committed {
		return
	}
	journal, err := json.Marshal(map[string]any{"command": "add consumer chat", "steps": steps, "dirs": dirs})
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(staged, "redo.json"), string(journal))
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestInterruptedRun: what a run that died left half done is not taken for the user's edits.
func TestInterruptedRun(t *testing.T) {
	dir := halfway(t, true)
	before, err := describe(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string // on stdout
	}{
		{[]string{"check"}, exitDrift, ".wsgen: interrupted: an earlier run of wsgen was interrupted while it changed files\n    wsgen generate finishes it"},
		{[]string{"diff"}, exitDrift, ""},
		{[]string{"generate", "--dry-run"}, exitDone, "would first finish an interrupted run, or roll it back"},
		{[]string{"add", "consumer", "tick", "-n"}, exitDone, "would first finish an interrupted run, or roll it back"},
		{[]string{"generate", "-n", "--json"}, exitDone, `"recovered": "not yet: `},
	} {
		_, out, errs, code := atTerminal(t, nil, append(c.args, "--color", "never", "-C", dir)...)
		if code != c.code || !strings.Contains(out, c.want) || strings.Contains(out+errs, "by hand") {
			t.Errorf("%q: exit code %d\n%s\n%s", c.args, code, out, errs)
		}
	}
	if now, err := describe(dir); err != nil || now != before {
		t.Errorf("something was written (%v)\n%s\nbecame\n%s", err, before, now)
	}
	_, out, errs, code := atTerminal(t, nil, "generate", "-C", dir)
	if code != exitDone || !strings.Contains(out, "recovered: finished an interrupted run") {
		t.Errorf("generate: exit code %d\n%s\n%s", code, out, errs)
	}
	if _, out, errs, code := atTerminal(t, nil, "check", "-C", dir); code != exitDone {
		t.Errorf("check: exit code %d\n%s\n%s", code, out, errs)
	}
}

// TestStagedOnly: a run that died before it changed anything is in nobody's way.
func TestStagedOnly(t *testing.T) {
	dir := halfway(t, false)
	if _, out, _, code := atTerminal(t, nil, "check", "-C", dir); code != exitDrift || !strings.Contains(out, "before it changed any file") {
		t.Errorf("check: exit code %d\n%s", code, out)
	}
	if _, out, errs, code := atTerminal(t, nil, "generate", "-n", "-C", dir); code != exitDone ||
		!strings.Contains(out, "nothing to do") || !strings.Contains(errs, "would first clear it away") {
		t.Errorf("dry run: exit code %d\n%s\n%s", code, out, errs)
	}
	if _, out, _, code := atTerminal(t, nil, "generate", "-C", dir); code != exitDone || !strings.Contains(out, "cleared away") {
		t.Errorf("generate: exit code %d\n%s", code, out)
	}
}

// TestRunAtWork: beside a run that is at work no command says anything about files that are about to change, and a dry run
// is refused like the real one.
func TestRunAtWork(t *testing.T) {
	dir := halfway(t, true)
	lock := flock.New(filepath.Join(dir, ".wsgen", "local", "lock"))
	if held, err := lock.TryLock(); err != nil || !held {
		t.Fatalf("the lock is not to be had: %v", err)
	}
	defer func() {
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	}()
	for _, args := range [][]string{{"generate"}, {"generate", "-n"}, {"add", "consumer", "tick", "-n"}, {"check"}, {"diff"}} {
		_, out, errs, code := atTerminal(t, nil, append(args, "-C", dir)...)
		if code != exitGuard || out != "" || !strings.Contains(errs, "is writing to this project: wait until it has ended") {
			t.Errorf("%q: exit code %d\n%s\n%s", args, code, out, errs)
		}
	}
}

// TestInterruptedInit: a project whose spec is not written yet is one that the next command finishes.
func TestInterruptedInit(t *testing.T) {
	for _, finish := range [][]string{{"generate"}, {"init"}} {
		dir := filepath.Join(t.TempDir(), "shop")
		put(t, filepath.Join(dir, "README.md"), "mine\n")
		interrupt(t, dir, true, "init")
		if _, err := os.Stat(filepath.Join(dir, "wsgen.yaml")); !os.IsNotExist(err) {
			t.Fatalf("the spec is there: %v", err)
		}
		_, out, errs, code := atTerminal(t, nil, "check", "--color", "never", "-C", dir)
		if code != exitDrift || !strings.Contains(out, ".wsgen: interrupted: ") || strings.Contains(out, "missing") {
			t.Errorf("check: exit code %d\n%s\n%s", code, out, errs)
		}
		if _, _, errs, code := atTerminal(t, nil, "routes", "-C", dir); code != exitGuard || !strings.Contains(errs, "wsgen generate finishes it") {
			t.Errorf("routes: exit code %d\n%s", code, errs)
		}
		if _, out, errs, _ := atTerminal(t, nil, append(finish, "--no-input", "-C", dir)...); !strings.Contains(out, "recovered: finished an interrupted run") {
			t.Errorf("%q:\n%s\n%s", finish, out, errs)
		}
		if _, out, errs, code := atTerminal(t, nil, "check", "-C", dir); code != exitDone {
			t.Errorf("check after %q: exit code %d\n%s\n%s", finish, code, out, errs)
		}
	}
}
