//go:build unix

package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// scene is a command about to be run in a project.
type scene struct {
	name    string
	prepare func(t *testing.T, dir string) // what comes before, in the folder of a new project
	args    []string
	code    int // with which it ends when nothing fails
}

// scenes has every command that changes the files of a project; new, which builds beside it, is held by tests of its own.
func scenes() []scene {
	after := func(commands ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, c := range commands {
				mustRun(t, dir, strings.Fields(c)...)
			}
		}
	}
	edited := func(t *testing.T, dir string) {
		after("add consumer chat")(t, dir)
		addLine(t, filepath.Join(dir, "consumers", "chat_consumer.go"), "// mine")
	}
	conflicting := func(t *testing.T, dir string) {
		replaceIn(t, filepath.Join(dir, "wsgen.yaml"), "/ws/echo: echo", "/ws/other: echo")
		replaceIn(t, filepath.Join(dir, "consumers", "echo_consumer_test.go"), `"/ws/echo"`, `"/ws/mine"`)
	}
	halfUpgraded := func(t *testing.T, dir string) {
		conflicting(t, dir)
		if out, code := runFor(t, dir, "upgrade"); code != exitConflict {
			t.Fatalf("upgrade exits with %d\n%s", code, out)
		}
	}
	return []scene{
		{"add consumer", after(), []string{"add", "consumer", "chat"}, exitDone},
		{"add route", after(), []string{"add", "route", "/ws/more/{id:int}", "--to", "echo"}, exitDone},
		{"remove consumer", after("add consumer chat"), []string{"remove", "consumer", "chat"}, exitDone},
		{"remove consumer --force", edited, []string{"remove", "consumer", "chat", "--force"}, exitDone},
		{"remove route", after("add route /ws/more --to echo"), []string{"remove", "route", "/ws/more"}, exitDone},
		{"rename consumer", edited, []string{"rename", "consumer", "chat", "room"}, exitDone},
		{"undo", after("add consumer chat"), []string{"undo"}, exitDone},
		{"generate", func(t *testing.T, dir string) {
			replaceIn(t, filepath.Join(dir, "wsgen.yaml"), "/ws/echo: echo", "/ws/other: echo")
		}, []string{"generate"}, exitDone},
		{"generate --force", func(t *testing.T, dir string) {
			addLine(t, filepath.Join(dir, "routing", "routing_gen.go"), "// mine")
		}, []string{"generate", "--force"}, exitDone},
		{"fmt", func(t *testing.T, dir string) {
			replaceIn(t, filepath.Join(dir, "wsgen.yaml"), "  /ws/echo:", "     /ws/echo:")
		}, []string{"fmt"}, exitDone},
		{"upgrade", conflicting, []string{"upgrade"}, exitConflict},
		{"upgrade --abort", halfUpgraded, []string{"upgrade", "--abort"}, exitDone},
		{"upgrade --continue", func(t *testing.T, dir string) {
			halfUpgraded(t, dir)
			put(t, filepath.Join(dir, "consumers", "echo_consumer_test.go"), "package consumers_test\n")
		}, []string{"upgrade", "--continue"}, exitDone},
		{"init", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "go.mod"), "module example.com/p\n\ngo 1.24.0\n")
			put(t, filepath.Join(dir, "README.md"), "mine\n")
		}, []string{"init"}, exitDone},
	}
}

// somePlaces is at about how many places of a command each fault strikes where the tests are not to be long.
const somePlaces = 16

// TestEveryCommandAtEveryStep ends each command before each change that it makes to the disk. Where the process ends there, every
// file is old or new and whole, and the next command brings the project to one of the two states; where the disk is full there, the
// command says so, every file is as it was, and the command run again does its work. Without -long it tries some of the changes.
func TestEveryCommandAtEveryStep(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			before, after := filepath.Join(parent, "before", "p"), filepath.Join(parent, "after", "p")
			mustRun(t, parent, "new", "project", "p", "--dir", before)
			s.prepare(t, before)
			copyTree(t, before, after)
			if code, out := runFailing(t, after, s.args, nil); code != s.code {
				t.Fatalf("exits with %d\n%s", code, out)
			}
			stages := [2]map[string]string{texts(t, before), texts(t, after)}
			steps := s.die(t, before, stages, 1_000_000)
			if steps < 5 || steps >= 1_000_000 {
				t.Errorf("the command makes %d changes", steps)
			}
			stride := max(steps/somePlaces, 1)
			if *long {
				stride = 1
			}
			for n := 1; n <= steps; n += stride {
				s.die(t, before, stages, n)
				s.fillUp(t, before, stages, min(n+stride/2, steps))
			}
			t.Logf("%d changes, every %d. of them", steps, stride)
		})
	}
}

