package emit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wsgen/generator/render"
)

// ownerRule is one state of a file, what a plan decides about it, and what stands on the disk afterwards.
type ownerRule struct {
	name  string
	edit  func(t *testing.T, dir string) // behind wsgen's back
	files []render.File                  // the sample's where there are none
	force bool
	plan  string // the summary
	path  string // looked at afterwards
	text  string // "" for: not there
	fails bool   // with a *ConflictError
}

func ownerRules() []ownerRule {
	const (
		stub    = "consumers/chat_consumer.go"
		routing = "routing/routing_gen.go"
		newText = "package routing // two\n"
		sides   = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n"
	)
	changed := with(sample(), gen(routing, newText))
	return []ownerRule{
		{name: "generated, changed by the spec", files: changed, plan: "update pending " + routing, path: routing, text: newText},
		{name: "generated, deleted", edit: rm(routing), plan: "create missing " + routing, path: routing, text: "package routing\n"},
		{name: "generated, edited", edit: put(routing, "mine\n"), plan: "conflict edited " + routing, path: routing, text: "mine\n", fails: true},
		{name: "generated, edited and changed", edit: put(routing, "mine\n"), files: changed, plan: "conflict edited " + routing, path: routing, text: "mine\n", fails: true},
		{name: "generated, edited to what the spec asks", edit: put(routing, newText), files: changed, path: routing, text: newText},
		{name: "generated, edited, forced", edit: put(routing, "mine\n"), force: true, plan: "update edited " + routing, path: routing, text: "package routing\n"},
		{name: "generated, with Windows line endings", edit: put(routing, "package routing\r\n"), path: routing, text: "package routing\r\n"},
		{name: "generated, with Windows line endings, changed", edit: put(routing, "package routing\r\n"), files: changed, plan: "update pending " + routing, path: routing, text: "package routing // two\r\n"},
		{name: "generated, with the sides of a merge", edit: put(routing, sides), plan: "update edited " + routing, path: routing, text: "package routing\n"},
		{name: "generated, with the sides of a merge, no longer asked for", edit: put(routing, sides), files: without(sample(), routing), plan: "delete edited " + routing, path: routing},
		{name: "generated, not recorded, with the sides of a merge", edit: put("new_gen.go", sides), files: with(sample(), gen("new_gen.go", "new\n")), plan: "conflict blocked new_gen.go", path: "new_gen.go", text: sides, fails: true},
		{name: "yours once, with the sides of a merge, generated now", edit: put("Makefile", sides), files: with(sample(), gen("Makefile", "new\n")), plan: "conflict edited Makefile", path: "Makefile", text: sides, fails: true},
		{name: "generated, not recorded", edit: put("new_gen.go", "mine\n"), files: with(sample(), gen("new_gen.go", "new\n")), plan: "conflict blocked new_gen.go", path: "new_gen.go", text: "mine\n", fails: true},
		{name: "generated, not recorded, equal", edit: put("new_gen.go", "new\n"), files: with(sample(), gen("new_gen.go", "new\n")), path: "new_gen.go", text: "new\n"},
		{name: "generated, not recorded, forced", edit: put("new_gen.go", "mine\n"), files: with(sample(), gen("new_gen.go", "new\n")), force: true, plan: "update blocked new_gen.go", path: "new_gen.go", text: "new\n"},
		{name: "generated, no longer asked for", files: without(sample(), routing), plan: "delete stale " + routing, path: routing},
		{name: "generated, no longer asked for, edited", edit: put(routing, "mine\n"), files: without(sample(), routing), plan: "conflict edited " + routing, path: routing, text: "mine\n", fails: true},
		{name: "generated, no longer asked for, edited, forced", edit: put(routing, "mine\n"), files: without(sample(), routing), force: true, plan: "delete edited " + routing, path: routing},
		{name: "generated, no longer asked for, gone", edit: rm(routing), files: without(sample(), routing), path: routing},
		{name: "yours, edited", edit: put(stub, "mine\n"), path: stub, text: "mine\n"},
		{name: "yours, edited, forced", edit: put(stub, "mine\n"), force: true, path: stub, text: "mine\n"},
		{name: "yours, rendered differently by now", files: with(sample(), own(stub, "other\n")), path: stub, text: "package consumers\n"},
		{name: "yours, deleted, needed", edit: rm(stub), plan: "create missing " + stub, path: stub, text: "package consumers\n"},
		{name: "yours, deleted, not needed", edit: rm("Makefile"), path: "Makefile"},
		{name: "yours, new", files: with(sample(), own("Dockerfile", "FROM x\n")), plan: "create pending Dockerfile", path: "Dockerfile", text: "FROM x\n"},
		{name: "yours, there before", edit: put("Dockerfile", "mine\n"), files: with(sample(), own("Dockerfile", "FROM x\n")), path: "Dockerfile", text: "mine\n"},
		{name: "yours, no longer asked for", files: without(sample(), stub), plan: "keep stale " + stub, path: stub, text: "package consumers\n"},
		{name: "yours, no longer asked for, gone", edit: rm(stub), files: without(sample(), stub), path: ".wsgen/base/" + stub},
		{name: "generated once, yours now", files: with(sample(), own(routing, "mine\n")), path: routing, text: "package routing\n"},
		{name: "yours once, generated now", files: with(sample(), gen("Makefile", "new\n")), plan: "update pending Makefile", path: "Makefile", text: "new\n"},
		{name: "yours once and edited, generated now", edit: put("Makefile", "mine\n"), files: with(sample(), gen("Makefile", "new\n")), plan: "conflict edited Makefile", path: "Makefile", text: "mine\n", fails: true},
		{name: "spliced, edited", edit: put("wsgen.yaml", "# mine\nversion: 1\n"), path: "wsgen.yaml", text: "# mine\nversion: 1\n"},
		{name: "spliced, lacking", edit: put("wsgen.yaml", "# mine\r\n"), plan: "update pending wsgen.yaml", path: "wsgen.yaml", text: "# mine\r\nversion: 1\n"},
		{name: "spliced, deleted", edit: rm("go.mod"), plan: "create missing go.mod", path: "go.mod", text: "module example.com/updater\n"},
		{name: "spliced, refused", edit: put("go.mod", "beyond repair\n"), plan: "conflict blocked go.mod", path: "go.mod", text: "beyond repair\n", fails: true},
		{name: "spliced, refused, forced", edit: put("go.mod", "beyond repair\n"), force: true, plan: "conflict blocked go.mod", path: "go.mod", text: "beyond repair\n", fails: true},
		{name: "one conflict holds back everything", edit: put(routing, "mine\n"), files: with(sample(), own("Dockerfile", "FROM x\n")), plan: "create pending Dockerfile, conflict edited " + routing, path: "Dockerfile", fails: true},
	}
}

