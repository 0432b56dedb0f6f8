package golden

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What stands in the team's files after an upgrade is what git would have made of the three texts.
func TestUpgradeMergesLikeGit(t *testing.T) {
	git := need(t, "git")
	dir := editedProject(t)
	before := readTree(t, dir)
	exits(t, dir, 5, "upgrade")
	after := readTree(t, dir)
	version, _ := recordedHashes(t, dir)
	merged := 0
	for path, ours := range before {
		base, recorded := before[basePath(path)]
		theirs, changed := after[basePath(path)]
		if !recorded || !changed || bytes.Equal(base, theirs) {
			continue
		}
		merged++
		want := mergeFile(t, git, unix(ours), base, theirs, "wsgen "+version)
		if got := unix(after[path]); !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s\nand git makes of it\n%s", path, got, want)
		}
	}
	if merged < 3 {
		t.Errorf("only %d files were merged", merged)
	}
}

// mergeFile returns what git makes of three texts.
func mergeFile(t *testing.T, git string, ours, base, theirs []byte, label string) []byte {
	t.Helper()
	dir := t.TempDir()
	args := []string{"merge-file", "-p", "-L", "yours", "-L", "base", "-L", label}
	for i, text := range [][]byte{ours, base, theirs} {
		name := fmt.Sprint(i)
		overwrite(t, dir, name, text)
		args = append(args, name)
	}
	c := exec.CommandContext(t.Context(), git, args...)
	c.Dir = dir
	out, err := c.Output() // its exit code is the number of conflicts
	if code := c.ProcessState.ExitCode(); err != nil && (code < 1 || code > 127) {
		t.Fatalf("git merge-file: %v", err)
	}
	return out
}

// unix returns the text with line endings of one kind.
func unix(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// An older version may have written the Go files otherwise, so that they no longer compile with today's runtime. The calls that it
// wrote are brought up to date among the team's own code, and where the team changed the very call, the team decides.
func TestUpgradeOfGoFiles(t *testing.T) {
	dir := editedProject(t)
	pretend(t, dir, "main.go", "ws.NewLogger(os.Stderr, cfg.LogLevel, cfg.Debug)", "ws.NewLogger(os.Stderr, cfg.Verbose)")
	pretend(t, dir, "main.go", "return ws.Serve(ctx, cfg.Server, app, mux)", "return ws.Serve(ctx, app, mux)")
	pretend(t, dir, "consumers/chat_consumer.go", "Disconnect(ctx context.Context, st ws.CloseStatus) {}", "Disconnect(st ws.CloseStatus) {}")
	pretend(t, dir, "consumers/deps.go", "sends to groups, from anywhere", "sends to groups")
	pretend(t, dir, "settings/settings.go", "return Settings{Base: baseDefaults()}", "return Settings{Base: defaultBase()}")
	out := exits(t, dir, 5, "upgrade")
	for _, path := range []string{"main.go", "consumers/deps.go", "settings/settings.go"} {
		if !strings.Contains(out, filepath.FromSlash(path)+":") {
			t.Errorf("no conflict in %s:\n%s", path, out)
		}
	}
	if stub := string(readFile(t, dir, "consumers/chat_consumer.go")); !strings.Contains(stub, "Disconnect(ctx context.Context, st ws.CloseStatus) {}") ||
		!strings.Contains(stub, "history.add(c.params.Room, text)") || strings.Contains(stub, "<<<<<<<") {
		t.Errorf("the stub is\n%s", stub)
	}
	for _, path := range []string{"main.go", "consumers/deps.go", "settings/settings.go", "README.md", "web/index.html"} {
		resolve(t, dir, path, func(ours, _ string) string { return ours })
	}
	exits(t, dir, 0, "upgrade", "--continue")
	inStep(t, dir)
	buildsAndPasses(t, dir)
}

// pretend makes the project one of an imaginary older version, which wrote in a file what it wrote in place of a text of today.
func pretend(t *testing.T, dir, path, today, older string) {
	t.Helper()
	base := readFile(t, dir, basePath(path))
	if bytes.Count(base, []byte(today)) != 1 {
		t.Fatalf("%s does not hold %q once", basePath(path), today)
	}
	changed := bytes.Replace(base, []byte(today), []byte(older), 1)
	overwrite(t, dir, basePath(path), changed)
	overwrite(t, dir, path, bytes.Replace(readFile(t, dir, path), []byte(today), []byte(older), 1))
	manifest := readFile(t, dir, ".wsgen/manifest.json")
	overwrite(t, dir, ".wsgen/manifest.json", bytes.Replace(manifest, []byte(sha(base)), []byte(sha(changed)), 1))
}

// For a project of this version upgrade brings along what a change of the spec asks for in files that are the user's, which generate
// never touches: here the call by which users sign in, in a main.go that the team has changed all over.
func TestUpgradeAfterTheSpecChanged(t *testing.T) {
	dir := editedProject(t)
	for _, path := range []string{"README.md", "web/index.html"} { // as wsgen wrote them: this is about Go
		overwrite(t, dir, path, readFile(t, dir, basePath(path)))
	}
	exits(t, dir, 0, "upgrade")
	spec := string(readFile(t, dir, "wsgen.yaml"))
	spec = strings.Replace(spec, "  /ws/updates/{job}: ver_update", "  /ws/jobs/{job}: ver_update", 1)
	overwrite(t, dir, "wsgen.yaml", []byte(spec+"settings:\n  auth: session\n"))
	exits(t, dir, 0, "generate")
	if strings.Contains(string(readFile(t, dir, "main.go")), "login.Add") {
		t.Error("generate has changed main.go")
	}
	exits(t, dir, 0, "check")
	exits(t, dir, 4, "upgrade", "--check")
	before := readTree(t, dir)
	exits(t, dir, 0, "upgrade")
	after := readTree(t, dir)
	for path, line := range map[string]string{
		"main.go":                               "login.Add(",
		"consumers/ver_update_consumer_test.go": `"/ws/jobs/lobby",`,
	} {
		if !strings.Contains(string(after[path]), line) {
			t.Errorf("%s has no %s:\n%s", path, line, after[path])
		}
		mustHold(t, path, after[path], added(before[basePath(path)], before[path]))
	}
	inStep(t, dir)
	buildsAndPasses(t, dir)
}

// Whoever runs generate with a newer wsgen has new generated files, and his own as they were; upgrade then does the rest, and it
// all comes to the same.
func TestUpgradeAfterGenerate(t *testing.T) {
	atOnce, inTwoSteps := editedProject(t), editedProject(t)
	exits(t, atOnce, 5, "upgrade")
	_, edits := frozen(t, "edits.txtar")
	before := readTree(t, inTwoSteps)
	exits(t, inTwoSteps, 0, "generate")
	after := readTree(t, inTwoSteps)
	for path := range edits {
		if !bytes.Equal(before[path], after[path]) {
			t.Errorf("generate has changed %s", path)
		}
	}
	exits(t, inTwoSteps, 4, "upgrade", "--check")
	exits(t, inTwoSteps, 5, "upgrade")
	sameFiles(t, readTree(t, atOnce), readTree(t, inTwoSteps))
}

// An upgrade that is finished can be taken back like every other operation; what was edited in it has changed since, and goes to the
// trash.
func TestUndoOfAnUpgrade(t *testing.T) {
	dir := editedProject(t)
	before := readAll(t, dir)
	exits(t, dir, 5, "upgrade")
	for _, path := range []string{"README.md", "web/index.html"} {
		resolve(t, dir, path, func(ours, theirs string) string { return theirs + ours })
	}
	exits(t, dir, 0, "upgrade", "--continue")
	out := exits(t, dir, 5, "undo")
	if !strings.Contains(out, "README.md") || !strings.Contains(out, "index.html") || strings.Contains(out, "main.go") {
		t.Errorf("two files were edited:\n%s", out)
	}
	exits(t, dir, 0, "undo", "--force")
	sameFiles(t, before, withoutLocal(readAll(t, dir)))
	kept, err := filepath.Glob(filepath.Join(dir, ".wsgen", "local", "trash", "*", "README.md"))
	if err != nil || len(kept) != 1 {
		t.Errorf("in the trash: %q, %v", kept, err)
	}
}

// A project may stand anywhere, and be reached through a link.
func TestUpgradeInOddPlaces(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "Büro und Co", "проект")
	_, files := frozen(t, "project.txtar")
	writeTree(t, folder, files)
	link := filepath.Join(t.TempDir(), "a link")
	if err := os.Symlink(folder, link); err != nil {
		lacking(t, "there are no symbolic links: "+err.Error())
	}
	exits(t, link, 0, "upgrade")
	inStep(t, folder)
	sameFiles(t, readTree(t, emitProject(t, project{"updater", []string{"new", "project", "--spec", specOf(t, files)}})), readTree(t, folder))
}

