package emit

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wsgen/generator/render"
)

// nextVersion is the version that upgrades the projects of testVersion.
const nextVersion = "2.0.0"

// What the two versions write into main.go.
const (
	mainOld = "package main\n\nfunc one() {}\n\nfunc two() {}\n\nfunc three() {}\n\nfunc four() {}\n"
	mainNew = "package main\n\nfunc one() {}\n\nfunc two() { better() }\n\nfunc three() {}\n\nfunc four() {}\n"
)

// olds is a project of the old version, and news what the new version makes of the same spec.
func olds() []render.File {
	return with(sample(), needed("main.go", mainOld), own("README.md", "read me\n"))
}

func news() []render.File {
	raised := splice("go.mod", "module example.com/updater")
	raised.Raise = func(existing []byte) ([]byte, error) {
		return []byte(strings.ReplaceAll(string(existing), "go 1.20", "go 1.24")), nil
	}
	return with(sample(), needed("main.go", mainNew), own("README.md", "read me\n"), gen(routing, "package routing // new\n"), raised)
}

// marked is main.go where the user and the new version changed the same line.
const marked = "package main\n\nfunc one() {}\n\n<<<<<<< yours\nfunc two() { mine() }\n=======\nfunc two() { better() }\n>>>>>>> wsgen 2.0.0\n\nfunc three() {}\n\nfunc four() {}\n"

// upgradeRule is one state of main.go, or of another file, and what an upgrade makes of it.
type upgradeRule struct {
	name  string
	edit  func(t *testing.T, dir string) // behind wsgen's back
	style ConflictStyle                  // MarkBoth where it is not said
	force bool
	path  string // main.go where it is not said
	op    string // action, state and number of conflicts of its operation
	text  string // afterwards; "" for: not there
	base  string // afterwards; "" for: not there
	fails bool   // with a *ConflictError
}

