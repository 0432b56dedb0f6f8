package emit

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"wsgen/generator/merge"
	"wsgen/generator/render"
)

// ConflictStyle says what a merge does where both sides changed the same lines.
type ConflictStyle string

// The styles.
const (
	NoMerge       ConflictStyle = ""        // the user's files are not merged at all
	MarkBoth      ConflictStyle = "markers" // both sides go into the file, between the markers of git
	ChangeNothing ConflictStyle = "fail"    // the plan has a conflict, and nothing is written
)

// mergeLimit bounds the texts that are merged, in bytes. Nothing that a generator writes is near it.
const mergeLimit = 16 << 20

// What stands behind the conflict markers of an upgrade: ours are the words of the user's side, and theirs begins wsgen's.
const (
	oursLabel   = "yours"
	theirsLabel = "wsgen "
)

// upgrade decides about a file of the user's that is there and recorded: what this version writes differently from what wsgen
// wrote last goes into it, and what the user changed since stays. It may be called from several goroutines.
func (pl *planner) upgrade(f render.File, at place, rec record, op Op) (Op, error) {
	theirs, err := f.Render(nil)
	if err != nil {
		return Op{}, err
	}
	base, whole, err := pl.knownBase(f.Path, rec)
	if err != nil {
		return Op{}, err
	}
	if at.presence != regular {
		op.Reason = yoursReason(at, true)
	}
	if rec.wrote(theirs) { // nothing new to bring
		if !whole {
			op.base = nonNil(theirs) // this is how it was
		}
		return op, nil
	}
	ours, mode, why, err := pl.mergeable(f.Path, at)
	if err != nil {
		return Op{}, err
	}
	if len(rec.hashes) == 0 { // there is nothing to merge from
		if why != "" || !sameText(ours, theirs) {
			op.Reason = "there before wsgen, and so not merged with what it would write"
		}
		return op, nil
	}
	op.Mode = mode
	if !whole && rec.wrote(ours) {
		base, whole = ours, true
	}
	taken := true // what this version writes is in the file, or counts as if it were
	switch {
	case why != "":
		taken = pl.unmerged(&op, why, "")
	case sameText(ours, theirs):
	case !whole:
		taken = pl.unmerged(&op, "what wsgen wrote last is not known: "+basePath(f.Path)+" is lost or was changed",
			"bring that file back from version control, then: wsgen upgrade; or ")
	case conflicted(ours) && !pl.options.Force:
		op.Action, op.State, op.Reason = Conflict, Edited, "holds the two sides of a merge"
		op.Fix = "resolve it first (with --force the lines with markers are lines like any other)"
		taken = false
	default:
		pl.merge(&op, base, ours, theirs)
		taken = op.Action != Conflict
	}
	if taken {
		op.hash, op.base = hashText(theirs), nonNil(theirs)
	}
	return op, nil
}

// unmerged keeps a file that should have been merged, and cannot be. Forced, it is taken as merged from here on.
func (pl *planner) unmerged(op *Op, why, fix string) (taken bool) {
	op.State, op.Reason, op.Fix = Outdated, why, fix+"bring in by hand what is new, then: wsgen upgrade --force, which takes the file as merged"
	if pl.options.Force {
		op.Reason, op.Fix = why+"; taken as merged", "bring in by hand what is new"
	}
	return pl.options.Force
}

// mergeable reads a file that is to be merged. Why says what keeps it from being that.
func (pl *planner) mergeable(p string, at place) (text []byte, mode fs.FileMode, why string, err error) {
	if at.presence != regular {
		return nil, 0, at.why + ", and nothing is merged through it", nil
	}
	info, err := pl.survey.root.Lstat(p)
	if err != nil {
		return nil, 0, "", fmt.Errorf("%s: %w", p, err)
	}
	if info.Size() > mergeLimit {
		return nil, 0, fmt.Sprintf("too large to be merged (%d MiB)", info.Size()>>20), nil
	}
	if text, mode, err = pl.read(p); err != nil {
		return nil, 0, "", fmt.Errorf("%s: %w", p, err)
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, 0, "holds NUL bytes, and so is no text that could be merged", nil
	}
	return text, mode, "", nil
}

