//go:build unix

package cmd

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNoPermission tries what the system forbids. It runs wsgen as a user who is not root, since root may do anything.
func TestNoPermission(t *testing.T) {
	for _, c := range []struct {
		name    string
		project bool // there is a project in the folder
		forbid  string
		mode    os.FileMode
		args    []string
		code    int
		says    string
	}{
		{"the folder of the new project's folder", false, ".", 0o555, []string{"new", "updater"}, exitInternal, "permission denied"},
		{"the new project's own folder", false, "empty", 0o555, []string{"new", "updater", "--dir", "empty"}, exitInternal, "permission denied"},
		{"a folder that cannot be looked into", false, "empty", 0o000, []string{"new", "updater", "--dir", "empty"}, exitInternal, "permission denied"},
		{"a spec", false, "routing.yaml", 0o000, []string{"new", "--spec", "routing.yaml"}, exitInternal, "routing.yaml: permission denied"},
		{"a spec to validate", false, "routing.yaml", 0o000, []string{"validate", "routing.yaml"}, exitInternal, "routing.yaml: permission denied"},
		{"the project's own spec", true, "wsgen.yaml", 0o000, []string{"generate"}, exitInternal, "wsgen.yaml: permission denied"},
		{"a folder that would be written to", true, "consumers", 0o555, []string{"add", "consumer", "chat"}, exitInternal, "permission denied"},
		{"the whole project", true, ".", 0o555, []string{"add", "consumer", "chat"}, exitInternal, "permission denied"},
		{"a project that is only read", true, ".", 0o555, []string{"check"}, exitDone, "agree"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, program := publicFolder(t)
			if c.project {
				mustRun(t, dir, "new", "updater", "--dir", ".")
			} else {
				prepareEmpty(t, dir)
			}
			giveAway(t, dir)
			before := texts(t, dir)
			forbidden := filepath.Join(dir, c.forbid)
			info, err := os.Stat(forbidden)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(forbidden, c.mode); err != nil {
				t.Fatal(err)
			}
			out, code := runAs(t, program, dir, c.args...)
			if err := os.Chmod(forbidden, info.Mode().Perm()); err != nil {
				t.Fatal(err)
			}
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("exit code %d, want %d; it should say %q and says\n%s", code, c.code, c.says, out)
			}
			if code != exitDone && !strings.Contains(out, "\n  ") {
				t.Errorf("no way out:\n%s", out)
			}
			if after := texts(t, dir); !maps.Equal(before, after) {
				t.Errorf("files were %d and are %d, or differ", len(before), len(after))
			}
		})
	}
}

// publicFolder returns a work folder and a copy of wsgen that every user can reach.
func publicFolder(t *testing.T) (dir, program string) {
	t.Helper()
	dir, bin := t.TempDir(), t.TempDir()
	for _, folder := range []string{filepath.Dir(dir), dir, bin} {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	source, err := exec.LookPath("wsgen")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(bin, "wsgen") // the test binary plays wsgen under this name
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, program
}

// texts returns the bytes of every file below dir by name; wsgen's own notes, which git ignores, apart.
func texts(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := eachFile(dir, func(name string, d os.DirEntry) error {
		if !d.IsDir() && !strings.HasPrefix(name, ".wsgen/local/") {
			all[name] = read(t, filepath.Join(dir, name))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func prepareEmpty(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	spec := "version: 1\nservice: updater\nmodule: example.com/updater\n"
	if err := os.WriteFile(filepath.Join(dir, "routing.yaml"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
}

// nobody is a user who owns nothing: the number that Linux and the BSDs give to processes without rights.
const nobody = 65534

// giveAway makes everything below dir nobody's, where root runs the test.
func giveAway(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, nobody, nobody))
	}); err != nil {
		t.Fatal(err)
	}
}

// runAs runs wsgen as nobody where root runs the test, and as the same user otherwise.
func runAs(t *testing.T, program, dir string, args ...string) (string, int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CI=", "GORACE="+quickEnd)
	if os.Geteuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}
