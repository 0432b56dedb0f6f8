package cmd

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"wsgen": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// quickEnd is a value of GORACE. By default a process under the race detector lingers for a second after its end, and these
// tests start hundreds.
const quickEnd = "atexit_sleep_ms=0"

// TestScript runs testdata/script: one file per behaviour of the command line, each in an empty folder of its own.
//
// Beside testscript's own commands there are
//
//	exits CODE PROGRAM ARG...   run the program; it must exit with CODE
//	tree DIR FILE               the files and folders below DIR, sorted, must be the lines of FILE
//	snapshot DIR                remember every name, mode, time and byte below DIR
//	unchanged DIR               they must be as they were at the last snapshot
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("CI", "") // a script that is about CI sets it
			e.Setenv("GOPROXY", "off")
			e.Setenv("GORACE", quickEnd)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     scriptExits,
			"tree":      scriptTree,
			"snapshot":  scriptSnapshot,
			"unchanged": scriptUnchanged,
		},
	})
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s exited with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

func scriptTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tree DIR FILE")
	}
	got := ""
	ts.Check(eachFile(ts.MkAbs(args[0]), func(name string, d fs.DirEntry) error {
		if !d.IsDir() {
			got += name + "\n"
		}
		return nil
	}))
	if want := ts.ReadFile(args[1]); got != want {
		ts.Fatalf("below %s stands\n%s\nwant\n%s", args[0], got, want)
	}
}

// snapshots are the texts of describe, by folder; each script has its own.
func scriptSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: snapshot DIR")
	}
	text, err := describe(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(snapshotFile(ts, args[0]), []byte(text), 0o600))
}

func scriptUnchanged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] unchanged DIR")
	}
	want, err := os.ReadFile(snapshotFile(ts, args[0]))
	ts.Check(err)
	got, err := describe(ts.MkAbs(args[0]))
	ts.Check(err)
	if same := got == string(want); same == neg {
		ts.Fatalf("%s was\n%s\nand is\n%s", args[0], want, got)
	}
}

// snapshotFile stands beside the script's work folder, where no command of the script looks.
func snapshotFile(ts *testscript.TestScript, dir string) string {
	sum := sha256.Sum256([]byte(ts.MkAbs(dir)))
	return filepath.Join(ts.Getenv("TMPDIR"), fmt.Sprintf("snapshot-%x", sum[:8]))
}

// describe returns a line for everything below dir: name, mode, time of change and hash of the content.
func describe(dir string) (string, error) {
	var b strings.Builder
	err := eachFile(dir, func(name string, d fs.DirEntry) error {
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %s", name, info.Mode())
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %s %x", info.ModTime().Format("15:04:05.000000000"), sha256.Sum256(text))
		}
		b.WriteString("\n")
		return nil
	})
	return b.String(), err
}

// eachFile calls f with everything below dir, sorted; names have slashes.
func eachFile(dir string, f func(name string, d fs.DirEntry) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return f(filepath.ToSlash(name), d)
	})
}

// wsgen returns a command that runs this very wsgen as a process of its own.
func wsgen(t testing.TB, dir string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("wsgen") // testscript.Main puts it there
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CI=", "GORACE="+quickEnd)
	return c
}

// mustRun runs wsgen to its end and returns what it printed on both streams.
func mustRun(t testing.TB, dir string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	c := wsgen(t, dir, args...)
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		t.Fatalf("wsgen %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
