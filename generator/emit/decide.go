package emit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"wsgen/generator/render"
)

// Options are what the user asked for beside the files.
type Options struct {
	Force   bool   // replace and delete what was edited by hand; the edited text goes to the trash
	DryRun  bool   // for [New]: plan, and write nothing
	Version string // of this wsgen, recorded in the manifest
	Command string // how the history calls this run: "add consumer chat"; "" keeps it out of there

	Edits    []Edit            // what the command does to files of the user's, beside the files that it renders
	LeaveOut map[string]string // files of the user's that are not written, as if they had been deleted: path and reason
	Upgrade  ConflictStyle     // set, the user's files are merged with what they would be written like today
}

// The ways out that are used in more than one file. Those of a plan name the command that made it, see planner.command.
const (
	fixGenerate = "wsgen generate writes it"
	fixMove     = "move it out of the way"
)

// Plan computes what is to be done so that the tree holds the files. It reads only: files of the user's that are there already, and
// that the spec asks for, are neither read nor rendered, but where the manifest has to be rebuilt. Every other text is
// rendered here, on several goroutines, so that nothing is written before all of them are known to be whole. A path that must not be
// written is a *[PathError]; where another run is at work, or was since [Open], the error is a *[LockedError] or a *[ChangedError].
func (t *Tree) Plan(files []render.File, o Options) (p *Plan, err error) {
	if err := checkFiles(files); err != nil {
		return nil, err
	}
	pl := newPlanner(t.manifest, o)
	pl.rebuilds, pl.merged = t.damage != "" && !t.fresh, t.merged()
	if !t.absent {
		root, err := os.OpenRoot(t.dir)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, root.Close()) }()
		pl.survey = newSurvey(root)
	}
	p = &Plan{
		Recorded: t.manifest.version,
		command:  o.Command,
		manifest: manifest{version: o.Version, files: make(map[string]record, len(files))},
		own:      make(map[string][]byte),
	}
	err = pl.fill(p, files)
	if !t.absent { // asked first: what was read beside another run may be in its midst
		if disturbed := t.undisturbed(pl.survey.root); disturbed != nil {
			return nil, disturbed
		}
	}
	if err != nil {
		return nil, err
	}
	if pl.rebuilds {
		p.Ops = append(p.Ops, t.repair())
	}
	slices.SortFunc(p.Ops, func(a, b Op) int { return strings.Compare(a.Path, b.Path) })
	p.record(pl.manifest)
	return p, p.remember(o.Version)
}

// fill enters into a plan what becomes of each file.
func (pl *planner) fill(p *Plan, files []render.File) error {
	if err := pl.adopt(files); err != nil {
		return err
	}
	for file, base := range pl.bases {
		p.own[basePath(file)] = base
	}
	rest, err := pl.edit(p, files)
	if err != nil {
		return err
	}
	ops, err := pl.wanted(rest)
	if err != nil {
		return err
	}
	p.Ops = append(p.Ops, ops...)
	return pl.leftovers(p, files)
}

// undisturbed makes sure that no other run has begun to write to the tree since it was opened: of one that was there already
// the caller knows. A plan that holds the files of after against the manifest of before would take that run's work for
// edits by hand.
func (t *Tree) undisturbed(root *os.Root) error {
	if t.interrupted != nil {
		return nil
	}
	run, err := findRun(root, t.dir)
	switch {
	case err != nil:
		return err
	case run != nil && run.Running:
		return &LockedError{Dir: t.dir, Holder: run.Holder}
	case run != nil:
		return &ChangedError{Path: ManifestPath} // it has ended, or died, this very moment
	}
	return t.sameRecord(root)
}

// sameRecord makes sure that the manifest, the last file that a run writes, is the one that was read when the tree was opened.
func (t *Tree) sameRecord(root *os.Root) error {
	raw, err := root.ReadFile(ManifestPath)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !bytes.Equal(raw, t.raw) {
		return &ChangedError{Path: ManifestPath}
	}
	return nil
}

// planner decides what to do about each file.
type planner struct {
	manifest manifest // as it is, but for the records that edits move
	options  Options
	survey   *survey
	rendered map[string]bool // the paths of the rendered files, where there are edits
	settled  map[string]bool // the folded paths that edits have decided about
	rebuilds bool            // the manifest is lost or damaged
	merged   bool            // it is so by a merge of git's

	bases map[string][]byte // by the user's file: bases that take the place of those on the disk, see adopt
}