func TestOwnerRules(t *testing.T) {
	for _, test := range ownerRules() {
		t.Run(test.name, func(t *testing.T) {
			dir := project(t, sample())
			if test.edit != nil {
				test.edit(t, dir)
			}
			files := test.files
			if files == nil {
				files = sample()
			}
			before := snapshot(t, dir)
			p, err := open(t, dir).Plan(files, Options{Version: testVersion, Force: test.force})
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(p); got != test.plan {
				t.Errorf("plan: got %q, want %q", got, test.plan)
			}
			mustEqual(t, snapshot(t, dir), before) // planning leaves every byte alone
			var conflict *ConflictError
			if _, err := generate(t, dir, files, Options{Force: test.force}); errors.As(err, &conflict) != test.fails || err != nil && !test.fails {
				t.Errorf("apply: %v", err)
			}
			if test.fails {
				mustEqual(t, snapshot(t, dir), before)
			}
			if test.text == "" && there(dir, test.path) {
				t.Errorf("%s is still there", test.path)
			} else if test.text != "" && read(t, dir, test.path) != test.text {
				t.Errorf("%s: got %q, want %q", test.path, read(t, dir, test.path), test.text)
			}
			if test.fails {
				return
			}
			again, err := generate(t, dir, files, Options{})
			if err != nil || len(again.Changes()) > 0 {
				t.Errorf("the second run: %s, %v", summary(again), err)
			}
		})
	}
}

