package emit

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsgen/generator/render"
)

// TestUndoIsTheInverse of every operation: on random projects that users have been at.
func TestUndoIsTheInverse(t *testing.T) {
	t.Parallel()
	const projects, inARow = 40, 3
	applied := 0
	for seed := range uint64(projects) {
		r := rand.New(rand.NewPCG(seed, 0))
		dir := project(t, randomFiles(r))
		disturb(t, r, dir)
		states := []map[string]string{exact(t, dir)}
		for range inARow {
			files := randomFiles(r)
			_, err := generate(t, dir, files, Options{Force: true, Command: "generate", Edits: randomEdits(r, files)})
			var conflict *ConflictError
			if err != nil && !errors.As(err, &conflict) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if got := exact(t, dir); len(history(t, dir)) == len(states) {
				states = append(states, got)
			} else {
				mustEqual(t, got, states[len(states)-1]) // there was nothing to do, or something in the way
			}
		}
		applied += len(states) - 1
		for _, want := range slices.Backward(states[:len(states)-1]) {
			mustUndo(t, dir)
			mustEqual(t, exact(t, dir), want)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if applied < projects*inARow/2 {
		t.Errorf("only %d operations were carried out", applied)
	}
}

// randomPaths are those of the random projects; the owner of each is its own.
var randomPaths = map[string]render.Owner{
	"a_gen.go": render.Generated, "x/a_gen.go": render.Generated, "x/y/a_gen.go": render.Generated, "x/y/b_gen.go": render.Generated,
	"client/index.js": render.Generated, "x/mine.go": render.Yours, "own/mine.go": render.Yours, "go.mod": render.Spliced, "empty": render.Generated,
}

// randomFiles is what a random spec asks for.
func randomFiles(r *rand.Rand) []render.File {
	var files []render.File
	for _, p := range slices.Sorted(maps.Keys(randomPaths)) {
		text := []string{"", "one\n", "two\n", "two\r\n"}[r.IntN(4)]
		switch owner := randomPaths[p]; {
		case r.IntN(3) == 0:
		case owner == render.Generated:
			files = append(files, gen(p, text))
		case owner == render.Yours:
			f := own(p, text)
			f.Needed = r.IntN(2) == 0
			files = append(files, f)
		default:
			files = append(files, splice(p, strings.TrimSpace(text)))
		}
	}
	return files
}

// randomEdits moves, rewrites or removes a file of the user's that the spec does not ask for.
func randomEdits(r *rand.Rand, files []render.File) []Edit {
	const from, to = "own/mine.go", "own/deep/moved.go"
	if slices.ContainsFunc(files, func(f render.File) bool { return f.Path == from }) {
		return nil
	}
	rewrite := func(text []byte) ([]byte, error) { return append(slices.Clone(text), "rewritten\n"...), nil }
	return [][]Edit{
		nil, {{Path: from}}, {{Path: from, To: to, Rewrite: rewrite}}, {{Path: to, To: from}}, {{Path: from, To: from, Rewrite: rewrite}},
	}[r.IntN(5)]
}

// disturb does to a project what users do.
func disturb(t *testing.T, r *rand.Rand, dir string) {
	paths := slices.Sorted(maps.Keys(randomPaths))
	for range r.IntN(6) {
		p := paths[r.IntN(len(paths))]
		switch r.IntN(6) {
		case 0:
			write(t, dir, p, "mine\r\n")
		case 1:
			remove(t, dir, p)
		case 2:
			write(t, dir, filepath.ToSlash(filepath.Dir(p))+"/beside.txt", "mine\n")
		case 3:
			if there(dir, p) {
				chmod(t, dir, p, []os.FileMode{0o600, 0o755, 0o640, 0o444}[r.IntN(4)])
			}
		case 4:
			if folder := filepath.Dir(p); folder != "." && there(dir, folder) {
				chmod(t, dir, folder, []os.FileMode{0o700, 0o755, 0o775}[r.IntN(3)])
			}
		case 5:
			remove(t, dir, filepath.Dir(p)+"/beside.txt")
		}
	}
}
