package emit

import (
	"bytes"
	"fmt"

	"wsgen/generator/render"
)

// adopt makes whole what the manifest records of the user's files, where a merge, or whoever resolved one, left a record out or left two
// in its place: the base tells what wsgen wrote. Where git left both sides in the base too, it becomes what the file is written like
// today, if that is one of them, and otherwise both, which is what a user who keeps both makes of the file.
func (pl *planner) adopt(files []render.File) error {
	for _, f := range files {
		rec, known := pl.manifest.files[f.Path]
		if f.Owner != render.Yours || f.Unrecorded || known && (rec.owner != render.Yours || len(rec.hashes) == 1 && !pl.merged) {
			continue
		}
		base, _, err := pl.knownBase(f.Path, rec)
		if err != nil {
			return err
		}
		if base == nil {
			continue
		}
		if conflicted(base) {
			text, err := f.Render(nil)
			if err != nil {
				return fmt.Errorf("%s: %w", f.Path, err)
			}
			if base = bothSides(base); rec.wrote(text) {
				base = text
			}
			pl.bases[f.Path] = base
		}
		pl.manifest.files[f.Path] = record{owner: render.Yours, hashes: []string{hashText(base)}}
	}
	return nil
}

// bothSides returns a text in which git left both sides of a merge without the markers. Of the common ancestor, which git leaves as
// well where it is told to, nothing stays.
func bothSides(text []byte) []byte {
	var kept []byte
	inside, ancestor := false, false
	for line := range bytes.Lines(text) {
		switch {
		case !inside && bytes.HasPrefix(line, []byte("<<<<<<< ")):
			inside = true
		case inside && bytes.HasPrefix(line, []byte("||||||| ")):
			ancestor = true
		case inside && string(bytes.TrimRight(line, "\r\n")) == "=======":
			ancestor = false
		case inside && bytes.HasPrefix(line, []byte(">>>>>>> ")):
			inside, ancestor = false, false
		case !ancestor:
			kept = append(kept, line...)
		}
	}
	return nonNil(kept)
}
