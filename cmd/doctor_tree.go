package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

// What wsgen keeps in a project, beside the manifest.
const (
	baseFolder  = wsgenFolder + "/base"
	localFolder = wsgenFolder + "/local"
	trashFolder = localFolder + "/trash"
)

// restore is the way out of records that are gone or changed: version control has them.
const restore = "bring it back from version control"

// lookAtLinks looks for links where wsgen keeps its own: it follows none there.
func (e *examination) lookAtLinks(context.Context) error {
	const name = "links"
	clean := true
	for _, p := range []string{wsgenFolder, emit.ManifestPath, baseFolder, localFolder, localFolder + "/lock", localFolder + "/run", trashFolder} {
		info, err := os.Lstat(filepath.Join(e.dir, filepath.FromSlash(p)))
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			e.illAt(name, p, "put what it leads to in its place", "a symbolic link stands where wsgen keeps its own")
			clean = false
		}
	}
	if clean {
		e.well(name, "none where wsgen keeps its own")
	}
	return nil
}

// lookAtRecords looks at what wsgen recorded: the manifest, the journal, the lock, an upgrade, the bases.
func (e *examination) lookAtRecords(context.Context) error {
	const name = "manifest"
	tree, err := emit.Open(e.dir)
	var newer *emit.FormatError
	var foreign *emit.PathError
	switch {
	case errors.As(err, &newer):
		e.illAt(name, emit.ManifestPath, wayOutOfNewer, "%s", unknownFormat(newer))
		return nil
	case errors.As(err, &foreign):
		e.illAt(name, foreign.Path, restore, "%s", foreign.Why)
		return nil
	case err != nil:
		e.illAt(name, wsgenFolder, "see to whom it belongs (ls -l)", "what wsgen recorded cannot be read: %v", err)
		return nil
	}
	e.lookAtRuns(tree)
	e.lookAtUpgrade(tree)
	ops, err := tree.Verify()
	if err != nil {
		e.illAt(name, wsgenFolder, "see to whom it belongs (ls -l)", "the project cannot be compared with what wsgen recorded: %v", err)
		return nil
	}
	whole := true
	for _, op := range ops {
		if op.Path == emit.ManifestPath {
			e.illAt(name, op.Path, op.Fix, "%s", op.Reason)
			whole = false
		}
	}
	if isNewer(tree.Recorded()) {
		e.illAt(name, emit.ManifestPath, wayOutOfNewer, "%s", writtenBy(tree.Recorded()))
		whole = false
	}
	if whole {
		e.well(name, "whole, and written by wsgen %s", tree.Recorded())
	}
	return e.lookAtBases(tree)
}

// lookAtRuns looks for a run that is at work, or that did not end.
func (e *examination) lookAtRuns(tree *emit.Tree) {
	held, holder, err := tree.Locked()
	run := tree.Interrupted()
	switch {
	case err == nil && held:
		if holder == "" {
			holder = "another run of wsgen"
		}
		e.illAt("lock", localFolder, "wait until it has ended; where it hangs, end it: the system takes the lock back from a process that dies",
			"%s is writing to the project", holder)
	case run != nil:
		f := interruption(run)[0]
		e.illAt("journal", f.Path, f.WayOut, "%s", f.Fact)
	default:
		e.well("journal", "no run is at work, and every run has ended")
	}
}

// lookAtUpgrade looks for an upgrade that waits for the user.
func (e *examination) lookAtUpgrade(tree *emit.Tree) {
	found, err := unfinishedUpgrade(tree)
	if err != nil {
		e.illAt("upgrade", wsgenFolder, "see to whom the files belong (ls -l)", "files of yours cannot be read: %v", err)
		return
	}
	for _, f := range found {
		e.illAt("upgrade", f.Path, f.WayOut, "%s", f.Fact)
	}
	if len(found) == 0 {
		e.well("upgrade", "none is in progress")
	}
}

