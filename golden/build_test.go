package golden

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// patience bounds what a test waits for, so that something stuck is a failure with a name instead of a run that never ends.
// It measures nothing: a machine may be as slow as it likes.
const patience = 4 * time.Minute

// goEnv is the environment in which the projects are built: with the modules that building wsgen has brought, no network,
// and no edit of go.mod.
func goEnv() []string {
	return append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOTOOLCHAIN=local")
}

// fetch downloads the modules of a project. Most have come with those that wsgen itself is built with; what is there already is
// not asked for.
func fetch(t *testing.T, dir string) {
	t.Helper()
	run(t, dir, append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off", "GOTOOLCHAIN=local"), "go", "mod", "download")
}

// need returns where a program is that is not part of Go. Where it is missing the test is skipped, and fails with CI=true.
func need(t *testing.T, programs ...string) string {
	t.Helper()
	for _, p := range programs {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	lacking(t, "none of these programs is installed: "+strings.Join(programs, ", ")+" (scripts/tools.sh installs what is missing)")
	return ""
}

// lacking skips the test for want of something outside Go. In CI nothing may be left out.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// run runs a program in a folder, fails the test when it fails, and returns what it printed.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = dir, env
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s in %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), dir, err, out)
	}
	return string(out)
}

// build builds the service in dir and returns the binary's path.
func build(t *testing.T, dir string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "service")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	fetch(t, dir)
	run(t, dir, goEnv(), "go", "build", "-o", bin, ".")
	return bin
}

func TestBuildAndVet(t *testing.T) {
	for _, p := range projects() {
		t.Run(p.name, func(t *testing.T) {
			fetch(t, p.name)
			run(t, p.name, goEnv(), "go", "build", "./...")
			run(t, p.name, goEnv(), "go", "vet", "./...")
			if out := run(t, p.name, goEnv(), "gofmt", "-l", "."); out != "" {
				t.Errorf("gofmt would change:\n%s", out)
			}
		})
	}
}

func TestStaticcheck(t *testing.T) {
	staticcheck := need(t, "staticcheck")
	for _, p := range projects() {
		t.Run(p.name, func(t *testing.T) {
			fetch(t, p.name)
			run(t, p.name, goEnv(), staticcheck, "-checks=all", "./...")
		})
	}
}

// The projects' own tests: the ones that every user gets.
func TestRace(t *testing.T) {
	for _, p := range projects() {
		t.Run(p.name, func(t *testing.T) {
			fetch(t, p.name)
			out := run(t, p.name, goEnv(), "go", "test", "-race", "-count=1", "./...")
			if !strings.Contains(out, "ok  \t") {
				t.Errorf("no test ran:\n%s", out)
			}
		})
	}
}

// Nothing is used that is newer than the Go of the projects' go.mod. Vet does not look at files that call themselves generated,
// hence copies that do not.
func TestOldestGo(t *testing.T) {
	for _, p := range projects() {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(p.name)); err != nil {
				t.Fatal(err)
			}
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || filepath.Ext(path) != ".go" {
					return err
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				return os.WriteFile(path, bytes.Replace(data, []byte("// Code generated "), []byte("// "), 1), 0o600)
			})
			if err != nil {
				t.Fatal(err)
			}
			fetch(t, dir)
			run(t, dir, goEnv(), "go", "vet", "-stdversion", "./...")
		})
	}
}

// The first build needs no `go mod tidy`, and a tidy changes nothing. It looks at the tests of what is required as well, whose
// modules nothing else needs, so that it alone may have to download some.
func TestModulesAreTidy(t *testing.T) {
	for _, p := range projects() {
		t.Run(p.name, func(t *testing.T) {
			run(t, p.name, append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local"), "go", "mod", "tidy", "-diff")
		})
	}
}

// Everything that can be emitted compiles for other systems, and for a word of 32 bits.
func TestCrossCompilation(t *testing.T) {
	for target, projects := range map[string][]string{
		"windows/amd64": {"mixed", "session_redis", "jwt_nats"},
		"linux/386":     {"mixed", "session_redis", "jwt_nats"},
		"darwin/arm64":  {"mixed"},
	} {
		goos, goarch, _ := strings.Cut(target, "/")
		for _, project := range projects {
			t.Run(project+"-"+goos+"-"+goarch, func(t *testing.T) {
				fetch(t, project)
				run(t, project, append(goEnv(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0"), "go", "vet", "./...")
			})
		}
	}
}

// The emitted Makefile does what it says, with wsgen on the PATH.
func TestMakefile(t *testing.T) {
	make := need(t, "make")
	tools := t.TempDir()
	run(t, "..", os.Environ(), "go", "build", "-o", tools, ".")
	dir := filepath.Join(t.TempDir(), "minimal")
	if err := os.CopyFS(dir, os.DirFS("minimal")); err != nil {
		t.Fatal(err)
	}
	env := append(goEnv(), "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	run(t, dir, env, make, "build", "check")
	if _, err := os.Stat(filepath.Join(dir, "bin", "minimal")); err != nil {
		t.Errorf("make build left no binary: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "routing", "routing_gen.go")); err != nil {
		t.Fatal(err)
	}
	broken := exec.CommandContext(t.Context(), make, "check")
	broken.Dir, broken.Env = dir, env
	if out, err := broken.CombinedOutput(); err == nil || !strings.Contains(string(out), "routing/routing_gen.go") {
		t.Errorf("make check of a tree that lacks a file: %v\n%s", err, out)
	}
}

// The workflows are YAML with a job in it; more can only be said where they run.
func TestWorkflows(t *testing.T) {
	for _, name := range []string{"../.github/workflows/ci.yml", "minimal/.github/workflows/ci.yml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var workflow struct {
			Jobs map[string]struct {
				Steps []map[string]any `yaml:"steps"`
			} `yaml:"jobs"`
		}
		if err := yaml.Unmarshal(text, &workflow); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(workflow.Jobs) == 0 {
			t.Errorf("%s has no job", name)
		}
		for job, j := range workflow.Jobs {
			if len(j.Steps) == 0 {
				t.Errorf("%s: %s has no step", name, job)
			}
		}
	}
}
