package golden

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"

	"wsgen/cmd"
)

var update = flag.Bool("update", false, "write the golden projects again")

// project is one golden project and the command that makes it.
type project struct {
	name string
	args []string // of wsgen, but for the folder
}

// projects lists them. Every folder beside this file that holds a go.mod has to be one.
func projects() []project {
	return []project{
		{"minimal", []string{"new", "project", "minimal"}},
		{"mixed", []string{"new", "project", "--spec", filepath.Join("mixed", "wsgen.yaml")}},
		{"updater", []string{"new", "project", "updater", "--example", "updates"}},
		{"session_redis", []string{"new", "project", "--spec", filepath.Join("session_redis", "wsgen.yaml")}},
		{"jwt_nats", []string{"new", "project", "--spec", filepath.Join("jwt_nats", "wsgen.yaml")}},
	}
}

// stubs lists the projects whose consumers are as wsgen makes them: each echoes what it is sent.
func stubs() []project {
	return slices.DeleteFunc(projects(), func(p project) bool { return p.name == "updater" })
}

func TestEveryGoldenProjectIsListed(t *testing.T) {
	mods, err := filepath.Glob("*/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for _, m := range mods {
		have = append(have, filepath.Dir(m))
	}
	for _, p := range projects() {
		want = append(want, p.name)
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the folders are %q, the projects %q", have, want)
	}
}

func TestGolden(t *testing.T) {
	for _, p := range projects() {
		t.Run(p.name, func(t *testing.T) {
			emitted := readTree(t, emitProject(t, p))
			if *update {
				writeTree(t, p.name, emitted)
				return
			}
			compareTrees(t, p.name, readTracked(t, p.name), emitted)
		})
	}
}

// A golden project is also one that wsgen finds nothing to do in.
func TestGoldenIsInStep(t *testing.T) {
	for _, p := range projects() {
		if code, out := wsgen("-C", p.name, "check"); code != 0 {
			t.Errorf("check of %s exits %d:\n%s", p.name, code, out)
		}
	}
}

// wsgen runs a command line in this process and returns its exit code and all that it printed.
func wsgen(args ...string) (int, string) {
	var out bytes.Buffer
	code := cmd.Main(append(args, "--no-input"), strings.NewReader(""), &out, &out)
	return code, out.String()
}

// emitProject makes the project in a folder of the test and returns the folder.
func emitProject(t *testing.T, p project) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), p.name)
	if code, out := wsgen(append(slices.Clone(p.args), "--dir", dir)...); code != 0 {
		t.Fatalf("wsgen %s exits %d:\n%s", strings.Join(p.args, " "), code, out)
	}
	return dir
}

// tree is the files of a project by their slash-separated path.
type tree map[string][]byte

// local reports whether a path belongs to the machine and not to the project: .wsgen/local is ignored by git.
func local(path string) bool { return strings.HasPrefix(path, ".wsgen/local/") }

// readTree reads every file below dir.
func readTree(t *testing.T, dir string) tree {
	t.Helper()
	files := make(tree)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); local(rel) {
			return nil
		}
		files[rel], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// readTracked reads the files below dir that git tracks: a golden file that the project's own .gitignore keeps out of the
// repository would be there for its author alone. Outside a repository it reads them all.
func readTracked(t *testing.T, dir string) tree {
	t.Helper()
	all := readTree(t, dir)
	if _, err := os.Stat(filepath.Join("..", ".git")); errors.Is(err, fs.ErrNotExist) {
		return all
	}
	git, err := exec.LookPath("git")
	if err != nil {
		return all
	}
	list := exec.CommandContext(context.Background(), git, "ls-files", "-z", "--", ".")
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	tracked := make(map[string]bool)
	for name := range strings.SplitSeq(string(out), "\x00") {
		tracked[name] = true
	}
	for name := range all {
		if !tracked[name] {
			t.Errorf("git does not track golden/%s/%s: git add -f golden/%s", dir, name, dir)
		}
	}
	return all
}

// compareTrees reports every file that is missing, unexpected or different.
func compareTrees(t *testing.T, name string, want, got tree) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(got)) {
		old, ok := want[path]
		switch {
		case !ok:
			t.Errorf("golden/%s/%s is missing: wsgen emits it", name, path)
		case !bytes.Equal(old, got[path]):
			t.Errorf("golden/%s/%s differs from what wsgen emits:\n%s", name, path,
				udiff.Unified("golden", "emitted", string(old), string(got[path])))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[path]; !ok {
			t.Errorf("golden/%s/%s is not expected: wsgen does not emit it", name, path)
		}
	}
	if t.Failed() {
		t.Log("if the change of output is meant: go test ./golden -run TestGolden -update")
	}
}

// writeTree makes the folder hold the files of the tree and no others.
func writeTree(t *testing.T, dir string, files tree) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for path := range readTree(t, dir) {
		if _, ok := files[path]; !ok {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for path, text := range files {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