// knownBase returns the base of a file, and whether it is what the manifest says that it is.
func (pl *planner) knownBase(file string, rec record) (base []byte, whole bool, err error) {
	if base := pl.bases[file]; base != nil {
		return base, true, nil
	}
	if pl.survey.root == nil {
		return nil, false, nil
	}
	info, err := pl.survey.root.Lstat(basePath(file))
	if err != nil || !info.Mode().IsRegular() || info.Size() > mergeLimit {
		return nil, false, nil // whatever is wrong with it: it cannot be merged from
	}
	if base, _, err = pl.read(basePath(file)); err != nil {
		return nil, false, fmt.Errorf("%s: %w", basePath(file), err)
	}
	return base, rec.wrote(base), nil
}

// merge decides about a file whose base is known, and in which something is to change.
func (pl *planner) merge(op *Op, base, ours, theirs []byte) {
	merged, conflicts := normalize(theirs), 0
	op.State, op.Reason = Outdated, "as the spec asks for it now"
	op.Fix = "wsgen upgrade writes it anew: you have not edited it"
	if v := pl.manifest.version; v != pl.options.Version {
		op.Reason = writtenBy(v, pl.options.Version)
	}
	if !sameText(base, ours) {
		labels := merge.Labels{Ours: oursLabel, Theirs: theirsLabel + pl.options.Version}
		result := merge.Three(normalize(base), normalize(ours), merged, labels)
		merged, conflicts = result.Text, result.Conflicts
		op.Reason = "merged with what wsgen " + orUnknown(pl.options.Version) + " writes"
		op.Fix = "wsgen upgrade merges it with your edits"
	}
	if merged = withEndings(merged, ours); bytes.Equal(merged, ours) { // all of it is there already
		op.State, op.Reason, op.Fix = Current, "", ""
		return
	}
	op.Action, op.Old, op.New, op.Conflicts = Update, ours, nonNil(merged), conflicts
	switch {
	case conflicts == 0:
	case pl.options.Upgrade == ChangeNothing:
		op.Action, op.State = Conflict, Edited
		op.Reason = "you and wsgen " + orUnknown(pl.options.Version) + " changed the same lines"
		op.Fix = "wsgen upgrade --on-conflict markers writes both sides into the file"
	default:
		op.Reason = count(conflicts, "conflict", "conflicts")
		op.Fix = "choose between the two sides in the file, then: wsgen upgrade --continue"
	}
}

// nonNil tells an empty text from none.
func nonNil(text []byte) []byte {
	if text == nil {
		return []byte{}
	}
	return text
}

// openMarkers returns the line, from 1, of each place of a file in which an upgrade left both sides: of the marker with which it
// begins or, where that is gone, of the first that is left. The line between the sides counts alone but in Markdown, where it
// underlines a heading.
func openMarkers(file string, text []byte, version string) (lines []int) {
	begin, end := "<<<<<<< "+oursLabel, ">>>>>>> "+theirsLabel+version
	markdown := strings.EqualFold(path.Ext(file), ".md")
	line, open := 0, false
	for l := range bytes.Lines(text) {
		line++
		switch marker := string(bytes.TrimSpace(l)); {
		case marker == begin, !open && !markdown && marker == "=======":
			lines, open = append(lines, line), true
		case marker == end:
			if !open {
				lines = append(lines, line)
			}
			open = false
		}
	}
	return lines
}

// leftMarkers is openMarkers for a file of which nothing is remembered: it returns the line of each place that still has both the
// marker at its beginning and that at its end, of an upgrade to any version.
func leftMarkers(text []byte) (lines []int) {
	begin, end := "<<<<<<< "+oursLabel, ">>>>>>> "+theirsLabel
	line, began := 0, 0
	for l := range bytes.Lines(text) {
		line++
		switch marker := string(bytes.TrimSpace(l)); {
		case marker == begin:
			began = line
		case began > 0 && strings.HasPrefix(marker, end):
			lines, began = append(lines, began), 0
		}
	}
	return lines
}
