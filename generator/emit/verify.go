package emit

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"wsgen/generator/render"
)

// Verify compares the tree with its manifest alone, which is what can be told about a project whose spec cannot be read: what is
// missing, edited by hand or blocked of the files that wsgen keeps as they are, and what is wrong with the manifest itself. The
// operations are sorted by path, and each keeps what is there: no plan can be made of them. It reads only.
func (t *Tree) Verify() (ops []Op, err error) {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	pl := &planner{manifest: t.manifest, survey: newSurvey(root)}
	for _, file := range slices.Sorted(maps.Keys(t.manifest.files)) {
		rec := t.manifest.files[file]
		if rec.owner == render.Yours {
			continue // that it is gone may be what the user wants, and how it was edited is the user's affair
		}
		op, err := pl.verify(file, rec, t.merged())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if op.State != Current {
			ops = append(ops, op)
		}
	}
	if t.damage != "" && !t.fresh {
		ops = append(ops, t.repair())
	}
	slices.SortFunc(ops, func(a, b Op) int { return strings.Compare(a.Path, b.Path) })
	return ops, nil
}

// verify says how one file stands to its record. Where git merged, and the record is of two sides, a text of neither may be the
// merge of both: whether it is right, the spec alone can tell.
func (pl *planner) verify(file string, rec record, merged bool) (Op, error) {
	op := Op{Path: file, Owner: rec.owner, Action: Keep, State: Current}
	at, err := pl.survey.at(file)
	if err != nil {
		return op, err
	}
	switch {
	case at.presence == absent:
		op.State, op.Reason, op.Fix = Missing, "deleted, and the project needs it", fixGenerate
		return op, nil
	case at.presence != regular:
		op.State, op.Reason, op.Fix = Blocked, at.why, fixMove
		return op, nil
	case rec.owner == render.Spliced:
		return op, nil
	}
	text, _, err := pl.read(file)
	if err != nil || rec.wrote(text) || merged && !conflicted(text) {
		return op, err
	}
	op.Old = text
	pl.contest(&op, true, Keep)
	op.Action, op.Old = Keep, nil
	return op, nil
}

// Locked says whether a run of wsgen is writing to the project at this moment, and who that is, where it is known: "process
// 1234". It reads only.
func (t *Tree) Locked() (held bool, holder string, err error) {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return false, "", err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	held, holder = lockedBy(root, t.dir)
	return held, holder, nil
}

// BaseFault is something wrong with the pristine text of a file of the user's, from which an upgrade merges.
type BaseFault struct {
	Path string // the file
	Base string // where its pristine text belongs
	Why  string // the fact: "is missing"
}

// Bases looks at the pristine text of every file that the manifest records as the user's, and returns what is wrong with them,
// sorted by path. It reads only.
func (t *Tree) Bases() (faults []BaseFault, err error) {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, file := range slices.Sorted(maps.Keys(t.manifest.files)) {
		rec := t.manifest.files[file]
		if rec.owner != render.Yours || len(rec.hashes) == 0 {
			continue
		}
		why, err := baseFault(root, basePath(file), rec)
		if err != nil {
			return nil, err
		}
		if why != "" {
			faults = append(faults, BaseFault{Path: file, Base: basePath(file), Why: why})
		}
	}
	return faults, nil
}

// baseFault says what is wrong with one base, or "".
func baseFault(root *os.Root, base string, rec record) (why string, err error) {
	info, err := root.Lstat(base)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is missing", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "is no regular file", nil
	case info.Size() > mergeLimit:
		return "is too large to be a text that wsgen wrote", nil
	}
	text, err := root.ReadFile(base)
	if err != nil {
		return "", err
	}
	if !rec.wrote(text) {
		return "is not the text that the manifest records", nil
	}
	return "", nil
}