func upgradeRules() []upgradeRule {
	const file = "main.go"
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	edited := strings.Replace(mainOld, "one() {}", "one() { mine() }", 1)
	merged := strings.Replace(mainNew, "one() {}", "one() { mine() }", 1)
	clash := strings.Replace(mainOld, "two() {}", "two() { mine() }", 1)
	binary := strings.Replace(mainOld, "one", "o\x00e", 1)
	both := func(a, b func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) { a(t, dir); b(t, dir) }
	}
	all := []upgradeRule{
		{name: "as written", op: "update outdated 0", text: mainNew, base: mainNew},
		{name: "as written, checked out on Windows", edit: put(file, crlf(mainOld)), op: "update outdated 0", text: crlf(mainNew), base: mainNew},
		{name: "base checked out on Windows", edit: put(basePath(file), crlf(mainOld)), op: "update outdated 0", text: mainNew, base: mainNew},
		{name: "both checked out on Windows", edit: both(put(file, crlf(edited)), put(basePath(file), crlf(mainOld))), op: "update outdated 0", text: crlf(merged), base: mainNew},
		{name: "edited elsewhere", edit: put(file, edited), op: "update outdated 0", text: merged, base: mainNew},
		{name: "edited elsewhere, and nothing may be left to do", edit: put(file, edited), style: ChangeNothing, op: "update outdated 0", text: merged, base: mainNew},
		{name: "edited elsewhere, on Windows", edit: put(file, crlf(edited)), op: "update outdated 0", text: crlf(merged), base: mainNew},
		{name: "edited elsewhere, without a final newline", edit: put(file, strings.TrimSuffix(edited, "\n")), op: "update outdated 0", text: strings.TrimSuffix(merged, "\n"), base: mainNew},
		{name: "edited elsewhere, with a line of Windows", edit: put(file, strings.Replace(edited, "mine() }\n", "mine() }\r\n", 1)),
			op: "update outdated 0", text: strings.Replace(merged, "mine() }\n", "mine() }\r\n", 1), base: mainNew},
		{name: "edited on Windows, with a line of Unix", edit: put(file, strings.Replace(crlf(edited), "mine() }\r\n", "mine() }\n", 1)),
			op: "update outdated 0", text: strings.Replace(crlf(merged), "mine() }\r\n", "mine() }\n", 1), base: mainNew},
		{name: "as written, with a line of Windows elsewhere", edit: put(file, strings.Replace(mainOld, "one() {}\n", "one() {}\r\n", 1)),
			op: "update outdated 0", text: strings.Replace(mainNew, "one() {}\n", "one() {}\r\n", 1), base: mainNew},
		{name: "as written, with a line of Windows there", edit: put(file, strings.Replace(mainOld, "two() {}\n", "two() {}\r\n", 1)),
			op: "update outdated 0", text: mainNew, base: mainNew},
		{name: "edited elsewhere, not UTF-8", edit: put(file, strings.Replace(edited, "mine", "\xff\xfe", 1)), op: "update outdated 0", text: strings.Replace(merged, "mine", "\xff\xfe", 1), base: mainNew},
		{name: "edited alike", edit: put(file, mainNew), op: "keep current 0", text: mainNew, base: mainNew},
		{name: "edited alike on Windows", edit: put(file, crlf(mainNew)), op: "keep current 0", text: crlf(mainNew), base: mainNew},
		{name: "edited alike and elsewhere", edit: put(file, merged), op: "keep current 0", text: merged, base: mainNew},
		{name: "edited in the same line", edit: put(file, clash), op: "update outdated 1", text: marked, base: mainNew},
		{name: "edited in the same line, on Windows", edit: put(file, crlf(clash)), op: "update outdated 1", text: crlf(marked), base: mainNew},
		{name: "edited in the same line, and nothing may be left to do", edit: put(file, clash), style: ChangeNothing, op: "conflict edited 1", text: clash, base: mainOld, fails: true},
		{name: "emptied", edit: put(file, ""), op: "update outdated 1", text: strings.Join([]string{"<<<<<<< yours", "=======", mainNew + ">>>>>>> wsgen 2.0.0\n"}, "\n"), base: mainNew},
		{name: "half merged by git", edit: put(file, "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n"+mainOld), op: "conflict edited 0", text: "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n" + mainOld, base: mainOld, fails: true},
		{name: "half merged by git, forced", edit: put(file, "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n"+mainOld), force: true, op: "update outdated 0", text: "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n" + mainNew, base: mainNew},
		{name: "binary by now", edit: put(file, binary), op: "keep outdated 0", text: binary, base: mainOld},
		{name: "deleted, and needed", edit: rm(file), op: "create missing 0", text: mainNew, base: mainNew},
		{name: "a link", edit: both(rm(file), func(t *testing.T, dir string) { symlink(t, "Makefile", dir, file) }), op: "keep outdated 0", text: "check:\n\twsgen check\n", base: mainOld},
		{name: "a link, forced", edit: both(rm(file), func(t *testing.T, dir string) { symlink(t, "Makefile", dir, file) }), force: true, op: "keep outdated 0", text: "check:\n\twsgen check\n", base: mainNew},
		{name: "base lost", edit: both(put(file, edited), rm(basePath(file))), op: "keep outdated 0", text: edited},
		{name: "base lost, as written", edit: rm(basePath(file)), op: "update outdated 0", text: mainNew, base: mainNew},
		{name: "base lost, edited alike", edit: both(put(file, mainNew), rm(basePath(file))), op: "keep current 0", text: mainNew, base: mainNew},
		{name: "base lost, forced", edit: both(put(file, edited), rm(basePath(file))), force: true, op: "keep outdated 0", text: edited, base: mainNew},
		{name: "binary by now, forced", edit: put(file, binary), force: true, op: "keep outdated 0", text: binary, base: mainNew},
		{name: "base changed", edit: both(put(file, edited), put(basePath(file), "damaged\n")), op: "keep outdated 0", text: edited, base: "damaged\n"},
		{name: "base changed, as written", edit: put(basePath(file), "damaged\n"), op: "update outdated 0", text: mainNew, base: mainNew},
		{name: "base a folder", edit: both(put(file, edited), both(rm(basePath(file)), put(basePath(file)+"/x", "x"))), op: "keep outdated 0", text: edited},

		{name: "nothing new", path: "README.md", op: "keep current 0", text: "read me\n", base: "read me\n"},
		{name: "nothing new, edited", path: "README.md", edit: put("README.md", "mine\n"), op: "keep current 0", text: "mine\n", base: "read me\n"},
		{name: "nothing new, base lost", path: "README.md", edit: both(put("README.md", "mine\n"), rm(basePath("README.md"))), op: "keep current 0", text: "mine\n", base: "read me\n"},
		{name: "deleted", path: "README.md", edit: rm("README.md"), op: "keep current 0", base: "read me\n"},
		{name: "generated", path: routing, op: "update outdated 0", text: "package routing // new\n"},
		{name: "generated, edited", path: routing, edit: put(routing, "mine\n"), op: "conflict edited 0", text: "mine\n", fails: true},
		{name: "spliced and raised", path: "go.mod", edit: put("go.mod", "module example.com/updater\n\ngo 1.20\n"), op: "update outdated 0", text: "module example.com/updater\n\ngo 1.24\n"},
	}
	for i := range all {
		if all[i].path == "" {
			all[i].path = file
		}
		if all[i].style == NoMerge {
			all[i].style = MarkBoth
		}
	}
	return all
}

