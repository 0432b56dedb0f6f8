package golden

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// oldVersion is the wsgen that wrote the frozen project.
const oldVersion = "0.1.0"

// frozen reads one of the archives of cmd/testdata/upgrade: a comment and the files.
func frozen(t *testing.T, name string) (comment string, files tree) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("..", "cmd", "testdata", "upgrade", name))
	if err != nil {
		t.Fatal(err)
	}
	files = make(tree, len(archive.Files))
	for _, f := range archive.Files {
		files[f.Name] = f.Data
	}
	return string(archive.Comment), files
}

// oldProject unpacks the project as an older wsgen wrote it, untouched, and returns its folder.
func oldProject(t *testing.T) string {
	t.Helper()
	_, files := frozen(t, "project.txtar")
	dir := filepath.Join(t.TempDir(), "updater")
	writeTree(t, dir, files)
	return dir
}

// editedProject unpacks the project as its team has changed it since, and returns its folder. One file has a mode of its own.
func editedProject(t *testing.T) string {
	t.Helper()
	dir := oldProject(t)
	comment, files := frozen(t, "edits.txtar")
	for path, text := range files {
		overwrite(t, dir, path, text)
	}
	for line := range strings.Lines(comment) {
		switch word, path, _ := strings.Cut(strings.TrimSpace(line), " "); word {
		case "delete":
			if err := os.Remove(filepath.Join(dir, path)); err != nil {
				t.Fatal(err)
			}
		case "crlf":
			overwrite(t, dir, path, bytes.ReplaceAll(readFile(t, dir, path), []byte("\n"), []byte("\r\n")))
		}
	}
	return dir
}

// overwrite gives a file of the project a text; it is made where it is missing.
func overwrite(t *testing.T, dir, path string, text []byte) {
	t.Helper()
	name := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, dir, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// recordedHashes reads the manifest: of each file that wsgen wrote whole, the hash of what it wrote.
func recordedHashes(t *testing.T, dir string) (version string, hashes map[string]string) {
	t.Helper()
	var manifest struct {
		Wsgen string
		Files []struct{ Path, SHA256 string }
	}
	if err := json.Unmarshal(readFile(t, dir, ".wsgen/manifest.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	hashes = make(map[string]string)
	for _, f := range manifest.Files {
		if f.SHA256 != "" {
			hashes[f.Path] = f.SHA256
		}
	}
	return manifest.Wsgen, hashes
}

func sha(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// basePath is where the pristine text of a file is kept.
func basePath(path string) string {
	if dir, name := filepath.Split(path); strings.HasPrefix(name, ".git") {
		path = dir + "_" + name
	}
	return ".wsgen/base/" + path
}

// buildsAndPasses holds the project in dir to what its team holds it to, with no network.
func buildsAndPasses(t *testing.T, dir string) {
	t.Helper()
	env := append(goEnv(), "GOFLAGS=-mod=readonly -trimpath") // without the folder's name, so that builds are shared
	fetch(t, dir)
	run(t, dir, env, "go", "build", "-o", os.DevNull, ".")
	run(t, dir, env, "go", "vet", "./...")
	if out := run(t, dir, env, "go", "test", "-count=1", "./..."); !strings.Contains(out, "ok  \t") {
		t.Errorf("no test ran:\n%s", out)
	}
}

// The frozen project is what it says: one that an older version wrote, with which its team could work. The manifest knows each
// text, and the base holds those of the user's files.
func TestFrozenProject(t *testing.T) {
	dir := oldProject(t)
	version, hashes := recordedHashes(t, dir)
	if version != oldVersion {
		t.Errorf("the project was written by wsgen %q", version)
	}
	bases := 0
	for path, hash := range hashes {
		if text := readFile(t, dir, path); sha(text) != hash {
			t.Errorf("%s is not what the manifest says", path)
		} else if base, err := os.ReadFile(filepath.Join(dir, basePath(path))); err == nil {
			bases++
			if !bytes.Equal(base, text) {
				t.Errorf("%s and its base differ", path)
			}
		}
	}
	if bases < 10 {
		t.Errorf("there are only %d files with a base", bases)
	}
	buildsAndPasses(t, dir)
	buildsAndPasses(t, editedProject(t))
}
