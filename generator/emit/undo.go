package emit

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"wsgen/generator/render"
)

// undoing is what a plan that takes back an operation holds beside its operations on files.
type undoing struct {
	past
	own []change // of wsgen's own files, those apart that are operations of the plan
}

// PlanUndo computes the plan that takes back the newest operation of the history: every file, with its mode, and every record
// of wsgen's own becomes what it was before. It reads only. A file that has changed since is a conflict; with o.Force it is
// restored, and the text of now goes to the trash. Applying the plan takes the operation out of the history.
//
// Errors: [ErrNoHistory], *[HistoryError], *[LockedError] where another run is at work, *[ChangedError] where one was since
// [Open], else one of I/O.
func (t *Tree) PlanUndo(o Options) (p *Plan, err error) {
	d, err := openDisk(t.dir, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	entries, err := d.history(1)
	switch {
	case err != nil:
		return nil, err
	case len(entries) == 0:
		return nil, ErrNoHistory
	case entries[0].Damage != "":
		return nil, &HistoryError{Number: entries[0].Number, Why: entries[0].Damage}
	}
	last := entries[0]
	u := &undoer{disk: d, survey: newSurvey(d.root), last: last, force: o.Force, plan: &Plan{
		Recorded: t.manifest.version,
		manifest: t.manifest,
		back:     &undoing{past: last},
	}}
	if u.before, err = u.manifestBefore(t.manifest); err != nil {
		return nil, err
	}
	for i, s := range last.journal.Steps {
		if inTrash(s.Path) {
			continue
		}
		if err := u.step(i, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Path, err)
		}
	}
	if err := t.undisturbed(d.root); err != nil {
		return nil, err
	}
	u.keepRecords()
	slices.SortFunc(u.plan.Ops, func(a, b Op) int { return strings.Compare(a.Path, b.Path) })
	return u.plan, nil
}

// keepRecords leaves records alone that have changed since, where no file is to be restored: they belong to what is there, which
// version control has brought back.
func (u *undoer) keepRecords() {
	restores := func(op Op) bool { return op.Action != Keep && !isRecord(op.Path) }
	if !slices.ContainsFunc(u.plan.Ops, restores) {
		u.plan.Ops = slices.DeleteFunc(u.plan.Ops, func(op Op) bool { return isRecord(op.Path) && op.trash })
	}
}

// undoer decides about each file of an operation that is to be taken back.
type undoer struct {
	disk   *disk
	survey *survey
	last   past
	before manifest // of before the operation, or of now where that one is not known
	force  bool
	plan   *Plan
}

// manifestBefore reads the manifest that the operation replaced, which tells the owners of the files it deleted.
func (u *undoer) manifestBefore(now manifest) (manifest, error) {
	for i, s := range u.last.journal.Steps {
		if s.Path != ManifestPath || s.Old == "" {
			continue
		}
		text, err := u.disk.replaced(u.last.Number, i, s)
		if err != nil {
			return manifest{}, err
		}
		if m, _, err := decodeManifest(text); err == nil {
			return m, nil
		}
	}
	return now, nil
}

// step enters into the plan what takes back one step.
func (u *undoer) step(i int, s step) error {
	at, err := u.survey.at(s.Path)
	if err != nil {
		return err
	}
	if at.presence == walled && s.Old == "" {
		at.presence = absent // and is to be
	}
	op := Op{Path: s.Path, Owner: u.owner(s.Path), Action: Keep, State: Current, Mode: 0o644, exact: true}
	if at.presence != absent && at.presence != regular {
		op.Action, op.State, op.Reason, op.Fix = Conflict, Blocked, at.why, fixMove
		u.plan.Ops = append(u.plan.Ops, op)
		return nil
	}
	if op.New, err = u.disk.replaced(u.last.Number, i, s); err != nil {
		return err
	}
	if s.Old != "" {
		info, err := u.disk.root.Lstat(entryOld(u.last.Number, i))
		if err != nil {
			return err
		}
		op.Mode = info.Mode().Perm()
	}
	if at.presence == regular {
		if op.Old, err = u.disk.root.ReadFile(s.Path); err != nil {
			return err
		}
	}
	u.decide(&op, s)
	if isRecord(s.Path) && op.Action != Conflict && !op.trash {
		if op.Action != Keep {
			c := newChange(op.Path, op.Old, op.New, op.Mode)
			c.exact = true
			u.plan.back.own = append(u.plan.back.own, c)
		}
		return nil
	}
	u.plan.Ops = append(u.plan.Ops, op)
	return nil
}

