package emit

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// shared returns a snapshot without what is of this machine alone.
func shared(files map[string]string) map[string]string {
	files = maps.Clone(files)
	maps.DeleteFunc(files, func(p, _ string) bool { return strings.HasPrefix(p, localDir+"/") })
	return files
}

// exact is shared with the modes of the folders.
func exact(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := shared(snapshot(t, dir))
	for p := range files {
		if !strings.HasSuffix(p, "/") {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(p)))
		if err != nil {
			t.Fatal(err)
		}
		files[p] = info.Mode().String()
	}
	return files
}

// undo takes the newest operation back.
func undo(t testing.TB, dir string, o Options) (*Plan, error) {
	t.Helper()
	tree := open(t, dir)
	p, err := tree.PlanUndo(o)
	if err != nil {
		return nil, err
	}
	return p, tree.Apply(t.Context(), p)
}

// mustUndo is undo where nothing stands in the way.
func mustUndo(t testing.TB, dir string) *Plan {
	t.Helper()
	p, err := undo(t, dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sceneOperation is the scene's run as an operation of the history.
func sceneOperation(t testing.TB, dir string) {
	t.Helper()
	o := sceneOptions()
	o.Command = "generate"
	if _, err := generate(t, dir, sceneFiles(), o); err != nil {
		t.Fatal(err)
	}
}

func TestUndoRestoresEverything(t *testing.T) {
	dir := sceneBefore(t)
	write(t, dir, "go.mod", "module example.com/updater\r\n")
	write(t, dir, "wsgen.yaml", "version: 1\r\n")
	if runtime.GOOS != "windows" {
		chmod(t, dir, "gone", 0o751)
		chmod(t, dir, "gone/one_gen.go", 0o606)
		chmod(t, dir, "client/index.js", 0o755)
		chmod(t, dir, ManifestPath, 0o600)
	}
	if err := os.MkdirAll(filepath.Join(dir, "new/folder"), 0o700); err != nil { // it was there, and empty
		t.Fatal(err)
	}
	before := exact(t, dir)
	sceneOperation(t, dir)
	if there(dir, "gone") || read(t, dir, "client/index.js") != "two\n" {
		t.Error("the operation did not do what it was to do")
	}
	p := mustUndo(t, dir)
	mustEqual(t, exact(t, dir), before)
	if got := history(t, dir); len(got) != 0 {
		t.Errorf("the operation is still there: %q", got)
	}
	want := "update pending client/index.js, delete pending consumers/b_consumer.go, create pending gone/one_gen.go, " +
		"delete pending new/folder/a_gen.go, update pending routing/routing_gen.go, update pending wsgen.yaml"
	if got := summary(p); got != want {
		t.Errorf("the plan was %s\nwant %s", got, want)
	}
	if got := read(t, dir, trashDir+"/1/client/index.js"); got != "edited by hand\n" {
		t.Errorf("undo reached into the trash: %q", got)
	}
}

// TestUndoOfTheFirstOperation takes all of wsgen out of a folder that knew nothing of it.
func TestUndoOfTheFirstOperation(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/mine\n")
	before := snapshot(t, dir)
	tree, err := Begin(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tree.Plan(sample(), Options{Version: testVersion, Command: "init"})
	if err != nil {
		t.Fatal(err)
	}
	if o := op(t, p, "go.mod"); o.Action != Update {
		t.Errorf("%+v", o)
	}
	if err := tree.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, ignorePath); got != "*\n" {
		t.Errorf("git would see the history: %q", got)
	}
	mustUndo(t, dir)
	mustEqual(t, snapshot(t, dir), before)
}

// TestUndoAfterUndo goes back one step at a time, and forward again.
func TestUndoAfterUndo(t *testing.T) {
	dir := project(t, sample())
	states := []map[string]string{exact(t, dir)}
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		operate(t, dir, text, Options{}, "client/index.js", text, "x/"+text[:3]+".js", text)
		states = append(states, exact(t, dir))
	}
	mustUndo(t, dir)
	mustEqual(t, exact(t, dir), states[2])
	operate(t, dir, "again", Options{}, "client/index.js", "three\n", "x/thr.js", "three\n")
	mustEqual(t, exact(t, dir), states[3])
	for i := 2; i >= 0; i-- {
		mustUndo(t, dir)
		mustEqual(t, exact(t, dir), states[i])
	}
	if _, err := undo(t, dir, Options{}); !errors.Is(err, ErrNoHistory) {
		t.Errorf("error %v", err)
	}
}

// TestUndoMeetsEdits changes, after the operation, what it wrote, deleted and changed.
func TestUndoMeetsEdits(t *testing.T) {
	dir := sceneBefore(t)
	before := exact(t, dir)
	sceneOperation(t, dir)
	write(t, dir, "client/index.js", "mine since\n")
	write(t, dir, "gone/one_gen.go", "mine since\n")
	write(t, dir, "consumers/b_consumer.go", "mine since\n")
	remove(t, dir, "routing/routing_gen.go")
	write(t, dir, ManifestPath, strings.Replace(read(t, dir, ManifestPath), "    {}\n", "\n    {}\n", 1))
	edited := snapshot(t, dir)
	p, err := undo(t, dir, Options{})
	var conflict *ConflictError
	if err == nil && errors.As(open(t, dir).Apply(t.Context(), p), &conflict) {
		t.Error("Apply let conflicts pass")
	}
	if !errors.As(err, &conflict) || len(conflict.Ops) != 5 {
		t.Fatalf("error %v", err)
	}
	for _, line := range []string{
		".wsgen/manifest.json: changed since generate: ", "client/index.js: changed since generate: take your change elsewhere, or run wsgen undo --force",
		"routing/routing_gen.go: deleted since generate: wsgen undo --force brings it back",
	} {
		if !strings.Contains(err.Error(), line) {
			t.Errorf("missing %q in %v", line, err)
		}
	}
	mustEqual(t, snapshot(t, dir), edited)
	all, err := open(t, dir).History()
	if err != nil {
		t.Fatal(err)
	}
	touched := strings.Join(all[0].Touched, " ")
	if touched != ".wsgen/manifest.json client/index.js consumers/b_consumer.go gone/one_gen.go routing/routing_gen.go" {
		t.Errorf("touched: %s", touched)
	}

	if _, err := undo(t, dir, Options{Force: true}); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, exact(t, dir), before)
	for _, p := range []string{"client/index.js", "gone/one_gen.go", "consumers/b_consumer.go"} {
		if got := read(t, dir, trashDir+"/2/"+p); got != "mine since\n" {
			t.Errorf("%s in the trash: %q", p, got)
		}
	}
}

