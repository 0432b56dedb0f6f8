//go:build unix

package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// unpackUpgrade writes the project of testdata/upgrade, as an older wsgen wrote it and its team has edited it since, into a folder
// of the test and returns that.
func unpackUpgrade(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "updater")
	for _, name := range []string{"project.txtar", "edits.txtar"} {
		archive, err := txtar.ParseFile(filepath.Join("testdata", "upgrade", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			path := filepath.Join(dir, filepath.FromSlash(f.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// TestKillUpgrade kills `wsgen upgrade` in a loop, in a project where it leaves conflicts: every file is old or new and whole, and
// the next command finishes the run or rolls it back, says which, and leaves a project that can be finished or taken back.
func TestKillUpgrade(t *testing.T) {
	pristine, before, after := unpackUpgrade(t), unpackUpgrade(t), unpackUpgrade(t)
	prepare := func() string {
		dir := filepath.Join(t.TempDir(), "updater")
		if err := os.CopyFS(dir, os.DirFS(pristine)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	if out, code := runFor(t, after, "upgrade"); code != exitConflict {
		t.Fatalf("upgrade exits with %d\n%s", code, out)
	}
	span := lasts(func() { runFor(t, prepare(), "upgrade") })
	seen := map[string]int{}
	for i := range kills() {
		dir := prepare()
		c := wsgen(t, dir, "upgrade")
		if i%2 == 0 {
			killAfter(t, c, span)
		} else {
			killWriting(t, c, filepath.Join(dir, ".wsgen", "local"), span/4)
		}
		eachIs(t, dir, before, after)
		out, code := runFor(t, dir, "upgrade")
		switch {
		case code == exitConflict: // it began anew
			seen["anew"]++
		case code == exitGuard && strings.Contains(out, "upgrade --continue"):
			seen["finished"]++
		default:
			t.Fatalf("the next upgrade exits with %d\n%s", code, out)
		}
		if strings.Contains(out, "recovered: ") {
			seen["recovered"]++
		}
		eachIs(t, dir, after)
		mustRun(t, dir, "upgrade", "--abort")
		eachIs(t, dir, before)
		same(t, before, dir, ".wsgen/manifest.json")
		same(t, before, dir, ".wsgen/base/README.md")
	}
	t.Logf("of %d kills: %v", kills(), seen)
}

// TestKillUpgradeAbort kills `wsgen upgrade --abort` in a loop: the files are those of the upgrade or those of before, and the same
// command brings the project back.
func TestKillUpgradeAbort(t *testing.T) {
	before, after := unpackUpgrade(t), unpackUpgrade(t)
	if out, code := runFor(t, after, "upgrade"); code != exitConflict {
		t.Fatalf("upgrade exits with %d\n%s", code, out)
	}
	prepare := func() string {
		dir := filepath.Join(t.TempDir(), "updater")
		if err := os.CopyFS(dir, os.DirFS(after)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	span := lasts(func() { mustRun(t, prepare(), "upgrade", "--abort") })
	seen := map[string]int{}
	for range kills() {
		dir := prepare()
		killAfter(t, wsgen(t, dir, "upgrade", "--abort"), span)
		eachIs(t, dir, before, after)
		out, code := runFor(t, dir, "upgrade", "--abort")
		switch {
		case code == exitDone:
			seen["taken back"]++
		case code == exitUsage && strings.Contains(out, "no upgrade is in progress"):
			seen["was back already"]++
		default:
			t.Fatalf("the next --abort exits with %d\n%s", code, out)
		}
		if strings.Contains(out, "recovered: ") {
			seen["recovered"]++
		}
		eachIs(t, dir, before)
		same(t, before, dir, ".wsgen/manifest.json")
	}
	t.Logf("of %d kills: %v", kills(), seen)
}

// lasts returns somewhat more than f takes, so that moments can be spread over all of it.
func lasts(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start) * 5 / 4
}

// same fails unless a file is byte for byte the same in both projects.
func same(t *testing.T, want, got, path string) {
	t.Helper()
	if a, b := read(t, filepath.Join(want, path)), read(t, filepath.Join(got, path)); a != b {
		t.Fatalf("%s is\n%s\nwant\n%s", path, b, a)
	}
}
