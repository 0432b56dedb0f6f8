package emit

import (
	"fmt"
	"maps"
	"slices"

	"wsgen/generator/render"
)

// Edit is a change that a command is asked to make to one file of the user's: remove it, move it, or rewrite it where it is.
// A removal concerns what wsgen wrote: what was there before it stays. It wins over a rendered file of that path; to move a file
// that is rendered in the same plan is an error.
type Edit struct {
	Path string // the file as it is
	To   string // where it goes: Path for a change in place, "" for its removal
	// Rewrite returns what a text of the file becomes. It is applied to the file and to its base alike, so that a file that was
	// not edited still counts as such afterwards. It is pure; nil, as the function and as its result, leaves the text as it is.
	Rewrite func(text []byte) ([]byte, error)
}

// apply returns what a text becomes.
func (e Edit) apply(text []byte) ([]byte, error) {
	if e.Rewrite == nil {
		return text, nil
	}
	after, err := e.Rewrite(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Path, err)
	}
	if after == nil {
		return text, nil
	}
	return after, nil
}

// moves says whether the file gets another path.
func (e Edit) moves() bool { return e.To != "" && e.To != e.Path }

// checkEdits refuses edits of files that are not the user's, and edits that stand in each other's or in a rendered file's way.
func checkEdits(files []render.File, edits []Edit, m manifest) error {
	rendered := make(map[string]render.Owner, len(files))
	for _, f := range files {
		rendered[f.Path] = f.Owner
	}
	after := slices.Clone(files) // what the paths will be
	taken := make(map[string]int, 2*len(edits))
	take := func(p string, by int) error {
		if other, twice := taken[fold(p)]; twice && other != by {
			return &PathError{p, "two edits of it in one plan"}
		}
		taken[fold(p)] = by
		return checkFile(p)
	}
	for i, e := range edits {
		if err := take(e.Path, i); err != nil {
			return err
		}
		owner, wanted := rendered[e.Path]
		if rec, known := m.files[e.Path]; known && !wanted {
			owner = rec.owner
		}
		switch {
		case owner != "" && owner != render.Yours:
			return &PathError{e.Path, fmt.Sprintf("an edit of a file that is %s, and not the user's", owner)}
		case !e.moves():
			continue
		case wanted:
			return &PathError{e.Path, "the spec asks for the file that is to be moved away"}
		}
		if err := take(e.To, i); err != nil {
			return err
		}
		if owner, wanted := rendered[e.To]; !wanted {
			after = append(after, render.File{Path: e.To})
		} else if owner != render.Yours {
			return &PathError{e.To, fmt.Sprintf("a file of the user's is to become one that is %s", owner)}
		}
	}
	return checkFiles(after)
}

// edit enters the edits into the plan, and returns the files that remain to be decided as always. It reads the files of the
// user's that are to be edited, and no other.
func (pl *planner) edit(p *Plan, files []render.File) (rest []render.File, err error) {
	if len(pl.options.Edits) == 0 {
		return files, nil
	}
	if err := checkEdits(files, pl.options.Edits, pl.manifest); err != nil {
		return nil, err
	}
	pl.manifest.files = maps.Clone(pl.manifest.files)
	for _, f := range files {
		pl.rendered[f.Path] = true
	}
	for _, e := range pl.options.Edits {
		if err := pl.editOne(p, e); err != nil {
			return nil, err
		}
		if e.To == "" {
			pl.settled[fold(e.Path)] = true
		}
	}
	for i := range p.Ops {
		pl.settled[fold(p.Ops[i].Path)] = true
	}
	rest = slices.DeleteFunc(slices.Clone(files), func(f render.File) bool { return pl.settled[fold(f.Path)] })
	return rest, nil
}

// editOne enters one edit into the plan.
func (pl *planner) editOne(p *Plan, e Edit) error {
	at, err := pl.survey.at(e.Path)
	if err != nil {
		return err
	}
	switch {
	case at.presence == absent && e.To == "":
		p.own[basePath(e.Path)] = nil
		return nil
	case at.presence == absent:
		return pl.followGone(p, e)
	case at.presence != regular:
		p.Ops = append(p.Ops, pl.unreachable(p, e, at))
		return nil
	}
	op := Op{Path: e.Path, Owner: render.Yours, Action: Keep, State: Current}
	if op.Old, op.Mode, err = pl.read(e.Path); err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	switch {
	case e.To == "":
		pl.removal(p, op)
		return nil
	case e.moves():
		return pl.move(p, e, op)
	default:
		return pl.rewrite(p, e, op)
	}
}

// unreachable keeps a file that is no regular one, or behind a link: what leads out of the project is not for wsgen to edit.
func (pl *planner) unreachable(p *Plan, e Edit, at place) Op {
	op := Op{Path: e.Path, Owner: render.Yours, Action: Keep, State: Blocked, Reason: at.why}
	switch {
	case e.To == e.Path:
		op.Fix = "make the change by hand"
		_, known := pl.manifest.files[e.Path]
		op.unrecorded = !known && !pl.rendered[e.Path]
		return op
	case e.To == "":
		op.Fix = "remove it by hand"
	default:
		op.Fix = "move it to " + e.To + " by hand"
	}
	op.unrecorded = true // what is there is not what was written
	p.own[basePath(e.Path)] = nil
	return op
}

