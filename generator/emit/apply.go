package emit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// change is a step with its texts, while a run holds them.
type change struct {
	step
	old, new []byte // nil where there is no file
	mode     fs.FileMode
	exact    bool // the mode is that of a file that was there, and not subject to the umask
}

// Apply carries out a plan of this tree: all of it, or nothing. A plan that changes nothing writes nothing, not even a lock.
//
// Errors: *[ConflictError] where the plan has conflicts, *[LockedError] where another run is at work, *[Interrupted] where
// one was interrupted and [Tree.Recover] must come first, *[ChangedError] where a file changed since the plan was made, the
// context's error where it ended before the first change (a run that has begun to change files is carried through), else an
// error of I/O. After each of them every file is as it was, unless the error of I/O says otherwise (the journal could not be
// closed, or files could not be put back); then the journal is still there, and Recover tries again.
func (t *Tree) Apply(ctx context.Context, p *Plan) (err error) {
	if conflicts := p.Conflicts(); len(conflicts) > 0 {
		return &ConflictError{Ops: conflicts}
	}
	if t.InStep(p) {
		return nil
	}
	d, err := openDisk(t.dir, t.fault)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	l, err := d.lock(t.dir)
	if err != nil {
		return fmt.Errorf("%w; no file was changed", err)
	}
	defer func() { err = errors.Join(err, l.unlock()) }()
	if run, err := findRun(d.root, t.dir); err != nil {
		return err
	} else if run != nil {
		run.Running = false // the lock is ours
		return run
	}
	if err := t.sameRecord(d.root); err != nil { // of files that stay as they are there is no other sign
		return err
	}
	if err := d.stillNewest(p.back); err != nil {
		return err
	}
	changes, err := d.changes(p, t.raw)
	if err != nil || len(changes) == 0 && p.back == nil {
		return err
	}
	j, err := d.stage(ctx, p, changes)
	if err != nil {
		return errors.Join(fmt.Errorf("%w; no file was changed", err), d.removeAll(runDir))
	}
	return d.carryOut(j)
}

// InStep says that a plan of this tree has nothing to write: no file of the user's, and no record of wsgen's own either.
func (t *Tree) InStep(p *Plan) bool {
	recorded := t.raw != nil && t.damage == "" && t.manifest.equal(p.manifest) && len(p.own) == 0
	return recorded && p.back == nil && len(p.Changes()) == 0
}

// newChange pairs two texts with their hashes; nil stands for no file.
func newChange(p string, old, text []byte, mode fs.FileMode) change {
	c := change{step: step{Path: p}, old: old, new: text, mode: mode}
	if old != nil {
		c.Old = hashBytes(old)
	}
	if text != nil {
		c.New = hashBytes(text)
	}
	return c
}

// changes lists what the plan does to files, wsgen's own records included, in the order of execution.
func (d *disk) changes(p *Plan, oldManifest []byte) ([]change, error) {
	if p.back != nil {
		return d.changesBack(p)
	}
	newManifest, err := p.manifest.encode()
	if err != nil {
		return nil, err
	}
	trash, err := d.nextTrash()
	if err != nil {
		return nil, err
	}
	var all, own []change
	for i := range p.Ops {
		op := &p.Ops[i]
		if op.Action == Keep || op.Path == ManifestPath {
			continue
		}
		c := newChange(op.Path, op.Old, op.New, op.Mode)
		c.exact = op.exact
		all = append(all, c)
		if op.trash {
			own = append(own, newChange(path.Join(trash, op.Path), nil, op.Old, 0o644))
		}
	}
	for _, file := range slices.Sorted(maps.Keys(p.own)) {
		if own, err = d.appendOwn(own, file, p.own[file]); err != nil {
			return nil, err
		}
	}
	if !p.asRecorded && (oldManifest == nil || !sameText(oldManifest, newManifest)) {
		own = append(own, newChange(ManifestPath, oldManifest, inKind(newManifest, oldManifest), 0o644))
	}
	for i := range own {
		own[i].Own = true
	}
	return append(all, own...), nil
}

// appendOwn appends what makes a file of wsgen's own hold the text, or be gone for nil.
func (d *disk) appendOwn(own []change, file string, text []byte) ([]change, error) {
	now, err := d.text(file)
	if err != nil {
		return nil, err
	}
	same := now != nil && text != nil && sameText(now, text)
	if same || now == nil && text == nil {
		return own, nil
	}
	return append(own, newChange(file, now, text, 0o644)), nil
}

// text returns the bytes of a file of wsgen's own, or nil where there is none. What is no file there is not followed, and not
// replaced either.
func (d *disk) text(p string) ([]byte, error) {
	info, err := d.root.Lstat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &PathError{p, notOwn}
	}
	return readOwn(d.root, p)
}

// nextTrash returns the folder that takes what this run replaces: numbered, so that nothing in the trash is overwritten.
func (d *disk) nextTrash() (string, error) {
	for n := 1; ; n++ {
		dir := trashDir + "/" + strconv.Itoa(n)
		if there, err := d.exists(dir); err != nil || !there {
			return dir, err
		}
	}
}