func TestUpgradeRules(t *testing.T) {
	for _, test := range upgradeRules() {
		t.Run(test.name, func(t *testing.T) {
			dir := project(t, olds())
			if test.edit != nil {
				test.edit(t, dir)
			}
			before := snapshot(t, dir)
			o := Options{Version: nextVersion, Upgrade: test.style, Force: test.force, Command: "upgrade"}
			tree := open(t, dir)
			p, err := tree.Plan(news(), o)
			if err != nil {
				t.Fatal(err)
			}
			mustEqual(t, snapshot(t, dir), before)
			got := op(t, p, test.path)
			if is := strings.Join([]string{string(got.Action), string(got.State), string(rune('0' + got.Conflicts))}, " "); is != test.op {
				t.Errorf("got %q, want %q", is, test.op)
			}
			if (got.Reason == "" || got.Fix == "" || strings.Contains(got.Fix, "wsgen generate")) && got.State != Current {
				t.Errorf("reason %q, fix %q", got.Reason, got.Fix)
			}
			var conflict *ConflictError
			if err := tree.Apply(t.Context(), p); errors.As(err, &conflict) != test.fails || err != nil && !test.fails {
				t.Errorf("apply: %v", err)
			}
			if test.fails {
				mustEqual(t, snapshot(t, dir), before)
			}
			want := map[string]string{test.path: test.text, basePath(test.path): test.base}
			if info, err := os.Stat(filepath.Join(dir, basePath(test.path))); err == nil && info.IsDir() {
				delete(want, basePath(test.path))
			}
			mustHold(t, dir, want)
			if test.fails {
				return
			}
			mustBeAnnounced(t, p, before, snapshot(t, dir))
			mustSettle(t, dir, o)
			mustUndo(t, dir)
			mustEqual(t, committed(snapshot(t, dir)), committed(before))
		})
	}
}

// mustSettle checks that an upgrade that is repeated, and generate, have nothing to do.
func mustSettle(t *testing.T, dir string, o Options) {
	t.Helper()
	before := snapshot(t, dir)
	for _, style := range []ConflictStyle{o.Upgrade, NoMerge} {
		o.Upgrade = style
		tree := open(t, dir)
		p, err := tree.Plan(news(), o)
		if err != nil || len(p.Changes()) > 0 {
			t.Fatalf("again, with %q: %s, %v", style, summary(p), err)
		}
		if err := tree.Apply(t.Context(), p); err != nil {
			t.Error(err)
		}
		mustEqual(t, snapshot(t, dir), before)
	}
}

// upgraded upgrades a project in which both sides changed the same line.
func upgraded(t *testing.T) (dir string) {
	t.Helper()
	dir = project(t, olds())
	write(t, dir, "main.go", strings.Replace(mainOld, "two() {}", "two() { mine() }", 1))
	mustUpgrade(t, dir)
	return dir
}

func mustUpgrade(t *testing.T, dir string) {
	t.Helper()
	tree := open(t, dir)
	p, err := tree.Plan(news(), Options{Version: nextVersion, Upgrade: MarkBoth})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

func TestUpgradeIsRememberedUntilItIsCompleted(t *testing.T) {
	dir := upgraded(t)
	u := open(t, dir).Upgrading()
	if u == nil || u.From != testVersion || u.To != nextVersion || strings.Join(u.Files, " ") != "main.go" || len(u.Open) != 1 || u.Open[0].String() != "main.go:5" {
		t.Fatalf("%+v", u)
	}
	_, err := open(t, dir).PlanContinue(Options{Version: nextVersion})
	var open1 *MarkersError
	if !errors.As(err, &open1) || !strings.Contains(err.Error(), "main.go:5") {
		t.Errorf("error %v", err)
	}

	half := strings.Replace(marked, "<<<<<<< yours\n", "", 1)
	write(t, dir, "main.go", half)
	if u := open(t, dir).Upgrading(); len(u.Open) != 1 || u.Open[0].Line != 6 {
		t.Errorf("one marker is gone: %+v", u)
	}
	write(t, dir, "main.go", "package main\r\n>>>>>>> wsgen 2.0.0\r\n")
	if u := open(t, dir).Upgrading(); len(u.Open) != 1 || u.Open[0].Line != 2 {
		t.Errorf("on Windows: %+v", u)
	}

	write(t, dir, "main.go", mainNew)
	before := snapshot(t, dir)
	tree := open(t, dir)
	p, err := tree.PlanContinue(Options{Version: nextVersion})
	if err != nil || len(p.Changes()) != 0 {
		t.Fatalf("%s, %v", summary(p), err)
	}
	mustEqual(t, snapshot(t, dir), before)
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, committed(snapshot(t, dir)), committed(before))
	tree = open(t, dir)
	if _, err := tree.PlanContinue(Options{}); tree.Upgrading() != nil || !errors.Is(err, ErrNoUpgrade) {
		t.Errorf("still upgrading: %+v, %v", tree.Upgrading(), err)
	}
}