// removal decides about a file that the spec no longer asks for: it goes when it is as it was written.
func (pl *planner) removal(p *Plan, op Op) {
	rec, known := pl.manifest.files[op.Path]
	switch {
	case !known:
		return
	case len(rec.hashes) == 0:
		op.Reason, op.Old, op.unrecorded = "there before wsgen wrote here, and so yours", nil, true
	case rec.wrote(op.Old):
		op.Action, op.State, op.Reason = Delete, Stale, "no longer in the spec"
	case pl.options.Force:
		op.Action, op.State, op.trash = Delete, Stale, true
		op.Reason = "edited by you; your text goes to " + trashDir
	default:
		op.Old, op.State, op.Reason = nil, Stale, "edited by you"
		op.Fix = "delete it once you need nothing of it; --force moves it to " + trashDir
	}
	if op.Action == Delete || op.unrecorded {
		p.own[basePath(op.Path)] = nil
	}
	p.Ops = append(p.Ops, op)
}

// rewrite changes a file where it is.
func (pl *planner) rewrite(p *Plan, e Edit, op Op) (err error) {
	if op.New, err = e.apply(op.Old); err != nil {
		return err
	}
	rec, known := pl.manifest.files[e.Path]
	if known {
		if err := pl.follow(&op, e, rec); err != nil {
			return err
		}
	}
	op.unrecorded = !known && !pl.rendered[e.Path]
	if string(op.Old) == string(op.New) {
		op.Old, op.New = nil, nil
	} else {
		op.Action, op.State = Update, Pending
	}
	p.Ops = append(p.Ops, op)
	return nil
}

// move takes a file to another path, with its record and its base.
func (pl *planner) move(p *Plan, e Edit, op Op) (err error) {
	to := Op{Path: e.To, Owner: render.Yours, Action: Create, State: Pending, Reason: "renamed from " + e.Path, Mode: op.Mode,
		entry: &record{owner: render.Yours}, exact: true}
	if to.New, err = e.apply(op.Old); err != nil {
		return err
	}
	op.Action, op.State, op.Reason = Delete, Stale, "renamed to "+e.To
	rec, known := pl.manifest.files[e.Path]
	if known {
		to.Old = op.Old
		if err := pl.follow(&to, e, rec); err != nil {
			return err
		}
		to.Old = nil
	}
	to.unrecorded = !known && !pl.rendered[e.To]
	p.own[basePath(e.Path)], p.own[basePath(e.To)] = nil, nil
	at, err := pl.survey.at(e.To)
	if err != nil {
		return err
	}
	if twin := pl.survey.twin(e.To); at.presence == absent && twin != "" && twin != e.Path {
		at = place{presence: other, why: twin + " stands there, told apart by case alone"}
	}
	if at.presence != absent {
		to.Action, to.State, to.New = Conflict, Blocked, nil
		to.Reason, to.Fix = fmt.Sprintf("%s, to which %s is to be renamed", orThere(at.why), e.Path), fixMove
		op.Action, op.State, op.Reason, op.Old, op.entry = Keep, Current, "", nil, &rec
		op.unrecorded = !known
	}
	p.Ops = append(p.Ops, op, to)
	return nil
}

// orThere is why a place is taken.
func orThere(why string) string {
	if why == "" {
		return "a file is there already"
	}
	return why
}

// followGone moves the record and the base of a file that the user deleted, or moved before: the file at the new path, where the
// spec asks for one, then stands as this one does. Every other edit of it has nothing to do.
func (pl *planner) followGone(p *Plan, e Edit) error {
	rec, known := pl.manifest.files[e.Path]
	if !known || !e.moves() {
		return nil
	}
	var op Op
	if err := pl.follow(&op, e, rec); err != nil {
		return err
	}
	delete(pl.manifest.files, e.Path)
	pl.manifest.files[e.To] = *op.entry
	p.own[basePath(e.Path)], p.own[basePath(e.To)] = nil, op.base
	return nil
}

// follow makes the record and the base of an operation what they become when the text changes from Old to New: a file that was
// as it was written, or that could be merged, still is afterwards. A base that is damaged stays so.
func (pl *planner) follow(op *Op, e Edit, rec record) error {
	base, err := pl.baseOf(e.Path)
	if err != nil {
		return err
	}
	entry := record{owner: render.Yours}
	if base != nil {
		op.base = base
		if after, err := e.apply(base); err == nil { // one that cannot be rewritten stays a base of what it was
			op.base = after
		}
		if rec.wrote(base) {
			entry.hashes = append(entry.hashes, hashText(op.base))
		}
	}
	if op.Old != nil && rec.wrote(op.Old) {
		if h := hashText(op.New); !slices.Contains(entry.hashes, h) {
			entry.hashes = append(entry.hashes, h)
		}
	}
	if len(entry.hashes) == 0 {
		entry.hashes = rec.hashes
	}
	op.entry = &entry
	return nil
}

// baseOf returns the base of a file, or nil where there is none that can be read as one.
func (pl *planner) baseOf(file string) ([]byte, error) {
	at, err := pl.survey.at(basePath(file))
	if err != nil || at.presence != regular {
		return nil, err
	}
	text, _, err := pl.read(basePath(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", basePath(file), err)
	}
	return text, nil
}
