package emit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNewMakesTheProjectWhole(t *testing.T) {
	dir := project(t, sample())
	got := snapshot(t, dir)
	for path, text := range map[string]string{
		"go.mod":                                 "-rw-r--r-- module example.com/updater\n",
		"client/index.js":                        "-rw-r--r-- export {};\n",
		".gitignore":                             "-rw-r--r-- /.wsgen/local/\n",
		".wsgen/base/_.gitignore":                "-rw-r--r-- /.wsgen/local/\n",
		".wsgen/base/consumers/chat_consumer.go": "-rw-r--r-- package consumers\n",
	} {
		if got[path] != text {
			t.Errorf("%s: got %q, want %q", path, got[path], text)
		}
	}
	const files, bases, folders, manifest = 8, 3, 6, 1
	if len(got) != files+bases+folders+manifest {
		t.Errorf("%d files and folders: %v", len(got), got)
	}
	entries, err := os.ReadDir(dir + "/..")
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the project: %v, %v", entries, err)
	}
}

func TestSecondRunDoesNothing(t *testing.T) {
	dir := project(t, sample())
	before := snapshot(t, dir)
	p, err := generate(t, dir, sample(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Drift()) > 0 || len(p.Changes()) != 0 {
		t.Errorf("the second run plans %s", summary(p))
	}
	mustEqual(t, snapshot(t, dir), before)
}

func TestGenerateFollowsTheSpec(t *testing.T) {
	dir := project(t, sample())
	files := with(sample(), gen("routing/routing_gen.go", "package routing // two\n"), own("consumers/b.go", "package consumers // b\n"))
	p, err := generate(t, dir, files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := summary(p), "create pending consumers/b.go, update pending routing/routing_gen.go"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := read(t, dir, "routing/routing_gen.go"); got != "package routing // two\n" {
		t.Errorf("routing: %q", got)
	}
	if there(dir, localDir) {
		t.Errorf("%s was left behind", localDir)
	}
	if len(plan(t, open(t, dir), files).Drift()) > 0 {
		t.Error("still pending after the run")
	}
}

func TestNewFillsAnEmptyFolder(t *testing.T) {
	want := snapshot(t, project(t, sample()))
	dir := t.TempDir()
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), dir, sample(), Options{Version: testVersion}); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, snapshot(t, dir), want)
	if after, err := os.Stat(dir); err != nil || !os.SameFile(before, after) {
		t.Error("the folder was replaced, and a shell that stands in it is lost")
	}
}

func TestNewFillsAFolderWithOnlyGit(t *testing.T) {
	want := snapshot(t, project(t, sample()))
	dir := t.TempDir()
	write(t, dir, ".git/config", "x")
	if _, err := New(t.Context(), dir, sample(), Options{Version: testVersion}); err != nil {
		t.Fatal(err)
	}
	got := snapshot(t, dir)
	if got[".git/config"] == "" {
		t.Error(".git was touched")
	}
	delete(got, ".git/")
	delete(got, ".git/config")
	mustEqual(t, got, want)
}

func TestNewThatFailsEmptiesTheFolderAgain(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ".git/config", "x")
	before := snapshot(t, dir)
	failed := false
	_, err := newProject(t.Context(), dir, sample(), Options{Version: testVersion}, func(op, path string) error {
		if op == "rename" && path == "wsgen.yaml" && !failed {
			failed = true
			return fs.ErrPermission
		}
		return nil
	})
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v", err)
	}
	mustEqual(t, snapshot(t, dir), before)
}

func TestNewRefusesWhatIsNotEmpty(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		write(t, dir, string(rune('a'+i)), "x")
	}
	write(t, dir, "sub/x", "x")
	_, err := New(t.Context(), dir, sample(), Options{Version: testVersion})
	var notEmpty *NotEmptyError
	if !errors.As(err, &notEmpty) || len(notEmpty.Found) != 13 || notEmpty.Found[12] != "sub/" {
		t.Fatalf("error %v", err)
	}
	if text := err.Error(); !strings.Contains(text, "wsgen init") || !strings.Contains(text, "a, b, c") || !strings.Contains(text, "and 5 more") {
		t.Error(text)
	}
}

