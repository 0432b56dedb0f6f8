package emit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostile makes a project in a folder with a victim beside it, and one operation in its history.
func hostile(t *testing.T) (outer, dir string) {
	t.Helper()
	outer = t.TempDir()
	dir = filepath.Join(outer, "updater")
	write(t, outer, "victim", "text\n")
	if _, err := New(t.Context(), dir, sample(), Options{Version: testVersion}); err != nil {
		t.Fatal(err)
	}
	write(t, dir, ".git/config", "text\n")
	operate(t, dir, "one", Options{}, "client/index.js", "one\n")
	return outer, dir
}

// TestHostileHistory: a history that somebody damaged, or that came with the repository, reaches nothing outside the project, and
// is in no later run's way.
func TestHostileHistory(t *testing.T) {
	t.Parallel()
	textHash := hashBytes([]byte("text\n"))
	record := func(p string) string {
		return `{"command":"x","steps":[{"path":"` + p + `","new":"` + textHash + `"}],"dirs":[]}`
	}
	put := func(path, text string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) { write(t, dir, path, text) }
	}
	link := func(path, to string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			remove(t, dir, path)
			if err := os.Symlink(to, filepath.Join(dir, path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, damage := range map[string]func(t *testing.T, dir string){
		"no JSON":                put(entryRecord(1), "{"),
		"nothing":                put(entryRecord(1), ""),
		"a path above":           put(entryRecord(1), record("../victim")),
		"an absolute path":       put(entryRecord(1), record("/victim")),
		"a path in .git":         put(entryRecord(1), record(".git/config")),
		"the lock":               put(entryRecord(1), record(lockPath)),
		"the running journal":    put(entryRecord(1), record(redoRecord)),
		"the history":            put(entryRecord(1), record(entryRecord(1))),
		"one file twice":         put(entryRecord(1), `{"steps":[{"path":"a","new":"1"},{"path":"a","new":"2"}]}`),
		"folders above":          put(entryRecord(1), `{"steps":[],"dirs":["../empty"]}`),
		"modes above":            put(entryRecord(1), `{"steps":[],"modes":{"../victim":511}}`),
		"no record":              func(t *testing.T, dir string) { remove(t, dir, entryRecord(1)) },
		"a folder as record":     func(t *testing.T, dir string) { remove(t, dir, entryRecord(1)); write(t, dir, entryRecord(1)+"/x", "") },
		"a link as record":       link(entryRecord(1), "../../../../../victim"),
		"a text is missing":      func(t *testing.T, dir string) { remove(t, dir, entryOld(1, 0)) },
		"a text is another":      put(entryOld(1, 0), "evil\n"),
		"a text is a link":       link(entryOld(1, 0), "../../../../../victim"),
		"a text is a folder":     func(t *testing.T, dir string) { remove(t, dir, entryOld(1, 0)); write(t, dir, entryOld(1, 0)+"/x", "") },
		"the operation a link":   link(entryDir(1), "../../../.git"),
		"the operation a file":   func(t *testing.T, dir string) { remove(t, dir, entryDir(1)); write(t, dir, entryDir(1), "") },
		"an endless record":      func(t *testing.T, dir string) { truncate(t, dir, entryRecord(1), 1<<40) },
		"an endless text":        func(t *testing.T, dir string) { truncate(t, dir, entryOld(1, 0), 1<<40) },
		"a number before it":     put(entryRecord(7), "{"),
		"the highest of numbers": put(entryRecord(maxNumber), "{"),
	} {
		t.Run(name, func(t *testing.T) {
			outer, dir := hostile(t)
			damage(t, dir)
			listed := snapshot(t, outer)
			all, err := open(t, dir).History()
			if err != nil || len(all) == 0 || all[0].Damage == "" {
				t.Errorf("%+v, %v", all, err)
			}
			var refused *HistoryError
			for _, force := range []bool{false, true} {
				if _, err := undo(t, dir, Options{Force: force}); !errors.As(err, &refused) || !strings.Contains(err.Error(), entryDir(all[0].Number)) {
					t.Errorf("error %v", err)
				}
			}
			if _, err := open(t, dir).Revisions("client/index.js"); err != nil {
				t.Error(err)
			}
			mustEqual(t, snapshot(t, outer), listed)

			before := exact(t, dir)
			operate(t, dir, "next", Options{}, "client/index.js", "next\n")
			mustUndo(t, dir)
			mustEqual(t, exact(t, dir), before)
			if read(t, outer, "victim") != "text\n" || read(t, dir, ".git/config") != "text\n" {
				t.Error("a file was touched")
			}
		})
	}
}

// TestHistoryInPlaceOfFolders has links and files where the folders of the history belong.
func TestHistoryInPlaceOfFolders(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]string{"a link out": "../../..", "a link to the project": "../../client", "a link to nowhere": "nowhere", "a file": ""} {
		t.Run(name, func(t *testing.T) {
			outer, dir := hostile(t)
			remove(t, dir, historyDir)
			if to == "" {
				write(t, dir, historyDir, "")
			} else if err := os.Symlink(to, filepath.Join(dir, historyDir)); err != nil {
				t.Fatal(err)
			}
			before := exact(t, dir)
			if got := history(t, dir); len(got) != 0 {
				t.Errorf("%q", got)
			}
			operate(t, dir, "next", Options{}, "client/index.js", "next\n")
			if got := history(t, dir); len(got) != 1 {
				t.Errorf("%q", got)
			}
			mustUndo(t, dir)
			mustEqual(t, exact(t, dir), before)
			if there(outer, "1") {
				t.Error("the history was written outside the project")
			}
		})
	}
}

// TestNamesThatAreNoNumbers stand in the folder of the history.
func TestNamesThatAreNoNumbers(t *testing.T) {
	t.Parallel()
	_, dir := hostile(t)
	for _, name := range []string{"0", "-1", "007", "+5", "99999999999999999999", fmt.Sprint(maxNumber + 1), "notes", "1x"} {
		write(t, dir, historyDir+"/"+name+"/redo.json", "{")
	}
	operate(t, dir, "two", Options{}, "client/index.js", "two\n")
	if got := history(t, dir); len(got) != 2 || !strings.HasPrefix(got[0], "2 two ") || !strings.HasPrefix(got[1], "1 one ") {
		t.Errorf("%q", got)
	}
}

// TestCommandsAreOneLine: that of a history that came with the repository is not to draw on a terminal.
func TestCommandsAreOneLine(t *testing.T) {
	t.Parallel()
	_, dir := hostile(t)
	text := read(t, dir, entryRecord(1))
	write(t, dir, entryRecord(1), strings.Replace(text, `"one"`, `"\u001b[2Jone\n\u202e`+strings.Repeat("é", maxCommand)+`"`, 1))
	all, err := open(t, dir).History()
	if err != nil || !strings.HasPrefix(all[0].Command, "\ufffd[2Jone\ufffd\ufffdéé") || len(all[0].Command) > maxCommand+3 {
		t.Errorf("%q, %v", all[0].Command, err)
	}
}

// truncate makes a file as large as nobody would read it.
func truncate(t *testing.T, dir, path string, size int64) {
	t.Helper()
	if err := os.Truncate(filepath.Join(dir, filepath.FromSlash(path)), size); err != nil {
		t.Fatal(err)
	}
}
