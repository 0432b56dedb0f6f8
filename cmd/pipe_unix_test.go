//go:build unix

package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pipe makes a named pipe that nobody writes to. Who waits for it is let go when the test has ended.
func pipe(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		writer, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Error(err)
			return
		}
		if err := writer.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestInterruptWhileAPipeIsSilent: Ctrl-C ends a command that waits for a spec.
func TestInterruptWhileAPipeIsSilent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spec.yaml")
	pipe(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	if code := run(ctx, []string{"validate", path}, newHost(strings.NewReader(""), &out, &out)); code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

// TestRoutesReadsNoPipe: a stub that is no file has no line, and is not waited for.
func TestRoutesReadsNoPipe(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "updater")
	stub := filepath.Join(dir, "updater", "consumers", "echo_consumer.go")
	if err := os.Remove(stub); err != nil {
		t.Fatal(err)
	}
	pipe(t, stub)
	if out := mustRun(t, dir, "-C", "updater", "routes"); !strings.Contains(out, "/ws/echo  echo      sync  -\n") {
		t.Errorf("got\n%s", out)
	}
}

// TestPipesInPlaceOfFilesAndFolders: no command waits for a pipe, wherever in a project it stands.
func TestPipesInPlaceOfFilesAndFolders(t *testing.T) {
	pristine := filepath.Join(t.TempDir(), "updater")
	mustRun(t, t.TempDir(), "new", "project", "updater", "--dir", pristine)
	for _, place := range []string{"consumers", "web", "go.mod", "go.sum", "go.work", "vendor/modules.txt", "main.go", ".wsgen/base"} {
		for _, command := range []string{"check", "doctor", "routes", "generate -n", "add consumer chat -n", "rename consumer echo room -n", "remove consumer echo -n", "upgrade -n", "init -n --no-input"} {
			dir := filepath.Join(t.TempDir(), "updater")
			if err := os.CopyFS(dir, os.DirFS(pristine)); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(command, "init") { // beside what is left of the user's module
				for _, name := range []string{".wsgen", "wsgen.yaml"} {
					if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
						t.Fatal(err)
					}
				}
			}
			path := filepath.Join(dir, filepath.FromSlash(place))
			if err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Dir(path), 0o755), syscall.Mkfifo(path, 0o600)); err != nil {
				t.Fatal(err)
			}
			done := make(chan int, 1)
			go func() {
				args := append([]string{"-C", dir}, strings.Fields(command)...)
				done <- run(t.Context(), args, newHost(strings.NewReader(""), io.Discard, io.Discard))
			}()
			select {
			case code := <-done:
				if code == exitInternal {
					t.Errorf("%s with a pipe at %s: an internal error", command, place)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s waits for a pipe at %s", command, place)
			}
		}
	}
}