// lookAtBases looks at the texts that an upgrade merges from.
func (e *examination) lookAtBases(tree *emit.Tree) error {
	const name = "base"
	faults, err := tree.Bases()
	if err != nil {
		e.illAt(name, baseFolder, "see to whom it belongs (ls -l)", "the texts that an upgrade merges from cannot be read: %v", err)
		return nil
	}
	for _, f := range faults {
		e.illAt(name, f.Base, restore+": without it an upgrade cannot merge into "+f.Path, "what wsgen wrote as %s %s", f.Path, f.Why)
	}
	if len(faults) == 0 {
		e.well(name, "every file of yours has the text that wsgen wrote last")
	}
	return nil
}

// What of a trash is worth a word: so many bytes, or so many runs.
const (
	muchTrash = 16 << 20
	manyRuns  = 50
)

// lookAtTrash looks how much the texts take that --force replaced.
func (e *examination) lookAtTrash(ctx context.Context) error {
	const name = "trash"
	var size int64
	runs := 0
	root := filepath.Join(e.dir, filepath.FromSlash(trashFolder))
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if filepath.Dir(p) == root {
			runs++
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return ctx.Err()
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		e.well(name, "empty")
	case err != nil:
		e.illAt(name, trashFolder, "see to whom it belongs (ls -l)", "it cannot be looked into: %s", bare(err))
	case size > muchTrash || runs > manyRuns:
		e.illAt(name, trashFolder, "see what you still want of it, and delete the rest: wsgen never does",
			"it has grown to %s in %s of what was replaced", mebibytes(uint64(size)), counted(runs, "folder"))
	default:
		e.well(name, "%s in %s", mebibytes(uint64(size)), counted(runs, "folder"))
	}
	return nil
}

// lookAtModule looks whether the go command can work with the module as it is.
func (e *examination) lookAtModule(context.Context) error {
	const name = "module"
	s := &site{app: e.app, dir: e.dir}
	mod, err := s.readMod(filepath.Join(e.dir, "go.mod"))
	switch {
	case err != nil:
		e.illAt(name, "go.mod", "mend it", "%s", strings.TrimPrefix(factOf(err), e.in("go.mod")+": "))
		return nil
	case mod == nil:
		return nil // check says that it is missing
	}
	s.mod = mod
	e.lookAtDirectives(mod)
	if s.vendored() {
		if missing := s.notVendored(); missing != "" {
			e.illAt(name, "vendor", "go mod vendor", "it lacks %s, which go.mod requires: the go command refuses to build", missing)
		}
	}
	if err := s.findWorkspace(); err != nil {
		e.ill(name, "mend it, or set GOWORK=off", "%s", factOf(err))
	} else if s.workspace != "" && !s.listed {
		e.ill(name, enter(e.shown(e.dir))+"go work use .; or set GOWORK=off",
			"%s: the workspace does not name %s, and so the go command refuses to work there", e.shown(s.workspace), e.shown(e.dir))
	}
	e.lookAtRequirements(s)
	return nil
}

// lookAtRequirements looks for requirements that are older than what the service is built with.
func (e *examination) lookAtRequirements(s *site) {
	const name = "module"
	found, err := s.modules(nil, e.files, nil)
	if err != nil {
		return // told where it is rendered
	}
	for _, f := range found {
		e.illAt(name, f.Path, strings.TrimPrefix(f.WayOut, "raise it: "), "%s", f.Fact)
	}
	for _, module := range s.unhashed {
		e.illAt(name, "go.sum", "go mod tidy", "it has no hash of %s, which the service needs", module)
	}
	if len(found)+len(s.unhashed) == 0 {
		e.well(name, "%s has what the service needs", e.in("go.mod"))
	}
}

// notVendored returns the first requirement that the folder vendor does not list, or "".
func (s *site) notVendored() string {
	text, err := readRegular(filepath.Join(s.dir, "vendor", "modules.txt"))
	if err != nil {
		return ""
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) >= 3 && fields[0] == "#" && semver.IsValid(fields[2]) {
			listed[fields[1]] = fields[2]
		}
	}
	for _, r := range s.mod.Require {
		if listed[r.Mod.Path] == "" && !r.Indirect {
			return r.Mod.Path
		}
	}
	return ""
}

// factOf returns an error without its way out.
func factOf(err error) string {
	var p *problem
	if errors.As(err, &p) {
		return p.fact
	}
	return err.Error()
}