// TestUndoAfterCheckout meets files that git brought back, and line endings that git changed on the way.
func TestUndoAfterCheckout(t *testing.T) {
	dir := sceneBefore(t)
	write(t, dir, "wsgen.yaml", "version: 1\n")
	before := exact(t, dir)
	sceneOperation(t, dir)
	write(t, dir, "client/index.js", "edited by hand\n")                  // as it was before
	write(t, dir, "routing/routing_gen.go", "package routing // two\r\n") // as the operation left it, but for the line endings
	if got := history(t, dir); !strings.HasSuffix(got[0], " [] ") {
		t.Errorf("touched: %q", got)
	}
	p := mustUndo(t, dir)
	mustEqual(t, exact(t, dir), before)
	if o := op(t, p, "client/index.js"); o.Action != Keep || o.Reason != "as before already" {
		t.Errorf("%+v", o)
	}
}

// TestUndoOfLineEndings: that is a change like any other when it is wsgen's.
func TestUndoOfLineEndings(t *testing.T) {
	dir := project(t, sample())
	write(t, dir, "go.mod", "module example.com/updater\r\n")
	before := exact(t, dir)
	unix := splice("go.mod", "")
	unix.Render = func(text []byte) ([]byte, error) { return normalize(text), nil }
	if _, err := generate(t, dir, with(sample(), unix), Options{Command: "unix"}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "go.mod"); got != "module example.com/updater\n" {
		t.Fatalf("%q", got)
	}
	mustUndo(t, dir)
	mustEqual(t, exact(t, dir), before)
}