// owner returns whose the file is. What no manifest tells of was the user's before wsgen edited it.
func (u *undoer) owner(p string) render.Owner {
	for _, m := range []manifest{u.plan.manifest, u.before} {
		if r, known := m.files[p]; known {
			return r.owner
		}
	}
	return render.Yours
}

// decide completes an operation whose texts, now and before, are known.
func (u *undoer) decide(op *Op, s step) {
	asLeft := op.Old == nil && s.New == "" || op.Old != nil && hashBytes(op.Old) == s.New
	asBefore := op.Old == nil && op.New == nil || op.Old != nil && op.New != nil && sameText(op.Old, op.New)
	switch {
	case !asLeft && asBefore:
		op.Old, op.New = nil, nil
		op.Reason = "as before already"
		return
	case !asLeft && (op.Old == nil || !isText(op.Old, s.New)):
		u.contest(op)
		return
	}
	op.State, op.Action, op.Reason = Pending, u.action(*op), "as before "+u.what()
}

// action is what brings a file from one text to the other.
func (u *undoer) action(op Op) Action {
	switch {
	case op.New == nil:
		return Delete
	case op.Old == nil:
		return Create
	default:
		return Update
	}
}

// contest is about a file that has changed since.
func (u *undoer) contest(op *Op) {
	op.Action, op.State, op.Reason = Conflict, Edited, "changed since "+u.what()
	op.Fix = "take your change elsewhere, or run wsgen undo --force, which keeps your text in " + trashDir
	if op.Old == nil {
		op.Reason = "deleted since " + u.what()
		op.Fix = "wsgen undo --force brings it back as it was before that"
	}
	if u.force {
		op.Action, op.trash = u.action(*op), op.Old != nil
		if op.trash {
			op.Reason += "; your text goes to " + trashDir
		}
	}
}

// what calls the operation by its name.
func (u *undoer) what() string {
	if u.last.Command == "" {
		return "that operation"
	}
	return u.last.Command
}

// Undoes returns the operation that the plan takes back, or nil where it is not the plan of an undo. Its Touched is not told.
func (p *Plan) Undoes() *Operation {
	if p.back == nil {
		return nil
	}
	return &p.back.Operation
}

// journal begins the journal of a run with n steps.
func (p *Plan) journal(n int) journal {
	j := journal{Command: p.command, Steps: make([]step, n), Modes: make(map[string]fs.FileMode)}
	if p.back != nil {
		j.Drops, j.Clear = p.back.Number, p.back.journal.Dirs
		maps.Copy(j.Modes, p.back.journal.Modes)
	}
	return j
}

// stillNewest makes sure that the operation that is to be taken back is still there, and the same.
func (d *disk) stillNewest(back *undoing) error {
	if back == nil {
		return nil
	}
	record, err := d.hash(entryRecord(back.Number))
	if err != nil {
		return err
	}
	if record != back.record {
		return &ChangedError{Path: entryDir(back.Number)}
	}
	return nil
}

// changesBack is changes for a plan that takes back an operation.
func (d *disk) changesBack(p *Plan) ([]change, error) {
	trash, err := d.nextTrash()
	if err != nil {
		return nil, err
	}
	var gone, here, own []change
	for i := range p.Ops {
		op := &p.Ops[i]
		if op.Action == Keep {
			continue
		}
		c := newChange(op.Path, op.Old, op.New, op.Mode)
		c.exact = true
		if op.trash {
			own = append(own, newChange(path.Join(trash, op.Path), nil, op.Old, 0o644))
		}
		switch {
		case isRecord(op.Path):
			own = append(own, c)
		case c.new == nil: // first: another name of the file may be its own but for case
			gone = append(gone, c)
		default:
			here = append(here, c)
		}
	}
	own = append(own, p.back.own...)
	if i := slices.IndexFunc(own, func(c change) bool { return c.Path == ManifestPath }); i >= 0 {
		own = append(slices.Delete(slices.Clone(own), i, i+1), own[i]) // it is the last that a run writes
	}
	for i := range own {
		own[i].Own = true
	}
	return slices.Concat(gone, here, own), nil
}
