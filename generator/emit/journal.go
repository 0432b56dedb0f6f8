package emit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// The staging folder of a run, and what stands in it. A run goes through these states, each entered by one rename:
//
//	runDir without a record     staging; no file of the project has changed; recovery clears it away
//	runDir with redoRecord      committed; recovery finishes it, or, where it cannot, goes on to
//	runDir with undoRecord      rolling back; recovery rolls it back
//	doneDir                     ended; a leftover to be removed
//	a folder of historyDir      finished, and to be taken back at any time
const (
	runDir     = localDir + "/run"
	doneDir    = localDir + "/done"
	redoRecord = runDir + "/redo.json"
	undoRecord = runDir + "/undo.json"
	trashDir   = localDir + "/trash"
)

// notAFile is what stands for a hash where something else than a file does.
const notAFile = "not a file"

// step is one change of one file. The texts before and after it are staged, so that it can be done, done again and undone.
type step struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"` // hash of the bytes before; "" where there is no file
	New  string `json:"new,omitempty"` // hash of the bytes after; "" where there is no file
	Own  bool   `json:"own,omitempty"` // a record of wsgen's own, which messages do not count
}

// journal is the record of a run: written whole before the first change.
type journal struct {
	Command string   `json:"command,omitempty"` // how the history calls the run; "" keeps it out of there
	Steps   []step   `json:"steps"`             // the manifest last
	Dirs    []string `json:"dirs"`              // folders that are made on the way, outermost first
	// Modes are the permissions of folders that go when their last file does, for their return.
	Modes map[string]fs.FileMode `json:"modes,omitempty"`

	// A run that takes back an operation of the history:
	Drops int      `json:"drops,omitempty"` // its number
	Clear []string `json:"clear,omitempty"` // the folders that it made, which go if they are empty, outermost first
}

// stagedNew and stagedOld are where the texts of step i are staged.
func stagedNew(i int) string { return runDir + "/new-" + strconv.Itoa(i) }
func stagedOld(i int) string { return runDir + "/old-" + strconv.Itoa(i) }

// findRun looks for a run that has begun and not ended.
func findRun(root *os.Root, dir string) (*Interrupted, error) {
	if _, err := root.Lstat(runDir); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	run := &Interrupted{Dir: dir}
	run.Running, run.Holder = lockedBy(root, dir)
	for _, record := range []string{redoRecord, undoRecord} {
		if _, err := root.Lstat(record); err == nil {
			run.Committed = true
		}
	}
	return run, nil
}

// commit makes the journal valid: from here on the run is finished, or rolled back.
func (d *disk) commit(j journal) error {
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	const unnamed = runDir + "/record"
	if err := d.create(unnamed, text, 0o644); err != nil {
		return err
	}
	return d.rename(unnamed, redoRecord)
}

// readJournal reads the record of a run.
func (d *disk) readJournal(record string) (journal, error) {
	text, err := readOwn(d.root, record)
	if err != nil {
		return journal{}, err
	}
	j, err := decodeJournal(text)
	if err != nil {
		return journal{}, &PathError{record, fmt.Sprintf("not what wsgen recorded of a run (%v): see that the files of the project are as you want them, then remove the folder %s", err, runDir)}
	}
	return j, nil
}

// decodeJournal reads a journal's record, and trusts it no further than a plan: it may have come with the repository.
func decodeJournal(text []byte) (journal, error) {
	var j journal
	if err := json.Unmarshal(text, &j); err != nil {
		return journal{}, err
	}
	return j, j.check()
}

// check refuses a journal that names what no run of wsgen would change.
func (j journal) check() error {
	for _, p := range slices.Concat(j.Dirs, j.Clear, slices.Collect(maps.Keys(j.Modes))) {
		if err := checkPath(p); err != nil {
			return err
		}
	}
	seen := make(map[string]bool, len(j.Steps))
	for _, s := range j.Steps {
		if err := checkFile(s.Path); err != nil && !isRecord(s.Path) {
			return err
		}
		if seen[s.Path] {
			return &PathError{s.Path, "twice in one run"}
		}
		seen[s.Path] = true
	}
	if j.Drops < 0 || j.Drops > maxNumber {
		return fmt.Errorf("there is no operation %d", j.Drops)
	}
	return nil
}