// TestUndoMeetsLinksAndFolders has something that is no file in the way. Nothing of it is removed, forced or not.
func TestUndoMeetsLinksAndFolders(t *testing.T) {
	for name, block := range map[string]func(dir string) error{
		"a link":             func(dir string) error { return os.Symlink("../mine.txt", filepath.Join(dir, "client/index.js")) },
		"a link to nowhere":  func(dir string) error { return os.Symlink("nowhere", filepath.Join(dir, "client/index.js")) },
		"a link out":         func(dir string) error { return os.Symlink(os.TempDir(), filepath.Join(dir, "client/index.js")) },
		"a folder":           func(dir string) error { return os.MkdirAll(filepath.Join(dir, "client/index.js/x"), 0o755) },
		"a file for folders": func(dir string) error { return os.WriteFile(filepath.Join(dir, "client"), nil, 0o644) },
		"a link for folders": func(dir string) error { return os.Symlink(os.TempDir(), filepath.Join(dir, "client")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := sceneBefore(t)
			sceneOperation(t, dir)
			remove(t, dir, "client/index.js")
			if strings.HasSuffix(name, "for folders") {
				remove(t, dir, "client")
			}
			if err := block(dir); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, dir)
			for _, force := range []bool{false, true} {
				var conflict *ConflictError
				if _, err := undo(t, dir, Options{Force: force}); !errors.As(err, &conflict) || conflict.Ops[0].State != Blocked {
					t.Errorf("force %v: error %v", force, err)
				}
			}
			mustEqual(t, snapshot(t, dir), before)
			if all, err := open(t, dir).History(); err != nil || strings.Join(all[0].Touched, " ") != "client/index.js" {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

// TestUndoLeavesWhatIsNew puts a file of the user's into a folder that the operation made.
func TestUndoLeavesWhatIsNew(t *testing.T) {
	dir := sceneBefore(t)
	before := shared(snapshot(t, dir))
	sceneOperation(t, dir)
	write(t, dir, "new/folder/mine.txt", "mine\n")
	mustUndo(t, dir)
	before["new/"], before["new/folder/"], before["new/folder/mine.txt"] = "", "", "-rw-r--r-- mine\n"
	mustEqual(t, shared(snapshot(t, dir)), before)
}

// TestUndoHasNothingToDoBehindAWall: a file that is not there any more, and was not there before, needs no folder.
func TestUndoHasNothingToDoBehindAWall(t *testing.T) {
	dir := sceneBefore(t)
	before := shared(snapshot(t, dir))
	sceneOperation(t, dir)
	remove(t, dir, "new")
	write(t, dir, "new", "mine\n")
	mustUndo(t, dir)
	before["new"] = "-rw-r--r-- mine\n"
	mustEqual(t, shared(snapshot(t, dir)), before)
}

// TestTwoUndosAtOnce plans both before either is carried out.
func TestTwoUndosAtOnce(t *testing.T) {
	dir := project(t, sample())
	operate(t, dir, "one", Options{}, "client/index.js", "one\n")
	operate(t, dir, "two", Options{}, "client/index.js", "two\n")
	late := open(t, dir)
	p, err := late.PlanUndo(Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustUndo(t, dir)
	for range 2 {
		before := snapshot(t, dir)
		var changed *ChangedError
		if err := late.Apply(t.Context(), p); !errors.As(err, &changed) {
			t.Errorf("error %v", err)
		}
		mustEqual(t, snapshot(t, dir), before)
		operate(t, dir, "another", Options{}, "client/index.js", "two\n", "x.js", "x\n") // of the number that the plan is about
	}
}

// TestUndoAfterTheManifestAlone takes back an operation that touched no file of the user's.
func TestUndoAfterTheManifestAlone(t *testing.T) {
	dir := project(t, sample())
	remove(t, dir, ManifestPath)
	before := exact(t, dir)
	operate(t, dir, "generate", Options{})
	if !there(dir, ManifestPath) {
		t.Fatal("no manifest")
	}
	if got := history(t, dir); len(got) != 1 || got[0] != "1 generate [] [] " {
		t.Errorf("%q", got)
	}
	mustUndo(t, dir)
	mustEqual(t, exact(t, dir), before)
}

// TestUndoInterruptedInTheMeantime refuses a tree that it does not know the state of.
func TestUndoBesideAnotherRun(t *testing.T) {
	dir := project(t, sample())
	operate(t, dir, "one", Options{}, "client/index.js", "one\n")
	tree := open(t, dir)
	operate(t, dir, "two", Options{}, "x.js", "x\n")
	var changed *ChangedError
	if _, err := tree.PlanUndo(Options{}); !errors.As(err, &changed) {
		t.Errorf("error %v", err)
	}
}
