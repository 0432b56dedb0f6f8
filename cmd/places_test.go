//go:build unix

package cmd

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlaces takes every step forward and back in projects that lie, or look, out of the ordinary.
func TestPlaces(t *testing.T) {
	for _, place := range []struct {
		name    string
		prepare func(t *testing.T, dir string) (work string)
		holds   func(t *testing.T, dir string)
	}{
		{"a path with spaces and letters of other scripts", func(t *testing.T, dir string) string {
			work := filepath.Join(dir, "Größe und größer", "日本 'x' $HOME")
			mustRun(t, dir, "new", "project", "p", "--dir", work)
			return work
		}, nothingMore},
		{"a folder behind a symbolic link", func(t *testing.T, dir string) string {
			mustRun(t, dir, "new", "project", "p")
			link := filepath.Join(dir, "link")
			if err := os.Symlink("p", link); err != nil {
				t.Fatal(err)
			}
			return link
		}, nothingMore},
		{"a checkout with CRLF", func(t *testing.T, dir string) string {
			mustRun(t, dir, "new", "project", "p")
			return crlfCheckout(t, dir)
		}, crlfStays},
		{"modes of their own", func(t *testing.T, dir string) string {
			mustRun(t, dir, "new", "project", "p")
			for name, mode := range oddModes() {
				if err := os.Chmod(filepath.Join(dir, "p", name), mode); err != nil {
					t.Fatal(err)
				}
			}
			return filepath.Join(dir, "p")
		}, modesStay},
	} {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			work := place.prepare(t, dir)
			mustRun(t, work, "check")
			walk(t, work)
			place.holds(t, work)
			mustRun(t, work, "check")
		})
	}
}

// walk adds, renames, removes, undoes, formats and upgrades, and leaves the project as it was.
func walk(t *testing.T, work string) {
	t.Helper()
	before := texts(t, work)
	for _, args := range []string{
		"add consumer chat --path /ws/chat/{room:slug} --mode async", "add route /ws/second --to chat", "check", "generate",
		"remove route /ws/second", "rename consumer chat room", "check", "rename consumer room chat", "undo", "undo", "remove consumer chat", "check",
		"add consumer other", "undo", "upgrade", "fmt --check", "doctor",
	} {
		mustRun(t, work, strings.Fields(args)...)
	}
	after := texts(t, work)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s is not what it was", name)
		}
		delete(after, name)
	}
	for name := range after {
		t.Errorf("%s is left behind", name)
	}
}

func nothingMore(*testing.T, string) {}

// crlfCheckout commits the project p in dir and checks it out as Git for Windows does.
func crlfCheckout(t *testing.T, dir string) string {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, "p", ".gitattributes")); err != nil { // it asks for LF, which not every team keeps
		t.Fatal(err)
	}
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	git("init", "-q", "p")
	git("-C", "p", "add", ".")
	git("-C", "p", "commit", "-qm", "all")
	git("clone", "-q", "-c", "core.autocrlf=true", "p", "windows")
	return filepath.Join(dir, "windows")
}

// crlfStays makes sure that what was checked out with CRLF has no other line ends now.
func crlfStays(t *testing.T, dir string) {
	t.Helper()
	mustRun(t, dir, "add", "consumer", "chat")
	for _, name := range []string{"wsgen.yaml", "go.mod", "main.go", "settings/settings.go"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(text, []byte("\n")) != bytes.Count(text, []byte("\r\n")) {
			t.Errorf("%s has line ends of both kinds", name)
		}
	}
	mustRun(t, dir, "remove", "consumer", "chat")
}

// oddModes are modes that a user may have given to files.
func oddModes() map[string]fs.FileMode {
	return map[string]fs.FileMode{
		"wsgen.yaml": 0o600, "main.go": 0o755, "go.mod": 0o640, "routing/routing_gen.go": 0o444, "consumers/echo_consumer.go": 0o600,
	}
}

func modesStay(t *testing.T, dir string) {
	t.Helper()
	mustRun(t, dir, "add", "consumer", "chat")
	mustRun(t, dir, "rename", "consumer", "echo", "reply")
	mustRun(t, dir, "rename", "consumer", "reply", "echo")
	for name, mode := range oddModes() {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has the mode %v, and had %v", name, info.Mode().Perm(), mode)
		}
	}
	mustRun(t, dir, "remove", "consumer", "chat")
}