// committed drops from a snapshot what is this machine's alone.
func committed(files map[string]string) map[string]string {
	maps.DeleteFunc(files, func(p, _ string) bool { return strings.HasPrefix(p, localDir) })
	return files
}

// TestUpgradeWithoutConflictsIsNotRemembered: there is nothing left to complete.
func TestUpgradeWithoutConflictsIsNotRemembered(t *testing.T) {
	dir := project(t, olds())
	mustUpgrade(t, dir)
	if u := open(t, dir).Upgrading(); u != nil || there(dir, statePath) {
		t.Errorf("%+v", u)
	}
}

// TestStateOfAnUpgradeIsNotTrusted: it may have come with the repository.
func TestStateOfAnUpgradeIsNotTrusted(t *testing.T) {
	dir := project(t, olds())
	write(t, filepath.Dir(dir), "victim", "<<<<<<< yours\n")
	for _, text := range []string{
		"", "not JSON", `{"files": 3}`, `{"to": "2.0.0", "files": ["../victim", "/etc/passwd", ".wsgen/manifest.json"]}`,
		`{"to": "2.0.0", "files": ["main.go", "gone.go", "consumers", "main.go"]}`,
	} {
		write(t, dir, statePath, text)
		tree := open(t, dir)
		if u := tree.Upgrading(); u == nil || len(u.Open) != 0 {
			t.Errorf("%s: %+v", text, u)
		}
		p, err := tree.PlanContinue(Options{Version: testVersion})
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Apply(t.Context(), p); err != nil || there(dir, statePath) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestUpgradeTouchesOnlyWhatItChanges holds the time of the last change, the bases' included.
func TestUpgradeTouchesOnlyWhatItChanges(t *testing.T) {
	dir := project(t, olds())
	write(t, dir, "README.md", "mine\n")
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	for path, text := range snapshot(t, dir) {
		if text != "" {
			if err := os.Chtimes(filepath.Join(dir, path), long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	mustUpgrade(t, dir)
	written := map[string]bool{"main.go": true, basePath("main.go"): true, routing: true, ManifestPath: true}
	for path, text := range tidy(snapshot(t, dir)) {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if touched := !info.ModTime().Equal(long); text != "" && !strings.HasPrefix(path, localDir) && touched != written[path] {
			t.Errorf("%s: touched %v, want %v", path, touched, written[path])
		}
	}
}

// TestUpgradeKeepsModes: they are the user's to choose.
func TestUpgradeKeepsModes(t *testing.T) {
	dir := project(t, olds())
	chmod(t, dir, "main.go", 0o600)
	mustUpgrade(t, dir)
	if info, err := os.Stat(filepath.Join(dir, "main.go")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestUpgradeOfAnAdoptedFile: one that was there before wsgen is never merged.
func TestUpgradeOfAnAdoptedFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "updater")
	write(t, dir, ManifestPath, "{\"format\": 1, \"wsgen\": \"1.2.3\", \"files\": [{}]}\n")
	write(t, dir, "main.go", "package mine\n")
	write(t, dir, "README.md", "read me\n")
	if _, err := generate(t, dir, olds(), Options{}); err != nil {
		t.Fatal(err)
	}
	p, err := open(t, dir).Plan(news(), Options{Version: nextVersion, Upgrade: MarkBoth})
	if err != nil {
		t.Fatal(err)
	}
	if o := op(t, p, "main.go"); o.Action != Keep || o.State != Current || !strings.Contains(o.Reason, "before") {
		t.Errorf("%+v", o)
	}
	if o := op(t, p, "README.md"); o.Action != Keep || o.Reason != "" {
		t.Errorf("%+v", o)
	}
}

// TestUpgradeOfALargeFile leaves alone what would take long to merge.
func TestUpgradeOfALargeFile(t *testing.T) {
	dir := project(t, olds())
	large := strings.Repeat("mine\n", mergeLimit/5+1)
	write(t, dir, "main.go", large)
	mustUpgrade(t, dir)
	if read(t, dir, "main.go") != large || read(t, dir, basePath("main.go")) != mainOld {
		t.Error("it was changed")
	}
}

// TestUpgradeOfWhatWasGenerated: a file that becomes the user's is brought up once more, unless it was edited.
func TestUpgradeOfWhatWasGenerated(t *testing.T) {
	for text, want := range map[string]string{"package routing\n": "package routing // yours\n", "mine\n": "mine\n"} {
		dir := project(t, sample())
		write(t, dir, routing, text)
		tree := open(t, dir)
		p, err := tree.Plan(with(sample(), own(routing, "package routing // yours\n")), Options{Version: nextVersion, Upgrade: MarkBoth})
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Apply(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if there(dir, basePath(routing)) != (text != "mine\n") {
			t.Errorf("%q: has a base: %v", text, there(dir, basePath(routing)))
		}
		if got := read(t, dir, routing); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