// stage writes every text into the staging folder, makes sure that no file has changed since the plan was made, and commits
// the journal. Until it returns nil no file of the project is touched.
func (d *disk) stage(ctx context.Context, p *Plan, changes []change) (journal, error) {
	if err := d.mkdirAll(runDir); err != nil {
		return journal{}, err
	}
	for i, c := range changes {
		if err := ctx.Err(); err != nil {
			return journal{}, err
		}
		if err := d.stageOne(i, c); err != nil {
			return journal{}, fmt.Errorf("%s: %w", c.Path, err)
		}
	}
	j := p.journal(len(changes))
	for i, c := range changes {
		now, err := d.hash(c.Path)
		if err != nil {
			return journal{}, err
		}
		if now != c.Old {
			return journal{}, &ChangedError{Path: c.Path}
		}
		j.Steps[i] = c.step
	}
	var err error
	if j.Dirs, err = d.missingDirs(changes); err != nil {
		return journal{}, err
	}
	if err := d.noteModes(j.Modes, changes); err != nil {
		return journal{}, err
	}
	if err := ctx.Err(); err != nil {
		return journal{}, err
	}
	return j, d.commit(j)
}

// stageOne writes the text of one change, and the text that it replaces.
func (d *disk) stageOne(i int, c change) error {
	if c.new != nil {
		if err := d.create(stagedNew(i), c.new, c.mode); err != nil {
			return err
		}
		if c.exact {
			if err := d.chmod(stagedNew(i), c.mode.Perm()); err != nil {
				return err
			}
		}
	}
	if c.old == nil {
		return nil
	}
	if err := d.create(stagedOld(i), c.old, c.mode); err != nil {
		return err
	}
	info, err := d.root.Lstat(c.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return &ChangedError{Path: c.Path}
	}
	if err != nil {
		return err
	}
	mode := info.Mode().Perm() // the user's to choose, and kept
	if c.new != nil {
		if err := d.chmod(stagedNew(i), mode); err != nil {
			return err
		}
	}
	return d.chmod(stagedOld(i), mode)
}

// missingDirs returns the folders that the changes need and that are not there yet, outermost first.
func (d *disk) missingDirs(changes []change) ([]string, error) {
	seen := make(map[string]bool)
	var missing []string
	for _, c := range changes {
		dir := path.Dir(c.Path)
		if c.new == nil || seen[dir] || dir == "." {
			continue
		}
		for _, prefix := range prefixes(dir) {
			if seen[prefix] {
				continue
			}
			seen[prefix] = true
			there, err := d.exists(prefix)
			if err != nil {
				return nil, err
			}
			if !there {
				missing = append(missing, prefix)
			}
		}
	}
	slices.Sort(missing)
	return missing, nil
}

// noteModes enters the permissions of the folders that may go with the files that the changes delete.
func (d *disk) noteModes(modes map[string]fs.FileMode, changes []change) error {
	for _, c := range changes {
		dir := path.Dir(c.Path)
		if c.new != nil || dir == "." {
			continue
		}
		for _, prefix := range prefixes(dir) {
			info, err := d.root.Lstat(prefix)
			if err != nil {
				return err
			}
			if info.IsDir() {
				modes[prefix] = info.Mode().Perm()
			}
		}
	}
	return nil
}

// carryOut changes the files of a committed run. Where one cannot be changed, all are put back.
func (d *disk) carryOut(j journal) error {
	left, rolledBack, err := d.finish(j)
	switch {
	case err != nil:
		return err
	case rolledBack != nil:
		return fmt.Errorf("%w; every file was put back as it was%s", rolledBack, leftAlone(left))
	case len(left) > 0:
		return &ChangedError{Path: strings.Join(left, ", ")}
	default:
		return nil
	}
}

// finish brings a committed run to its end: it carries it out or, where that fails, rolls it back; rolledBack is then the
// reason. With an error the run has not ended.
func (d *disk) finish(j journal) (left []string, rolledBack, err error) {
	left, cause := d.redo(j)
	if cause == nil {
		if err := d.conclude(j, len(left) == 0); err != nil {
			return left, nil, fmt.Errorf("every file is written, but the journal is not closed: %w; wsgen generate closes it", err)
		}
		return left, nil, nil
	}
	if err := d.rename(redoRecord, undoRecord); err != nil {
		return nil, nil, unfinished(cause, err)
	}
	left, err = d.rollBack(j)
	if err != nil {
		return nil, nil, unfinished(cause, err)
	}
	return left, cause, nil
}

// rollBack undoes a run whose record says so, and ends it.
func (d *disk) rollBack(j journal) (left []string, err error) {
	if left, err = d.undo(j); err != nil {
		return left, err
	}
	return left, d.end()
}

// unfinished is the error of a run that could be neither finished nor rolled back.
func unfinished(cause, err error) error {
	return fmt.Errorf("%w; putting the files back failed as well: %w; the journal is kept: once the cause is gone, wsgen generate puts the files right",
		cause, err)
}

// leftAlone names the files that the user changed between an interruption and its recovery.
func leftAlone(left []string) string {
	if len(left) == 0 {
		return ""
	}
	return "; left alone, since changed meanwhile: " + strings.Join(left, ", ")
}