// lookAtCase looks for names that are two on this file system, and one on one that does not tell capitals from small letters.
func (e *examination) lookAtCase(context.Context) error {
	const name = "case"
	clean := true
	folders := map[string]map[string]string{} // of each folder: its names, by how such a file system compares them
	for _, f := range e.files {
		for p := f.Path; p != "."; p = path.Dir(p) {
			dir := path.Dir(p)
			if folders[dir] == nil {
				folders[dir] = e.otherNames(dir, e.files)
			}
			if other := folders[dir][strings.ToLower(path.Base(p))]; other != "" {
				e.illAt(name, path.Join(dir, other), "rename it", "on a file system that does not tell capitals from small letters it is %s", p)
				clean = false
			}
		}
	}
	if clean && len(e.files) > 0 {
		e.well(name, "no file has the name of one of wsgen's in other letters")
	}
	return nil
}

// otherNames returns the names in a folder of the project that none of the files has, by their small letters.
func (e *examination) otherNames(dir string, files []render.File) map[string]string {
	ours := map[string]bool{}
	for _, f := range files {
		for p := f.Path; p != "."; p = path.Dir(p) {
			if path.Dir(p) == dir {
				ours[path.Base(p)] = true
			}
		}
	}
	others := map[string]string{}
	for _, entry := range entriesOf(filepath.Join(e.dir, filepath.FromSlash(dir))) {
		if !ours[entry.Name()] {
			others[strings.ToLower(entry.Name())] = entry.Name()
		}
	}
	return others
}

// lookAtPlaces looks for places of the project that this user may not read or change.
func (e *examination) lookAtPlaces(ctx context.Context) error {
	const name = "rights"
	const wayOut = "see to whom it belongs (ls -ld), and whether the file system is read-only"
	before := len(e.found)
	folders := map[string]bool{".": true, wsgenFolder: true}
	for _, f := range e.files {
		folders[path.Dir(f.Path)] = true
		e.lookAtFile(f.Path)
	}
	err := filepath.WalkDir(filepath.Join(e.dir, wsgenFolder), func(p string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(e.dir, p)
		switch {
		case relErr != nil:
			return relErr
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			e.illAt(name, filepath.ToSlash(rel), wayOut, "it may not be read: %s", bare(err))
			return fs.SkipDir
		case err != nil:
			return nil
		case d.IsDir():
			folders[filepath.ToSlash(rel)] = true
		default:
			e.lookAtFile(filepath.ToSlash(rel))
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("looking at %s: %w", wsgenFolder, err)
	}
	e.lookAtFolders(slices.Sorted(maps.Keys(folders)), wayOut)
	if len(e.found) == before {
		e.well(name, "the project may be read and written")
	}
	return nil
}

// lookAtFolders looks whether the folders may be written: the first that may not stands for all.
func (e *examination) lookAtFolders(folders []string, wayOut string) {
	first, others := checkup{}, 0
	for _, folder := range folders {
		full := filepath.Join(e.dir, filepath.FromSlash(folder))
		if info, err := os.Lstat(full); err != nil || !info.IsDir() {
			continue
		}
		err := mayWrite(full)
		switch {
		case err == nil:
		case first.Fact == "":
			first = checkup{Name: "rights", Path: e.in(folder), Fact: "it may not be written: " + err.Error(), WayOut: wayOut}
		default:
			others++
		}
	}
	if others > 0 {
		first.Fact += fmt.Sprintf(" (and so %s more)", counted(others, "folder"))
	}
	if first.Fact != "" {
		e.found = append(e.found, first)
	}
}

// lookAtFile looks whether a file may be read; where there is none, nothing is wrong with it.
func (e *examination) lookAtFile(p string) {
	full := filepath.Join(e.dir, filepath.FromSlash(p))
	if info, err := os.Lstat(full); err != nil || !info.Mode().IsRegular() {
		return
	}
	if err := mayRead(full); err != nil {
		e.illAt("rights", p, "see to whom it belongs (ls -l)", "it may not be read: %s", bare(err))
	}
}
