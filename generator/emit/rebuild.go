package emit

import (
	"errors"
	"fmt"
	"os"

	"wsgen/generator/render"
)

// Rebuild has the tree count as wsgen's what holds just the text of one of the files, and is not recorded so: the manifest was lost or
// damaged, or somebody resolved a merge of it. The files are those of the spec as it was before a command changes it: for the files of
// after, what is there would be somebody else's. It reads only.
func (t *Tree) Rebuild(files []render.File) (err error) {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	pl := newPlanner(t.manifest, Options{})
	pl.survey, pl.merged = newSurvey(root), t.merged()
	if err := pl.adopt(files); err != nil {
		return err
	}
	for _, f := range files {
		rec, known := t.manifest.files[f.Path]
		if known && rec.owner != render.Generated || f.Owner != render.Generated || checkFile(f.Path) != nil {
			continue
		}
		text, err := pl.asRendered(f, rec)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		if text != nil {
			t.manifest.files[f.Path] = record{owner: f.Owner, hashes: []string{hashText(text)}}
		}
	}
	return nil
}

// asRendered returns the text of a file where that is what stands there, and is not recorded, else nil.
func (pl *planner) asRendered(f render.File, rec record) ([]byte, error) {
	at, err := pl.survey.at(f.Path)
	if err != nil || at.presence != regular {
		return nil, err
	}
	there, _, err := pl.read(f.Path)
	if err != nil || rec.wrote(there) {
		return nil, err
	}
	text, err := f.Render(nil)
	if err != nil || !sameText(there, text) {
		return nil, err
	}
	return text, nil
}
