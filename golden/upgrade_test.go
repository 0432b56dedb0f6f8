package golden

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The team's project is brought to today's version: nothing of theirs is lost, what is new arrives, both stand between markers
// where both changed the same lines, and once these are edited it builds, passes its tests and is in step.
func TestUpgrade(t *testing.T) {
	dir := editedProject(t)
	if err := os.Chmod(filepath.Join(dir, "Makefile"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := readAll(t, dir)
	exits(t, dir, 4, "upgrade", "--check")
	exits(t, dir, 4, "check")
	exits(t, dir, 5, "upgrade", "--dry-run", "--diff")
	exits(t, dir, 5, "upgrade", "--on-conflict", "fail")
	sameFiles(t, before, readAll(t, dir))

	out := exits(t, dir, 5, "upgrade")
	after := readAll(t, dir)
	mustMerge(t, before, after)
	for path, conflicts := range map[string]int{"README.md": 2, "web/index.html": 1} {
		text := string(after[path])
		if n := strings.Count("\n"+text, "\n<<<<<<< yours"); n != conflicts {
			t.Errorf("%s has %d conflicts:\n%s", path, n, text)
		}
		line := 1 + strings.Count(text[:strings.Index(text, "<<<<<<< yours")], "\n")
		if place := fmt.Sprintf("%s:%d", filepath.FromSlash(path), line); !strings.Contains(out, place) {
			t.Errorf("the command does not name %s:\n%s", place, out)
		}
	}
	mustWait(t, dir)

	resolve(t, dir, "README.md", func(ours, _ string) string { return ours })
	if out := exits(t, dir, 5, "upgrade", "--continue"); strings.Contains(out, "README.md") || !strings.Contains(out, "index.html:") {
		t.Errorf("one file is edited, and the other is not:\n%s", out)
	}
	resolve(t, dir, "web/index.html", func(_, theirs string) string {
		return strings.Replace(theirs, ".textContent = service;", ".textContent = `${service}: updates`;", 1)
	})
	exits(t, dir, 0, "upgrade", "--continue")
	inStep(t, dir)
	buildsAndPasses(t, dir)
}

// mustMerge holds what an upgrade made of the team's files to what they were before, and to what is new.
func mustMerge(t *testing.T, before, after tree) {
	t.Helper()
	_, old := frozen(t, "project.txtar")
	_, edits := frozen(t, "edits.txtar")
	fresh := readTree(t, emitProject(t, project{"updater", []string{"new", "project", "--spec", specOf(t, old)}}))
	for path := range edits {
		mustHold(t, path, after[path], added(old[path], before[path]))
		if _, recorded := old[path]; recorded {
			mustHold(t, path, after[path], added(old[path], fresh[path]))
		}
		if bytes.Equal(old[path], fresh[path]) && !bytes.Equal(before[path], after[path]) {
			t.Errorf("%s is not written differently today, and was changed", path)
		}
	}
	const deleted = ".github/workflows/ci.yml"
	if _, back := after[deleted]; back {
		t.Errorf("%s was deleted, and is back", deleted)
	}
	for path, text := range fresh {
		_, edited := edits[strings.TrimPrefix(path, ".wsgen/base/")]
		_, known := old[path]
		switch {
		case edited && (path[0] != '.' || !known): // merged, as was seen above; or never wsgen's
		case strings.HasSuffix(path, deleted), path == ".wsgen/manifest.json":
		case !bytes.Equal(after[path], text):
			t.Errorf("%s is not what wsgen writes today", path)
		}
	}
	if page := after["web/index.html"]; bytes.Count(page, []byte("\n")) != bytes.Count(page, []byte("\r\n")) {
		t.Error("the page has lost line endings of its own")
	}
}

// added returns the lines of text that are not in base, as often as there are more of them.
func added(base, text []byte) (lines []string) {
	count := make(map[string]int)
	for line := range bytes.Lines(base) {
		count[strings.TrimRight(string(line), "\r\n")]++
	}
	for line := range bytes.Lines(text) {
		l := strings.TrimRight(string(line), "\r\n")
		if count[l]--; count[l] < 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// mustHold fails unless each of the lines is in the text, as often as it is given.
func mustHold(t *testing.T, path string, text []byte, lines []string) {
	t.Helper()
	if missing := added(text, []byte(strings.Join(lines, "\n"))); len(missing) > 0 {
		t.Errorf("%s lacks\n%s", path, strings.Join(missing, "\n"))
	}
}

// mustWait holds that nothing else changes a project in which conflicts are to be edited, and that everything says why.
func mustWait(t *testing.T, dir string) {
	t.Helper()
	before := readAll(t, dir)
	for _, args := range [][]string{
		{"upgrade"}, {"generate"}, {"add", "consumer", "news"}, {"add", "route", "/ws/talk", "--to", "chat"}, {"remove", "consumer", "chat"},
		{"remove", "route", "/ws/updates/{job}"}, {"rename", "consumer", "chat", "talk"}, {"undo"},
	} {
		if out := exits(t, dir, 6, args...); !strings.Contains(out, "wsgen upgrade --abort") {
			t.Errorf("wsgen %s does not say why not:\n%s", strings.Join(args, " "), out)
		}
	}
	exits(t, dir, 5, "upgrade", "--continue")
	exits(t, dir, 4, "upgrade", "--check")
	exits(t, dir, 4, "check")
	sameFiles(t, before, readAll(t, dir))
}

// inStep holds that there is nothing to do in a project, and that nothing is done.
func inStep(t *testing.T, dir string) {
	t.Helper()
	before := readAll(t, dir)
	exits(t, dir, 0, "check")
	exits(t, dir, 0, "upgrade", "--check")
	if out := exits(t, dir, 0, "upgrade"); !strings.Contains(out, "nothing to do") {
		t.Errorf("a second upgrade found something to do:\n%s", out)
	}
	exits(t, dir, 0, "generate")
	sameFiles(t, before, readAll(t, dir))
	if version, _ := recordedHashes(t, dir); version == oldVersion {
		t.Error("the project still counts as an older version's")
	}
}

// resolve edits the conflicts of a file as a user does: choose is given the two sides of each and returns what is to stand there.
func resolve(t *testing.T, dir, path string, choose func(ours, theirs string) string) {
	t.Helper()
	rest, text := string(readFile(t, dir, path)), ""
	for {
		head, conflict, found := strings.Cut(rest, "<<<<<<< yours")
		text += head
		if !found {
			break
		}
		_, conflict, _ = strings.Cut(conflict, "\n")
		ours, conflict, divided := strings.Cut(conflict, "=======")
		_, conflict, _ = strings.Cut(conflict, "\n")
		theirs, conflict, ended := strings.Cut(conflict, ">>>>>>> wsgen ")
		if !divided || !ended {
			t.Fatalf("%s has half a conflict:\n%s", path, readFile(t, dir, path))
		}
		_, rest, _ = strings.Cut(conflict, "\n")
		text += choose(ours, theirs)
	}
	overwrite(t, dir, path, []byte(text))
}

// Whoever changes his mind in the middle of it has his project back, byte for byte and with its modes, and what he has edited
// meanwhile in the trash.
func TestUpgradeAbort(t *testing.T) {
	dir := editedProject(t)
	if err := os.Chmod(filepath.Join(dir, "Makefile"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := readAll(t, dir)
	exits(t, dir, 2, "upgrade", "--abort")
	exits(t, dir, 2, "upgrade", "--continue")
	exits(t, dir, 5, "upgrade")
	overwrite(t, dir, "README.md", []byte("half of it edited\n"))
	exits(t, dir, 0, "upgrade", "--abort", "--dry-run")
	exits(t, dir, 0, "upgrade", "--abort")
	sameFiles(t, before, withoutLocal(readAll(t, dir)))
	if kept, err := filepath.Glob(filepath.Join(dir, ".wsgen", "local", "trash", "*", "README.md")); err != nil || len(kept) != 1 {
		t.Errorf("in the trash: %q, %v", kept, err)
	} else if text, err := os.ReadFile(kept[0]); err != nil || string(text) != "half of it edited\n" {
		t.Errorf("in the trash: %q, %v", text, err)
	}
	exits(t, dir, 2, "upgrade", "--abort")
	exits(t, dir, 5, "upgrade")
}

// A project in which nobody edited anything becomes a new one, and undo makes it the old one again.
func TestUpgradeUnedited(t *testing.T) {
	dir := oldProject(t)
	before := readAll(t, dir)
	out := exits(t, dir, 0, "upgrade")
	if !strings.Contains(out, "upgrade from wsgen "+oldVersion) {
		t.Errorf("it does not say from which version:\n%s", out)
	}
	fresh := emitProject(t, project{"updater", []string{"new", "project", "--spec", specOf(t, before)}})
	sameFiles(t, readTree(t, fresh), readTree(t, dir))
	inStep(t, dir)
	exits(t, dir, 0, "undo")
	sameFiles(t, before, withoutLocal(readAll(t, dir)))
}

// It takes neither git nor another program, neither a network nor a home: the binary alone, in an empty environment.
func TestUpgradeAlone(t *testing.T) {
	tools := t.TempDir()
	run(t, "..", os.Environ(), "go", "build", "-o", tools, ".")
	dir := oldProject(t)
	run(t, dir, []string{"PATH=" + t.TempDir()}, filepath.Join(tools, "wsgen"), "upgrade")
	inStep(t, dir)
}

// exits runs wsgen in a project, fails unless it exits with the code, and returns what it printed.
func exits(t *testing.T, dir string, code int, args ...string) string {
	t.Helper()
	got, out := wsgen(append([]string{"-C", dir}, args...)...)
	if got != code {
		t.Fatalf("wsgen %s exits %d, not %d:\n%s", strings.Join(args, " "), got, code, out)
	}
	return out
}

// specOf writes the spec of a project to a file of its own.
func specOf(t *testing.T, files tree) string {
	t.Helper()
	dir := t.TempDir()
	overwrite(t, dir, "wsgen.yaml", files["wsgen.yaml"])
	return filepath.Join(dir, "wsgen.yaml")
}

// readAll reads every file below dir, what belongs to the machine included; under the name of a file and " mode" stands its mode.
func readAll(t *testing.T, dir string) tree {
	t.Helper()
	files := make(tree)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files[rel+" mode"] = []byte(info.Mode().String())
		if !d.IsDir() {
			files[rel], err = os.ReadFile(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// withoutLocal drops what belongs to the machine.
func withoutLocal(files tree) tree {
	maps.DeleteFunc(files, func(path string, _ []byte) bool {
		return local(path) || path == ".wsgen/local mode"
	})
	return files
}

// sameFiles reports every file that is missing, unexpected or different.
func sameFiles(t *testing.T, want, got tree) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if text, there := got[path]; !there {
			t.Errorf("%s is gone", path)
		} else if !bytes.Equal(text, want[path]) {
			t.Errorf("%s is\n%s\nwant\n%s", path, text, want[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if _, there := want[path]; !there {
			t.Errorf("%s is not expected", path)
		}
	}
}
