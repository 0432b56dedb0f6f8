//go:build unix

package cmd

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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
