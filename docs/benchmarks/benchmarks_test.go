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

// TestEmittedServicesBuild emits the service of each comparison as its driver does, puts the comparison's own files into it, and
// vets what comes of it: the peers are not needed for that, nor a network.
func TestEmittedServicesBuild(t *testing.T) {
	dir := t.TempDir()
	tool := filepath.Join(dir, "wsgen.exe") // Windows asks for the ending, others do not mind it
	run(t, filepath.Join("..", ".."), "go", "build", "-o", tool, ".")
	for _, test := range []struct{ comparison, spec string }{
		{"resume", "wsgen.yaml"},
		{"load", "wsgen.yaml"},
		{"layers", "redis.yaml"},
		{"layers", "nats.yaml"},
	} {
		t.Run(test.comparison+" "+test.spec, func(t *testing.T) {
			ours, err := filepath.Abs(filepath.Join(test.comparison, "testdata", "emitted"))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			run(t, dir, tool, "new", "project", "bench", "--spec", filepath.Join(ours, test.spec))
			project := filepath.Join(dir, "bench")
			replace(t, ours, project)
			run(t, project, "go", "vet", ".", "./consumers")
		})
	}
}

// replace puts the comparison's files of Go in the place of those of the project.
func replace(t *testing.T, ours, project string) {
	t.Helper()
	consumers, err := filepath.Glob(filepath.Join(ours, "consumers", "*.go"))
	if err != nil || len(consumers) == 0 {
		t.Fatalf("%d consumers in %s, %v", len(consumers), ours, err)
	}
	mains, err := filepath.Glob(filepath.Join(ours, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range append(consumers, mains...) {
		name, err := filepath.Rel(ours, from)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(project, name)
		if _, err := os.Stat(to); err != nil {
			t.Fatalf("not a file of the project any more: %v", err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
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
