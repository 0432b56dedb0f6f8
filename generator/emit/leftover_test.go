package emit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDesertedFiles: of the files of the user's that the spec no longer asks for, an upgrade deletes those that are as they were written,
// with what is recorded of them, and no other; generate deletes none. An undo brings all of it back.
func TestDesertedFiles(t *testing.T) {
	const stub = "consumers/chat_consumer.go"
	for _, test := range []struct {
		name   string
		edit   func(t *testing.T, dir string)
		goes   bool
		reason string
	}{
		{"as written", func(*testing.T, string) {}, true, "you have not edited it"},
		{"as written, with Windows line endings", put(stub, "package consumers\r\n"), true, "you have not edited it"},
		{"as written, its base lost", rm(basePath(stub)), true, "you have not edited it"},
		{"edited", put(stub, "package consumers // mine\n"), false, "edited by you"},
		{"a blank more", put(stub, "package consumers \n"), false, "edited by you"},
		{"with the sides of a merge", put(stub, "<<<<<<< a\npackage consumers\n=======\n>>>>>>> b\n"), false, "edited by you"},
		{"larger than what is read", func(t *testing.T, dir string) { truncate(t, dir, stub, 1<<40) }, false, "edited by you"},
		{"there before wsgen", func(t *testing.T, dir string) {
			text := read(t, dir, ManifestPath)
			head, rest, _ := strings.Cut(text, `{"path":"`+stub+`"`)
			_, tail, _ := strings.Cut(rest, "\n")
			write(t, dir, ManifestPath, head+`{"path":"`+stub+`","owner":"yours"},`+"\n"+tail)
		}, false, "no longer in the spec"},
		{"not to be read", func(t *testing.T, dir string) {
			if os.Geteuid() == 0 { // who may read everything
				write(t, dir, stub, "package consumers // mine\n")
				return
			}
			if err := os.Chmod(filepath.Join(dir, stub), 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, stub), 0o644) })
		}, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := project(t, sample())
			test.edit(t, dir)
			files := without(sample(), stub)
			for range 2 {
				p, err := generate(t, dir, files, Options{Command: "generate"})
				if err != nil {
					t.Fatal(err)
				}
				o := op(t, p, stub)
				if o.Action != Keep || o.State != Stale || !strings.Contains(o.Reason, test.reason) || strings.Contains(o.Fix, "wsgen upgrade") != test.goes {
					t.Errorf("%s %s: %s: %s", o.Action, o.State, o.Reason, o.Fix)
				}
			}
			before := there(dir, basePath(stub))
			p, err := generate(t, dir, files, Options{Command: "upgrade", Upgrade: MarkBoth})
			if err != nil {
				t.Fatal(err)
			}
			if gone := !there(dir, stub); gone != test.goes || test.goes && there(dir, basePath(stub)) || !test.goes && there(dir, basePath(stub)) != before {
				t.Errorf("%s; gone: %v, its base is there: %v", summary(p), gone, there(dir, basePath(stub)))
			}
			if again := plan(t, open(t, dir), files); test.goes && len(again.Drift()) > 0 {
				t.Errorf("afterwards: %s", summary(again))
			}
			if !test.goes {
				return
			}
			if _, err := undo(t, dir, Options{}); err != nil {
				t.Fatal(err)
			}
			if !there(dir, stub) || there(dir, basePath(stub)) != before {
				t.Error("undo does not bring it back")
			}
		})
	}
}
