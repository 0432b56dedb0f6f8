package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The benchmarks measure whole processes of the real program, since that is what a user waits for:
//
//	go test ./cmd -run '^$' -bench . -benchtime 10x
//
// Each reports the time of a run, and the largest resident set in MiB where the system tells (Linux). ext4 takes many times as
// long to make a file while thousands were deleted within the last five seconds, as tests do, so that TMPDIR=/dev/shm
// measures wsgen and the default measures what else goes on.

func BenchmarkStart(b *testing.B) {
	program := buildWsgen(b)
	measure(b, func() *exec.Cmd { return exec.Command(program, "version") })
}

func BenchmarkNewProject(b *testing.B) {
	program := buildWsgen(b)
	dir, i := b.TempDir(), 0
	measure(b, func() *exec.Cmd {
		i++
		return exec.Command(program, "new", "project", "updater", "--dir", filepath.Join(dir, fmt.Sprint(i)))
	})
}

func BenchmarkRoutesFresh(b *testing.B) {
	program := buildWsgen(b)
	for _, routes := range []int{1000, 2000, 5000} {
		b.Run(fmt.Sprint(routes), func(b *testing.B) {
			dir, i := b.TempDir(), 0
			spec := manyRoutes(b, dir, routes)
			measure(b, func() *exec.Cmd {
				i++
				return exec.Command(program, "new", "--spec", spec, "--dir", filepath.Join(dir, fmt.Sprint(i)))
			})
		})
	}
}

func BenchmarkRoutesUnchanged(b *testing.B) {
	program := buildWsgen(b)
	for _, routes := range []int{1000, 5000} {
		for _, command := range []string{"generate", "check"} {
			b.Run(fmt.Sprintf("%s/%d", command, routes), func(b *testing.B) {
				dir := b.TempDir()
				project := filepath.Join(dir, "p")
				made := exec.Command(program, "new", "--spec", manyRoutes(b, dir, routes), "--dir", project)
				if out, err := made.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
				measure(b, func() *exec.Cmd { return exec.Command(program, "-C", project, command) })
			})
		}
	}
}

// measure runs the commands to their end and reports the largest resident set among them.
func measure(b *testing.B, command func() *exec.Cmd) {
	b.Helper()
	var peak int64
	for b.Loop() {
		c := command()
		if out, err := c.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		peak = max(peak, residentKiB(c.ProcessState))
	}
	if peak > 0 {
		b.ReportMetric(float64(peak)/1024, "MiB")
	}
}

// buildWsgen builds the program itself: a test binary that plays wsgen starts more slowly.
func buildWsgen(b *testing.B) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "wsgen")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", program, "wsgen").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return program
}

// manyRoutes writes a spec with n routes, a consumer behind each, every other with a parameter.
func manyRoutes(b *testing.B, dir string, n int) string {
	b.Helper()
	var routes, consumers strings.Builder
	for i := range n {
		parameter, mode := "", "sync"
		if i%2 == 1 {
			parameter, mode = "/{room:slug}", "async"
		}
		fmt.Fprintf(&routes, "  /ws/service%d/updates%s: service%d_updates\n", i, parameter, i)
		fmt.Fprintf(&consumers, "  service%d_updates: %s\n", i, mode)
	}
	path := filepath.Join(dir, "routing.yaml")
	text := "version: 1\nservice: many\nmodule: example.com/many\nroutes:\n" + routes.String() + "consumers:\n" + consumers.String()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}
