package emit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"syscall"
)

// The staging folder of a run, and what stands in it. A run goes through these states, each entered by one rename:
//
//	runDir without a record     staging; no file of the project has changed; recovery clears it away
//	runDir with redoRecord      committed; recovery finishes it, or, where it cannot, goes on to
//	runDir with undoRecord      rolling back; recovery rolls it back
//	doneDir                     ended; a leftover to be removed
const (
	runDir     = localDir + "/run"
	doneDir    = localDir + "/done"
	redoRecord = runDir + "/redo.json"
	undoRecord = runDir + "/undo.json"
	trashDir   = localDir + "/trash"
)

// step is one change of one file. The texts before and after it are staged, so that it can be done, done again and undone.
type step struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"` // hash of the bytes before; "" where there is no file
	New  string `json:"new,omitempty"` // hash of the bytes after; "" where there is no file
	Own  bool   `json:"own,omitempty"` // a record of wsgen's own, which messages do not count
}

// journal is the record of a run: written whole before the first change.
type journal struct {
	Steps []step   `json:"steps"` // the manifest last
	Dirs  []string `json:"dirs"`  // folders that are made on the way, outermost first
}

// stagedNew and stagedOld are where the texts of step i are staged.
func stagedNew(i int) string { return runDir + "/new-" + strconv.Itoa(i) }
func stagedOld(i int) string { return runDir + "/old-" + strconv.Itoa(i) }

// findRun looks for a run that has begun and not ended.
func findRun(root *os.Root, dir string) (*Interrupted, error) {
	if _, err := root.Lstat(runDir); errors.Is(err, fs.ErrNotExist) {
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

// readJournal reads a record, and trusts it no further than a plan: it may have come with the repository.
func (d *disk) readJournal(record string) (journal, error) {
	text, err := d.root.ReadFile(record)
	if err != nil {
		return journal{}, err
	}
	var j journal
	if err := json.Unmarshal(text, &j); err != nil {
		return journal{}, fmt.Errorf("%s: %w", record, err)
	}
	for _, p := range j.Dirs {
		if err := checkPath(p); err != nil {
			return journal{}, fmt.Errorf("%s: %w", record, err)
		}
	}
	for _, s := range j.Steps {
		if err := checkPath(s.Path); err != nil {
			return journal{}, fmt.Errorf("%s: %w", record, err)
		}
	}
	return j, nil
}

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
	for _, s := range j.Steps {
		if s.New == "" {
			d.prune(path.Dir(s.Path))
		}
	}
	return left, nil
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
	return left, nil
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

// hash returns the hash of a file's bytes, "" where there is none, and a word that is no hash where something else stands.
func (d *disk) hash(p string) (string, error) {
	info, err := d.root.Lstat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "not a file", nil
	}
	text, err := d.root.ReadFile(p)
	if err != nil {
		return "", err
	}
	return hashBytes(text), nil
}

// end closes a run: one rename makes it history. What cannot be cleared away of it is git-ignored, and the next end takes
// it along.
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
