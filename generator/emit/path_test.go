package emit

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"wsgen/generator/render"
)

// badPaths must not be written on any system.
func badPaths() []string {
	return []string{
		"", "/", "/etc/x", "..", "../x", "a/../../x", "a/..", "./a", "a/./b", ".", "a//b", "a/", `a\b`, `..\x`, `C:\x`, "C:x", "a:b",
		"nul", "CON", "con.go", "consumers/aux", "lpt1.txt", "com¹", "CONIN$", "a/NUL .txt", "x.", "x ", " x", "a\x00b", "a\nb", "a\x7fb",
		"a\u202eb", ".git\u200c/config", "na\xffme", ".git/hooks/pre-commit", ".GIT/config", "sub/.git/config", "git~1/config",
		"a*", "a?", `a"`, "a<b", "a|b", strings.Repeat("x", 256),
	}
}

func TestBadPathsAreRefused(t *testing.T) {
	for _, p := range append(badPaths(), ManifestPath, ".wsgen/base/x", ".wsgen/local/lock", ".WSGEN/local/x", ".wsgen/local", ".wsgen/base") {
		if err := checkFiles([]render.File{gen("ok", ""), gen(p, "x")}); err == nil {
			t.Errorf("%q was taken", p)
		}
	}
	for _, p := range []string{"a", "consumers/chat_consumer.go", ".gitignore", ".github/workflows/ci.yml", ".wsgen/schema.json",
		"com10", "console.go", "naïve.go", "a b", strings.Repeat("x", 255), "git~2", "null"} {
		if err := checkFiles([]render.File{gen(p, "x")}); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func TestFilesInEachOthersWayAreRefused(t *testing.T) {
	for _, paths := range [][]string{{"a", "a"}, {"Makefile", "makefile"}, {"a", "a/b"}, {"x/y/z", "X/Y"}, {"ſ", "s"}} {
		var files []render.File
		for _, p := range paths {
			files = append(files, gen(p, p))
		}
		if err := checkFiles(files); err == nil {
			t.Errorf("%q were taken", paths)
		}
	}
}

func TestAllBadPathsAreReportedAtOnce(t *testing.T) {
	err := checkFiles([]render.File{gen("../x", ""), gen("/y", ""), gen("z", ""), gen("Z", "")})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{`"../x"`, `"/y"`, `"Z"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in: %v", want, err)
		}
	}
}

func TestBasePathIsInvertible(t *testing.T) {
	for _, p := range []string{"main.go", ".gitignore", ".gitattributes", "a/.gitignore", ".github/workflows/ci.yml"} {
		base := basePath(p)
		if strings.HasPrefix(path.Base(base), ".git") {
			t.Errorf("git would act upon %s", base)
		}
		if back := fromBase(strings.TrimPrefix(base, baseDir+"/")); back != p {
			t.Errorf("%s comes back as %s", p, back)
		}
	}
}

// FuzzContainment writes to any path and then looks outside the project, at .git and at what wsgen keeps for itself.
func FuzzContainment(f *testing.F) {
	for _, p := range badPaths() {
		f.Add(p)
	}
	f.Add("link/x")
	f.Add("a/b/c.go")
	f.Fuzz(func(t *testing.T, p string) {
		outer := t.TempDir()
		dir := filepath.Join(outer, "updater")
		if err := os.MkdirAll(filepath.Join(dir, ".git"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("..", filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		write(t, dir, ManifestPath, "{\"format\":1,\"files\":[{}]}\n")
		tree := open(t, dir)
		plan, err := tree.Plan([]render.File{gen(p, "x")}, Options{})
		if err == nil {
			err = tree.Apply(t.Context(), plan)
		}
		outside := snapshot(t, outer)
		for file := range outside {
			inside, ok := strings.CutPrefix(file, "updater/")
			if !ok && file != "updater/" || strings.HasPrefix(inside, ".git/") && inside != ".git/" {
				t.Errorf("%q wrote %q", p, file)
			}
		}
		if err == nil && !there(dir, p) {
			t.Errorf("%q was not written, and nothing said so", p)
		}
	})
}
