// Package benchmarks holds comparisons with other software. They are modules of their own; the test here keeps what they take
// from this one in step with it.
package benchmarks

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience bounds a command, so that one that hangs is seen. It is no measure of speed.
const patience = 4 * time.Minute

// TestEmittedServiceBuilds emits the service of the comparison as its driver does, puts the comparison's own files into it, and
// vets what comes of it: the peers are not needed for that, nor a network.
func TestEmittedServiceBuilds(t *testing.T) {
	dir := t.TempDir()
	tool := filepath.Join(dir, "wsgen.exe") // Windows asks for the ending, others do not mind it
	run(t, filepath.Join("..", ".."), "go", "build", "-o", tool, ".")

	ours, err := filepath.Abs(filepath.Join("resume", "testdata", "emitted"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, tool, "new", "project", "bench", "--spec", filepath.Join(ours, "wsgen.yaml"))
	project := filepath.Join(dir, "bench")
	for _, name := range []string{"main.go", filepath.Join("consumers", "feed_consumer.go")} {
		text, err := os.ReadFile(filepath.Join(ours, name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(project, name)
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("not a file of the project any more: %v", err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, project, "go", "vet", ".", "./consumers")
}

// run runs a program in a folder, with the modules that are there, and fails the test when it fails.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOTOOLCHAIN=local")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %v in %s: %v\n%s", filepath.Base(name), args, dir, err, out)
	}
}