func put(path, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { write(t, dir, path, text) }
}

func rm(path string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { remove(t, dir, path) }
}

func TestEveryDriftHasAReasonAndAWayOut(t *testing.T) {
	dir := project(t, sample())
	write(t, dir, "routing/routing_gen.go", "mine\n")
	remove(t, dir, "client/index.js")
	remove(t, dir, "go.mod")
	write(t, dir, "wsgen.yaml", "\n")
	remove(t, dir, ManifestPath)
	files := with(without(sample(), "Makefile"), gen("a/b.go", "x"))
	write(t, dir, "a", "a file\n")
	p := plan(t, open(t, dir), files)
	if len(p.Drift()) < 6 {
		t.Errorf("only %s", summary(p))
	}
	for _, op := range p.Drift() {
		if op.Reason == "" || op.Fix == "" {
			t.Errorf("%s %s %s: reason %q, fix %q", op.Action, op.State, op.Path, op.Reason, op.Fix)
		}
	}
}

// TestForceKeepsTheOldText looks into the trash after each of two forced runs.
func TestForceKeepsTheOldText(t *testing.T) {
	dir := project(t, sample())
	for i, text := range []string{"mine\n", "mine again\n"} {
		write(t, dir, "routing/routing_gen.go", text)
		if _, err := generate(t, dir, sample(), Options{Force: true}); err != nil {
			t.Fatal(err)
		}
		kept := trashDir + "/" + string(rune('1'+i)) + "/routing/routing_gen.go"
		if got := read(t, dir, kept); got != text {
			t.Errorf("%s: %q", kept, got)
		}
	}
}

func TestDeletingTheLastFileRemovesItsFolder(t *testing.T) {
	files := with(sample(), gen("deep/er/a_gen.go", "a"), gen("kept/a_gen.go", "a"))
	dir := project(t, files)
	write(t, dir, "kept/mine.go", "mine")
	if _, err := generate(t, dir, sample(), Options{}); err != nil {
		t.Fatal(err)
	}
	if there(dir, "deep") || there(dir, "kept/a_gen.go") || !there(dir, "kept/mine.go") {
		t.Errorf("left: %v", snapshot(t, dir))
	}
}

// TestFolderOfADeletedFileIsUsedAgain deletes the last file of a folder and writes another one there.
func TestFolderOfADeletedFileIsUsedAgain(t *testing.T) {
	dir := project(t, with(sample(), gen("one/b_gen.go", "x")))
	if _, err := generate(t, dir, with(sample(), gen("one/c_gen.go", "y")), Options{}); err != nil {
		t.Fatal(err)
	}
	if there(dir, "one/b_gen.go") || read(t, dir, "one/c_gen.go") != "y" {
		t.Errorf("left: %v", snapshot(t, dir))
	}
}