// isRecord says whether a path is that of one of the records that a run keeps for wsgen itself.
func isRecord(p string) bool {
	return checkPath(p) == nil && (p == ManifestPath || p == statePath || strings.HasPrefix(p, baseDir+"/") || inTrash(p))
}

// inTrash says whether a path is the place of a text that was kept for the user. It stays there, whatever is undone.
func inTrash(p string) bool { return strings.HasPrefix(p, trashDir+"/") }

// redo carries out what is not done yet. A file that is neither as it was nor as it is to be was changed by the user since:
// it is left alone, and its path is returned.
func (d *disk) redo(j journal) (left []string, err error) {
	for _, dir := range j.Dirs {
		if err := d.mkdirAll(dir); err != nil {
			return nil, err
		}
	}
	for i, s := range j.Steps {
		mine, err := d.step(i, s.Path, s.Old, s.New, stagedNew(i))
		if err != nil {
			return nil, err
		}
		if !mine {
			left = append(left, s.Path)
		}
	}
	d.tidy(j)
	return left, d.restoreModes(j, j.Dirs)
}

// tidy removes the folders that the run leaves empty.
func (d *disk) tidy(j journal) {
	for _, dir := range slices.Backward(j.Clear) {
		d.removeEmpty(dir)
	}
	for _, s := range j.Steps {
		if s.New == "" && j.Drops == 0 { // what is undone leaves the folders that were there before it, empty or not
			d.prune(path.Dir(s.Path))
		}
	}
}

// restoreModes gives those of the folders that are there the permissions they had, where these are known.
func (d *disk) restoreModes(j journal, dirs []string) error {
	for _, dir := range dirs {
		mode, known := j.Modes[dir]
		info, err := d.root.Lstat(dir)
		switch {
		case !known, errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		case info.IsDir() && info.Mode().Perm() != mode.Perm():
			if err := d.chmod(dir, mode.Perm()); err != nil {
				return err
			}
		}
	}
	return nil
}

// undo is redo backwards.
func (d *disk) undo(j journal) (left []string, err error) {
	for i, s := range slices.Backward(j.Steps) {
		if s.Old != "" {
			if err := d.mkdirAll(path.Dir(s.Path)); err != nil { // it may have gone with its last file
				return nil, err
			}
		}
		mine, err := d.step(i, s.Path, s.New, s.Old, stagedOld(i))
		if err != nil {
			return nil, err
		}
		if !mine {
			left = append(left, s.Path)
		}
	}
	for _, dir := range slices.Backward(j.Dirs) {
		d.removeEmpty(dir)
	}
	return left, d.restoreModes(j, slices.Sorted(maps.Keys(j.Modes)))
}

// step brings one file from one state to another, and says whether it was found in one of the two.
func (d *disk) step(i int, p, from, to, staged string) (mine bool, err error) {
	now, err := d.hash(p)
	switch {
	case err != nil:
		return false, err
	case now == to:
		return true, nil
	case now != from:
		return false, nil
	case to == "":
		return true, d.remove(p)
	default:
		return true, d.put(staged, p, i)
	}
}

// prune removes the folders that the deletion of their last file left empty. Git does not keep empty folders either.
func (d *disk) prune(dir string) {
	for dir != "." && d.removeEmpty(dir) {
		dir = path.Dir(dir)
	}
}

// hash returns the hash of a file's bytes, "" where there is none, and [notAFile] where something else stands.
func (d *disk) hash(p string) (string, error) {
	info, err := d.root.Lstat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return notAFile, nil
	}
	text, err := d.root.ReadFile(p)
	if err != nil {
		return "", err
	}
	return hashBytes(text), nil
}

// conclude ends a run that was carried out. Whole says that no file had to be left alone.
func (d *disk) conclude(j journal, whole bool) error {
	if j.Drops != 0 && whole { // else what could not be put back yet must stay where it can be found
		if err := d.drop(j.Drops); err != nil {
			return err
		}
	}
	if j.Command == "" {
		return d.end()
	}
	return d.archive()
}

// end closes a run that the history does not keep, by one rename. What cannot be cleared away of it is git-ignored, and the
// next end takes it along.
func (d *disk) end() error {
	if err := d.removeAll(doneDir); err != nil {
		return err
	}
	if err := d.rename(runDir, doneDir); err != nil {
		return err
	}
	_ = d.removeAll(doneDir)
	return nil
}
