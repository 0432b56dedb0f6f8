//go:build unix

package emit

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNoFileIsReadThatIsNone would hang on a pipe.
func TestNoFileIsReadThatIsNone(t *testing.T) {
	dir := project(t, sample())
	remove(t, dir, "routing/routing_gen.go")
	if err := syscall.Mkfifo(filepath.Join(dir, "routing/routing_gen.go"), 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan *Plan, 1)
	go func() {
		p, err := open(t, dir).Plan(sample(), Options{})
		if err != nil {
			t.Error(err)
		}
		done <- p
	}()
	select {
	case p := <-done:
		if o := op(t, p, "routing/routing_gen.go"); o.Action != Conflict {
			t.Errorf("%+v", o)
		}
	case <-time.After(time.Minute):
		t.Fatal("hangs")
	}
}

// TestWriteCutShort lets the kernel cut a write short in the middle of a file.
func TestWriteCutShort(t *testing.T) {
	dir := project(t, killFiles("old"))
	surrender(t, dir)
	before := snapshot(t, dir)
	out := runChild(t, "cramped", dir)
	if !strings.Contains(out, "too large") || !strings.Contains(out, "no file was changed") {
		t.Errorf("output %q", out)
	}
	mustEqual(t, snapshot(t, dir), before)
}

// TestReadOnlyFolders takes the right to write from the project, from one of its folders, and from the folder that the
// project is to be made in. Permissions do not bind root, so that the work is done by a process of another user then.
func TestReadOnlyFolders(t *testing.T) {
	for _, test := range []struct{ command, folder string }{
		{"apply", ""}, {"apply", "routing"}, {"apply", wsgenDir}, {"apply", "."}, {"new", ".."},
		{"undo", ""}, {"undo", "routing"}, {"undo", wsgenDir}, {"undo", localDir},
	} {
		t.Run(test.command+" in "+test.folder, func(t *testing.T) {
			dir := project(t, killFiles("old"))
			if test.command == "new" {
				remove(t, dir, "")
			}
			if test.command == "undo" {
				if _, err := generate(t, dir, killFiles("new"), Options{Command: "generate"}); err != nil {
					t.Fatal(err)
				}
			}
			before := snapshot(t, filepath.Dir(dir))
			surrender(t, filepath.Dir(dir))
			if test.folder == "" { // everything
				chmodFolders(t, dir, 0o555)
			} else if err := os.Chmod(filepath.Join(dir, test.folder), 0o555); err != nil {
				t.Fatal(err)
			}
			out := runChild(t, test.command, dir)
			chmodFolders(t, filepath.Dir(dir), 0o755)
			if !strings.Contains(out, "permission denied") {
				t.Errorf("output %q", out)
			}
			mustEqual(t, snapshot(t, filepath.Dir(dir)), before)
			if test.command != "new" && open(t, dir).Interrupted() != nil {
				t.Error("an interrupted run was left")
			}
		})
	}
}

// nobody is the user that the work is done by where the tests run as root.
const nobody = 65534

// openUp lets every user pass the folders of the test on the way to a path: Go makes them for the tests' user alone.
func openUp(t *testing.T, p string) {
	t.Helper()
	for dir := filepath.Dir(filepath.Dir(p)); strings.HasPrefix(dir, filepath.Join(os.TempDir(), "Test")); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// surrender gives a tree to that user.
func surrender(t *testing.T, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func chmodFolders(t *testing.T, dir string, mode fs.FileMode) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(p, mode)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// runChild runs a command that fails, as an ordinary user, and returns what it said.
func runChild(t *testing.T, command, dir string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(t.TempDir(), "emit.test") // the go command's own folder is closed to other users
	binary, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(public, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), public)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), childCommand+"="+command, childDir+"="+dir)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		openUp(t, public)
		openUp(t, dir)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Errorf("%s went through, or was not started: %v", command, err)
	}
	return string(out)
}

// TestPipesInPlaceOfRecordsAndFolders would hang as well: none of these is opened, and whatever cannot go on says why.
func TestPipesInPlaceOfRecordsAndFolders(t *testing.T) {
	for p, want := range map[string]string{ // what the last of the calls that fail says
		"routing":      "routing is a file where a folder is needed",
		baseDir:        "",
		localDir:       "file exists; no file was changed",
		historyDir:     "",
		runDir:         "",
		ManifestPath:   "remove it",
		statePath:      "remove it",
		redoRecord:     "remove it",
		undoRecord:     "remove it",
		entryRecord(1): "its record is no file that wsgen wrote",
		entryOld(1, 0): "old-0 is no file that wsgen wrote",
		holderPath:     "",
		lockPath:       "a link or a device stands where wsgen keeps its lock",
	} {
		t.Run(p, func(t *testing.T) {
			dir := project(t, sample())
			operate(t, dir, "one", Options{}, "client/index.js", "one\n")
			remove(t, dir, p)
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(filepath.Join(dir, p), 0o600); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- everything(t, dir) }()
			select {
			case err := <-done:
				if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
					t.Errorf("error %v, want %q", err, want)
				}
			case <-time.After(time.Minute):
				t.Fatal("hangs")
			}
		})
	}
}

// everything ends an interrupted run in a project, undoes its last operation, and generates, as far as that can be done.
func everything(t *testing.T, dir string) error {
	tree, err := Open(dir)
	if err != nil {
		return err
	}
	if _, err := tree.Recover(t.Context()); err != nil {
		return err
	}
	if _, err := tree.History(); err != nil {
		return err
	}
	back, err := tree.PlanUndo(Options{Force: true})
	if err == nil {
		err = tree.Apply(t.Context(), back)
	}
	if err != nil && !errors.Is(err, ErrNoHistory) {
		return err
	}
	if tree, err = Open(dir); err != nil {
		return err
	}
	p, err := tree.Plan(sample(), Options{Version: testVersion, Command: "generate"})
	if err != nil {
		return err
	}
	return tree.Apply(t.Context(), p)
}

// TestBaseThatIsNone: an upgrade neither waits for a pipe in place of a base nor follows a link there.
func TestBaseThatIsNone(t *testing.T) {
	for name, plant := range map[string]func(base string) error{
		"pipe":   func(base string) error { return syscall.Mkfifo(base, 0o600) },
		"link":   func(base string) error { return os.Symlink("../../main.go", base) },
		"folder": func(base string) error { return os.Mkdir(base, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, olds())
			remove(t, dir, basePath("main.go"))
			if err := plant(filepath.Join(dir, basePath("main.go"))); err != nil {
				t.Fatal(err)
			}
			before := read(t, dir, "main.go") + read(t, dir, ManifestPath)
			tree := open(t, dir)
			done := make(chan error, 1)
			go func() {
				p, err := tree.Plan(news(), Options{Version: nextVersion, Upgrade: MarkBoth, Force: true})
				if err == nil {
					err = tree.Apply(t.Context(), p)
				}
				done <- err
			}()
			select {
			case err := <-done:
				if path := (*PathError)(nil); !errors.As(err, &path) || path.Path != basePath("main.go") {
					t.Errorf("error %v", err)
				}
				if read(t, dir, "main.go")+read(t, dir, ManifestPath) != before {
					t.Error("something was written")
				}
			case <-time.After(time.Minute):
				t.Fatal("hangs")
			}
		})
	}
}