func TestNewRefusesFilesAndLinks(t *testing.T) {
	outer := t.TempDir()
	write(t, outer, "file", "x")
	write(t, outer, "elsewhere/.git/config", "x")
	symlink(t, "elsewhere", outer, "link")
	symlink(t, "nowhere", outer, "dangling")
	before := snapshot(t, outer)
	for _, name := range []string{"file", "link", "dangling"} {
		var target *TargetError
		_, err := New(t.Context(), filepath.Join(outer, name), sample(), Options{Version: testVersion})
		if !errors.As(err, &target) || strings.Contains(err.Error(), "symbolic link") != (name != "file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	mustEqual(t, snapshot(t, outer), before)
}

func TestNewMakesTheFoldersAbove(t *testing.T) {
	want := snapshot(t, project(t, sample()))
	outer := t.TempDir()
	dir := filepath.Join(outer, "a", "b", "updater")
	full := errors.New("full")
	_, err := newProject(t.Context(), dir, sample(), Options{Version: testVersion}, func(op, path string) error {
		if path == "wsgen.yaml" {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || len(snapshot(t, outer)) != 0 {
		t.Errorf("%v left %v", err, snapshot(t, outer))
	}
	if _, err := New(t.Context(), dir, sample(), Options{Version: testVersion}); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, snapshot(t, dir), want)
}

func TestNewBelowAFile(t *testing.T) {
	outer := t.TempDir()
	write(t, outer, "file", "x")
	if _, err := New(t.Context(), filepath.Join(outer, "file", "updater"), sample(), Options{Version: testVersion}); err == nil {
		t.Error("no error")
	}
}

func TestNewWithTheLongestName(t *testing.T) {
	want := snapshot(t, project(t, sample()))
	dir := filepath.Join(t.TempDir(), strings.Repeat("x", 255))
	if _, err := New(t.Context(), dir, sample(), Options{Version: testVersion}); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, snapshot(t, dir), want)
}

func TestNewCancelled(t *testing.T) {
	outer := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := newProject(ctx, filepath.Join(outer, "updater"), sample(), Options{Version: testVersion}, func(op, path string) error {
		if path == "wsgen.yaml" {
			cancel()
		}
		return nil
	})
	cancel()
	// the file at which it was cancelled may be the last one, and then the project is made
	if made := there(outer, "updater"); made != (err == nil) || !made && len(snapshot(t, outer)) > 0 || err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("%v left %v", err, snapshot(t, outer))
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	outer := t.TempDir()
	for _, name := range []string{"absent", "empty"} {
		if name == "empty" {
			if err := os.Mkdir(filepath.Join(outer, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		before := snapshot(t, outer)
		p, err := New(t.Context(), filepath.Join(outer, name), sample(), Options{DryRun: true})
		if err != nil || len(p.Changes()) != len(sample()) || !slices.IsSortedFunc(p.Ops, func(a, b Op) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("%s: %s, %v", name, summary(p), err)
		}
		mustEqual(t, snapshot(t, outer), before)
	}
	dir := project(t, sample())
	var notEmpty *NotEmptyError
	if _, err := New(t.Context(), dir, sample(), Options{DryRun: true}); !errors.As(err, &notEmpty) {
		t.Errorf("error %v", err)
	}
}

// TestNewRecoversFirst meets an interrupted run of itself in an existing folder.
func TestNewRecoversFirst(t *testing.T) {
	want := snapshot(t, project(t, sample()))
	for at, finished := range map[string]bool{stagedNew(2): false, "go.mod": true} {
		dir := t.TempDir()
		dead := false
		_, err := newProject(t.Context(), dir, sample(), Options{Version: testVersion}, func(op, path string) error {
			if dead = dead || path == at; dead {
				return errors.New("dead")
			}
			return nil
		})
		if err == nil {
			t.Fatal("not interrupted")
		}
		_, err = New(t.Context(), dir, sample(), Options{Version: testVersion})
		var notEmpty *NotEmptyError
		if errors.As(err, &notEmpty) != finished || finished && !strings.Contains(err.Error(), "finished an interrupted run") || !finished && err != nil {
			t.Errorf("%s: %v", at, err)
		}
		mustEqual(t, snapshot(t, dir), want)
	}
}

// TestStrangersSiblingsAreLeftAlone: only a folder of our naming that holds our lock's file is cleared.
func TestStrangersSiblingsAreLeftAlone(t *testing.T) {
	outer := t.TempDir()
	write(t, outer, ".updater.wsgen-12345678/mine", "x")
	write(t, outer, ".updater.wsgen-notours/.wsgen/local/lock", "")
	write(t, outer, ".updater.wsgen-1234567/.wsgen/local/lock", "")
	write(t, outer, ".other.wsgen-12345678/.wsgen/local/lock", "")
	write(t, outer, ".updater.wsgen-00000001/.wsgen/local/lock", "") // a dead run's
	write(t, outer, ".updater.wsgen-00000001/go.mod", "x")
	write(t, outer, ".updater.wsgen-00000003/.wsgen/local/.gitignore", "*\n") // of one that died before it had the lock
	write(t, outer, ".updater.wsgen-00000004/.wsgen/local/.gitignore", "")
	if err := os.Mkdir(filepath.Join(outer, ".updater.wsgen-00000002"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), filepath.Join(outer, "updater"), sample(), Options{}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(outer)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{".other.wsgen-12345678", ".updater.wsgen-1234567", ".updater.wsgen-12345678", ".updater.wsgen-notours", "updater"}
	if !slices.Equal(got, want) {
		t.Errorf("left %v, want %v", got, want)
	}
}