func newPlanner(m manifest, o Options) *planner {
	return &planner{manifest: m, options: o, survey: newSurvey(nil), rendered: make(map[string]bool), settled: make(map[string]bool), bases: make(map[string][]byte)}
}

// command is the one that does what the plan says, for the ways out.
func (pl *planner) command() string {
	if pl.options.Upgrade != NoMerge {
		return "wsgen upgrade"
	}
	return "wsgen generate"
}

// wanted returns the operation of each file, in the order of the files.
func (pl *planner) wanted(files []render.File) ([]Op, error) {
	ops := make([]Op, len(files))
	places := make([]place, len(files))
	for i, f := range files {
		var err error
		if places[i], err = pl.survey.at(f.Path); err != nil {
			return nil, err
		}
	}
	err := parallel(len(files), func(i int) (err error) {
		ops[i], err = pl.decide(files[i], places[i])
		return err
	})
	return ops, err
}

// decide returns the operation of one file. It may be called from several goroutines.
func (pl *planner) decide(f render.File, at place) (Op, error) {
	op := Op{Path: f.Path, Owner: f.Owner, Mode: f.Mode, Action: Keep, State: Current}
	rec, known := pl.manifest.files[f.Path]
	if f.Owner == render.Yours && keepsYours(f, at, known && rec.owner == render.Yours) {
		if pl.options.Upgrade != NoMerge && at.presence != absent && known {
			return pl.upgrade(f, at, rec, op)
		}
		op.Reason = yoursReason(at, known)
		if pl.rebuilds && !known && at.presence == regular && !f.Unrecorded {
			return pl.recognize(f, op)
		}
		return op, nil
	}
	if why, out := pl.options.LeaveOut[f.Path]; out && at.presence == absent && f.Owner == render.Yours && !f.Needed {
		op.Reason = why
		return op, nil
	}
	if at.presence != absent && at.presence != regular {
		op.Action, op.State, op.Reason, op.Fix = Conflict, Blocked, at.why, fixMove
		return op, nil
	}
	if at.presence == regular {
		var err error
		if op.Old, op.Mode, err = pl.read(f.Path); err != nil {
			return Op{}, fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	text, err := pl.render(f, op.Old)
	var refused *render.RefusedError
	switch {
	case errors.As(err, &refused):
		op.Old = nil // there is no text to compare it with
		op.Action, op.State, op.Reason, op.Fix = Conflict, Blocked, refused.Fact, refused.WayOut
		if refused.Line > 0 {
			op.Reason = fmt.Sprintf("line %d: %s", refused.Line, refused.Fact)
		}
		return op, nil
	case err != nil:
		return Op{}, err
	}
	if text == nil {
		text = []byte{} // nil would mean that there is no file
	}
	op.New, op.hash, op.unrecorded = text, hashText(text), f.Unrecorded
	if op.Old == nil && f.Owner == render.Yours && !f.Unrecorded {
		op.base = text
	}
	if f.Begin != nil && op.Old == nil {
		if op.New, err = f.Begin(); err != nil {
			return Op{}, err
		}
	}
	switch {
	case op.Old == nil:
		pl.create(&op, known)
	case f.Owner == render.Spliced:
		pl.splice(&op)
	default:
		pl.replace(&op, known)
	}
	return op, nil
}

// recognize is about a file of the user's that nothing records any more. Where it is what wsgen writes, it was written by wsgen as
// far as an upgrade or a removal is concerned: without its text as a base no upgrade could ever merge into it.
func (pl *planner) recognize(f render.File, op Op) (Op, error) {
	there, _, err := pl.read(f.Path)
	if err != nil {
		return Op{}, fmt.Errorf("%s: %w", f.Path, err)
	}
	text, err := f.Render(nil)
	if err != nil {
		return Op{}, err
	}
	if sameText(there, text) {
		op.Reason, op.hash, op.base = "", hashText(text), text
	}
	return op, nil
}

// render returns the text of a file that is not kept as it is.
func (pl *planner) render(f render.File, existing []byte) ([]byte, error) {
	if pl.options.Upgrade != NoMerge && f.Raise != nil {
		return f.Raise(existing)
	}
	return f.Render(existing)
}

// keepsYours says whether a file of the user's stays as it is, which may be: deleted. Written says that wsgen wrote it once.
func keepsYours(f render.File, at place, written bool) bool {
	switch at.presence {
	case absent:
		return written && !f.Needed
	case regular, link:
		return true
	default: // what became of a file that was written is the user's affair; before that it is in the way
		return written
	}
}

// yoursReason says why a file of the user's is kept, where it is not the usual reason.
func yoursReason(at place, known bool) string {
	switch {
	case at.presence == absent:
		return "yours, and you deleted it"
	case at.presence != regular:
		return "yours: " + at.why
	case !known:
		return "there already, and so yours"
	default:
		return ""
	}
}

// read returns the text of a file, never nil, and its mode, which is the user's to choose.
func (pl *planner) read(p string) (text []byte, mode fs.FileMode, err error) {
	file, err := pl.survey.root.Open(p)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	buf := bytes.NewBuffer(make([]byte, 0, info.Size()+1))
	if _, err := buf.ReadFrom(file); err != nil {
		return nil, 0, err
	}
	return buf.Bytes(), info.Mode().Perm(), nil
}

// create writes a file that is not there.
func (pl *planner) create(op *Op, known bool) {
	op.Action, op.State, op.Reason, op.Fix = Create, Pending, "not written yet", pl.command()+" writes it"
	if known {
		op.State, op.Reason = Missing, "deleted, and the project needs it"
	}
}

// splice adds to a file of the user's what is missing in it.
func (pl *planner) splice(op *Op) {
	if bytes.Equal(op.Old, op.New) {
		op.Old, op.New = nil, nil
		return
	}
	op.Action, op.State, op.Reason = Update, Pending, "lacks what the spec asks for"
	op.Fix = pl.command() + " adds it, and touches nothing else"
	if pl.options.Upgrade != NoMerge {
		op.State, op.Reason = Outdated, "lacks what the code of this wsgen needs, or has it in a version that is too old"
	}
}

// replace decides about a file that is there and not the user's, or was not: whether it is as it should be, may be
// replaced, or was edited.
func (pl *planner) replace(op *Op, known bool) {
	rec := pl.manifest.files[op.Path]
	switch {
	case sameText(op.Old, op.New):
		op.Old, op.New = nil, nil
	case known && rec.wrote(op.Old):
		op.New = inKind(op.New, op.Old)
		op.Action, op.State, op.Reason = Update, Pending, "not as the spec asks"
		op.Fix = pl.command() + " writes it"
		if v := pl.manifest.version; v != pl.options.Version {
			op.State, op.Reason = Outdated, writtenBy(v, pl.options.Version)
			op.Fix = "wsgen upgrade writes it"
		}
	default:
		pl.contest(op, known, Update)
	}
}

// contest is about a file that wsgen would replace or delete, and that does not hold what wsgen wrote: a conflict, unless git alone
// made it so, or the user forces it. The text is kept in the trash in any case.
func (pl *planner) contest(op *Op, known bool, forced Action) {
	op.Action, op.State, op.Reason, op.Fix = Conflict, Edited, "edited by hand", "take your change elsewhere, or run "+pl.command()+" --force, which keeps your text in "+trashDir
	if why := pl.byGit(op); why != "" {
		op.Action, op.trash = forced, true
		op.Reason, op.Fix = why+"; this text goes to "+trashDir, pl.command()+" writes it anew"
		return
	}
	switch {
	case !known:
		op.State, op.Reason = Blocked, "there already, and nothing records that wsgen wrote it"
		if pl.rebuilds { // the user may have changed nothing, and have nothing to take elsewhere
			op.Fix = pl.command() + " --force writes it anew, and keeps this text in " + trashDir
		}
	case conflicted(op.Old):
		op.Reason = "edited by hand, and " + damageMerged
	case pl.rebuilds:
		op.Reason = "edited by hand, or merged by git"
	}
	if pl.options.Force {
		op.Action, op.trash = forced, true
		op.Reason += "; your text goes to " + trashDir
	}
}

// byGit says why the text of a generated file is what git made of two that wsgen wrote, or "". It holds both sides of a merge, or, where
// the manifest does, neither: either way no line that they agree on is missing in the new text. The user has resolved wsgen.yaml, from
// which the rest follows; a line that does not is somebody's edit.
func (pl *planner) byGit(op *Op) string {
	within := func(text []byte) bool { return op.New == nil || linesWithin(text, op.New) }
	switch {
	case pl.manifest.files[op.Path].owner != render.Generated:
		return ""
	case conflicted(op.Old) && within(agreed(op.Old)):
		return damageMerged
	case pl.merged && op.New != nil && within(op.Old):
		return "merged by git"
	}
	return ""
}