// A file that git has left half merged is not merged into once more, and neither is one whose base is lost.
func TestUpgradeOfWhatCannotBeMerged(t *testing.T) {
	dir := editedProject(t)
	makefile := append(readFile(t, dir, "Makefile"), "<<<<<<< HEAD\na:\n=======\nb:\n>>>>>>> other\n"...)
	overwrite(t, dir, "Makefile", makefile)
	before := readAll(t, dir)
	if out := exits(t, dir, 5, "upgrade"); !strings.Contains(out, "Makefile: holds the two sides of a merge") {
		t.Errorf("it does not say what is in the way:\n%s", out)
	}
	sameFiles(t, before, readAll(t, dir))

	dir = oldProject(t)
	overwrite(t, dir, "Makefile", append(readFile(t, dir, "Makefile"), "# ours\n"...))
	if err := os.Remove(filepath.Join(dir, basePath("Makefile"))); err != nil {
		t.Fatal(err)
	}
	ours := readFile(t, dir, "Makefile")
	out := exits(t, dir, 0, "upgrade")
	if !strings.Contains(out, ".wsgen/base/Makefile is lost") || !bytes.Equal(readFile(t, dir, "Makefile"), ours) {
		t.Errorf("a file without a base:\n%s", out)
	}
	exits(t, dir, 4, "upgrade", "--check")
	_, files := frozen(t, "project.txtar")
	overwrite(t, dir, basePath("Makefile"), files[basePath("Makefile")])
	exits(t, dir, 0, "upgrade")
	if text := string(readFile(t, dir, "Makefile")); !strings.Contains(text, "# ours") || !strings.Contains(text, "make check: wsgen is not in the PATH") {
		t.Errorf("with its base it is\n%s", text)
	}
	inStep(t, dir)
}
