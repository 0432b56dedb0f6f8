package emit

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"wsgen/generator/render"
)

// leftovers adds to the plan what the manifest records and the spec no longer asks for.
func (pl *planner) leftovers(p *Plan, files []render.File) error {
	wanted := make(map[string]bool, len(files))
	for _, f := range files {
		wanted[fold(f.Path)] = true
	}
	for _, file := range slices.Sorted(maps.Keys(pl.manifest.files)) {
		if wanted[fold(file)] || pl.settled[fold(file)] {
			continue
		}
		at, err := pl.survey.at(file)
		if err != nil {
			return err
		}
		rec := pl.manifest.files[file]
		if at.presence != regular { // gone, or something else by now: there is nothing left to keep a record of
			if rec.owner == render.Yours {
				p.own[basePath(file)] = nil
			}
			continue
		}
		op, err := pl.leftover(p, file, rec)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		p.Ops = append(p.Ops, op)
	}
	return nil
}

// leftover decides about one file that the spec no longer asks for.
func (pl *planner) leftover(p *Plan, file string, rec record) (Op, error) {
	op := Op{Path: file, Owner: rec.owner, Action: Keep, State: Stale, Reason: "no longer in the spec"}
	if rec.owner != render.Generated {
		return pl.deserted(p, op, rec)
	}
	op.Fix = pl.command() + " deletes it"
	var err error
	if op.Old, op.Mode, err = pl.read(file); err != nil {
		return Op{}, err
	}
	if rec.wrote(op.Old) {
		op.Action = Delete
		return op, nil
	}
	pl.contest(&op, true, Delete)
	op.Reason = "no longer in the spec, and " + op.Reason
	return op, nil
}

// deserted decides about a file of the user's that the spec no longer asks for. As wsgen wrote it, it holds nothing of the user's, comes
// back with its line in the spec, and may not compile without what goes with that line: an upgrade, which brings the user's files to what
// the spec asks for today, deletes it, as a merge does with what one side deleted and the other left alone. No other command does.
func (pl *planner) deserted(p *Plan, op Op, rec record) (Op, error) {
	const keep = "; or, to keep it as a file like any other, take its line out of " + ManifestPath
	op.Fix = "delete it" + keep
	if len(rec.hashes) == 0 {
		return op, nil
	}
	text, mode, why, err := pl.mergeable(op.Path, place{presence: regular})
	switch {
	case errors.Is(err, fs.ErrPermission): // what cannot be read is not known to be as it was written
		return op, nil
	case err != nil:
		return Op{}, err
	case why != "" || !rec.wrote(text):
		op.Reason += ", and edited by you"
		op.Fix = "delete it once you need nothing of it" + keep
		return op, nil
	}
	op.Reason += ", and you have not edited it"
	op.Fix = "wsgen upgrade deletes it" + keep
	if pl.options.Upgrade != NoMerge {
		op.Action, op.Old, op.Mode = Delete, text, mode
		p.own[basePath(op.Path)] = nil
	}
	return op, nil
}

// repair is the operation on a manifest that is lost or damaged: bookkeeping, but a drift that somebody should see.
func (t *Tree) repair() Op {
	op := Op{Path: ManifestPath, Owner: render.Generated, Action: Update, State: Edited, Mode: 0o644}
	if t.raw == nil {
		op.Action, op.State = Create, Missing
	}
	op.Reason = "the record of what wsgen wrote " + t.damage
	op.Fix = "wsgen generate rebuilds it from what the spec and " + baseDir + " tell"
	return op
}

// record fills in the manifest and the bases as they will be once the plan is carried out.
func (p *Plan) record(old manifest) {
	for i := range p.Ops {
		op := &p.Ops[i]
		if op.Path == ManifestPath {
			continue
		}
		if op.base != nil {
			p.own[basePath(op.Path)] = op.base
		}
		r, known := old.files[op.Path]
		switch {
		case op.Action == Delete, op.unrecorded:
			continue
		case op.entry != nil:
			r = *op.entry
		case op.Owner == render.Spliced:
			r = record{owner: render.Spliced}
		case op.hash != "" && op.Action != Conflict:
			r = record{owner: op.Owner, hashes: []string{op.hash}}
		case !known || op.State == Current:
			r.owner = op.Owner
		}
		p.manifest.files[op.Path] = r
	}
}

// writtenBy is the reason of a file that another version wrote differently.
func writtenBy(version, this string) string {
	return fmt.Sprintf("written by wsgen %s, and this is %s", orUnknown(version), orUnknown(this))
}

// orUnknown is the version, or a word for a version that is not recorded.
func orUnknown(version string) string {
	if version == "" {
		return "of an unknown version"
	}
	return version
}