// TestUnchangedFilesAreNotTouched holds the time of the last change, the manifest's and the base's included.
func TestUnchangedFilesAreNotTouched(t *testing.T) {
	dir := project(t, sample())
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	for path, text := range snapshot(t, dir) {
		if text != "" {
			if err := os.Chtimes(filepath.Join(dir, path), long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := generate(t, dir, with(sample(), gen("routing/routing_gen.go", "two\n")), Options{}); err != nil {
		t.Fatal(err)
	}
	for path, text := range snapshot(t, dir) {
		if text == "" {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		written := path == "routing/routing_gen.go" || path == ManifestPath
		if touched := !info.ModTime().Equal(long); touched != written {
			t.Errorf("%s: touched %v, want %v", path, touched, written)
		}
	}
}

func TestModeIsKept(t *testing.T) {
	dir := project(t, sample())
	path := filepath.Join(dir, "routing/routing_gen.go")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := generate(t, dir, with(sample(), gen("routing/routing_gen.go", "two\n")), Options{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	script := own("run.sh", "#!/bin/sh\n")
	script.Mode = 0o755
	if _, err := generate(t, dir, with(sample(), script), Options{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "run.sh")); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAnotherVersionIsOutdated(t *testing.T) {
	dir := project(t, sample())
	files := with(sample(), gen("routing/routing_gen.go", "two\n"))
	tree := open(t, dir)
	p, err := tree.Plan(files, Options{Version: "9.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	if o := op(t, p, "routing/routing_gen.go"); o.State != Outdated || !strings.Contains(o.Reason, testVersion) || !strings.Contains(o.Reason, "9.0.0") {
		t.Errorf("%s: %s", o.State, o.Reason)
	}
	if p.Recorded != testVersion {
		t.Errorf("recorded by %q", p.Recorded)
	}
}

// TestYoursIsNeitherReadNorRendered is what keeps a second run fast.
func TestYoursIsNeitherReadNorRendered(t *testing.T) {
	dir := project(t, sample())
	trap := needed("consumers/chat_consumer.go", "")
	trap.Render = func([]byte) ([]byte, error) { t.Error("rendered"); return nil, nil }
	o := op(t, plan(t, open(t, dir), with(sample(), trap)), trap.Path)
	if o.Action != Keep || o.Old != nil || o.New != nil {
		t.Errorf("%+v", o)
	}
}

// TestNothingIsWrittenWhenOneTextFails renders everything before the first write.
func TestNothingIsWrittenWhenOneTextFails(t *testing.T) {
	broken := errors.New("render zzz.go: broken template")
	bad := gen("zzz.go", "")
	bad.Render = func([]byte) ([]byte, error) { return nil, broken }
	dir := filepath.Join(t.TempDir(), "updater")
	if _, err := New(t.Context(), dir, with(sample(), bad), Options{}); !errors.Is(err, broken) || err.Error() != broken.Error() {
		t.Errorf("error %v", err)
	}
	mustEqual(t, snapshot(t, filepath.Dir(dir)), nil)
}

func TestDiff(t *testing.T) {
	dir := project(t, sample())
	files := with(without(sample(), "client/index.js"), gen("routing/routing_gen.go", "package two\n"), gen("a.go", "a\n"))
	p := plan(t, open(t, dir), files)
	for path, want := range map[string]string{
		"routing/routing_gen.go": "--- a/routing/routing_gen.go\n+++ b/routing/routing_gen.go\n@@ -1 +1 @@\n-package routing\n+package two\n",
		"a.go":                   "--- /dev/null\n+++ b/a.go\n@@ -0,0 +1 @@\n+a\n",
		"client/index.js":        "--- a/client/index.js\n+++ /dev/null\n@@ -1 +0,0 @@\n-export {};\n",
		"go.mod":                 "",
	} {
		if got := op(t, p, path).Diff(); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
		}
	}
	crlf := project(t, sample())
	write(t, crlf, "consumers/consumers_gen.go", "package consumers\r\n\r\ntype ChatParams struct{}\r\n")
	files = with(sample(), gen("consumers/consumers_gen.go", "package consumers\n\ntype Chat struct{}\n"))
	if got := op(t, plan(t, open(t, crlf), files), "consumers/consumers_gen.go").Diff(); strings.Count(got, "\n-") != 1 {
		t.Errorf("line endings are shown as changes:\n%s", got)
	}
}

// TestLeaveOut: a file of the user's that is left out is not written, then or later, and nothing else is.
func TestLeaveOut(t *testing.T) {
	dir := t.TempDir()
	tree, err := Begin(dir)
	if err != nil {
		t.Fatal(err)
	}
	const why = "makefile is yours"
	files := with(sample(), gen("gen.go", "package x\n"))
	p, err := tree.Plan(files, Options{Version: testVersion, LeaveOut: map[string]string{
		"Makefile": why, "gen.go": "not the user's", "consumers/chat_consumer.go": "needed",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for _, op := range p.Ops {
		if (op.Action == Keep) != (op.Path == "Makefile") || op.Path == "Makefile" && op.Reason != why {
			t.Errorf("%s: %s: %s", op.Path, op.Action, op.Reason)
		}
	}
	for range 2 {
		if p, err := generate(t, dir, files, Options{}); err != nil || len(p.Changes()) > 0 || len(p.Drift()) > 0 {
			t.Errorf("a later run: %v %v", p.Changes(), err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "Makefile")); !os.IsNotExist(err) {
		t.Errorf("the file is there: %v", err)
	}
}