// die runs the command in a copy of the project up to its nth change, and then the next command. It returns how many changes the
// command was about to make.
func (s scene) die(t *testing.T, project string, stages [2]map[string]string, n int) (steps int) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "p")
	copyTree(t, project, dir)
	runFailing(t, dir, s.args, func(string, string) error {
		if steps++; steps >= n {
			return errors.New("dead")
		}
		return nil
	})
	now := texts(t, dir)
	for name, text := range now {
		if !strings.HasPrefix(name, ".wsgen/") && !slices.Contains([]string{stages[0][name], stages[1][name]}, text) {
			t.Fatalf("the process ended at change %d: %s is neither old nor new:\n%s", n, name, text)
		}
	}
	halfDone := !slices.ContainsFunc(stages[:], func(stage map[string]string) bool { return maps.Equal(stage, now) })
	code, out := runFailing(t, dir, s.args, nil) // the next command is the same one: it has its work to do, or finds it done
	if halfDone && !strings.Contains(out, "recovered: ") {
		t.Fatalf("the process ended at change %d, and the next command does not say what became of it: %d\n%s", n, code, out)
	}
	if !maps.Equal(stages[1], texts(t, dir)) && !(s.name == "undo" && maps.Equal(stages[0], texts(t, dir))) {
		t.Fatalf("the process ended at change %d; after the next command (%d) the project is not what it should be: %v\n%s",
			n, code, changedFiles(stages[1], texts(t, dir)), out)
	}
	return steps
}

// fillUp runs the command in a copy of the project with a disk that is full at its nth change.
func (s scene) fillUp(t *testing.T, project string, stages [2]map[string]string, n int) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "p")
	copyTree(t, project, dir)
	steps := 0
	code, out := runFailing(t, dir, s.args, func(op, path string) error {
		if steps++; steps == n {
			return fmt.Errorf("%s %s: %w", op, path, syscall.ENOSPC)
		}
		return nil
	})
	want := stages[0]
	if code == s.code || strings.Contains(out, "every file is written, but the journal is not closed") { // only tidying up was left
		want = stages[1]
	} else if code != exitInternal || !strings.Contains(out, "make room on the disk") {
		t.Fatalf("the disk was full at change %d: exits with %d\n%s", n, code, out)
	}
	if now := texts(t, dir); !maps.Equal(want, now) {
		t.Fatalf("the disk was full at change %d (exits with %d): %v changed\n%s", n, code, changedFiles(want, now), out)
	}
	if code, out := runFailing(t, dir, s.args, nil); !maps.Equal(stages[1], texts(t, dir)) && s.name != "undo" {
		t.Fatalf("the disk was full at change %d; with room again the command exits with %d\n%s", n, code, out)
	}
}

// runFailing runs a command in this process, in dir, with the fault.
func runFailing(t *testing.T, dir string, args []string, fault func(op, path string) error) (code int, out string) {
	t.Helper()
	var text bytes.Buffer
	h := &host{
		stdin: strings.NewReader(""), stdout: &text, stderr: &text,
		getenv: func(string) string { return "" }, prompter: &fakePrompter{},
		become: func(string, string, []string) error { return errors.New("this test becomes nothing") },
		fault:  fault,
	}
	code = run(t.Context(), append([]string{"-C", dir}, args...), h)
	return code, text.String()
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func addLine(t *testing.T, path, line string) {
	t.Helper()
	put(t, path, read(t, path)+line+"\n")
}

func replaceIn(t *testing.T, path, old, text string) {
	t.Helper()
	before := read(t, path)
	if !strings.Contains(before, old) {
		t.Fatalf("%s has no %q", path, old)
	}
	put(t, path, strings.Replace(before, old, text, 1))
}
