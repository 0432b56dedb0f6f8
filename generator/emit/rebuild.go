package emit

import (
	"errors"
	"fmt"
	"os"

	"wsgen/generator/render"
)

// Rebuild has a tree whose manifest is lost or damaged count as wsgen's what holds just the text of one of the files, which are those
// of the spec as it was before a command changes it: for the files of after, what is there would be somebody else's. Where the
// manifest is whole it does nothing. It reads only.
func (t *Tree) Rebuild(files []render.File) (err error) {
	if t.damage == "" {
		return nil
	}
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	pl := &planner{manifest: t.manifest, survey: newSurvey(root)}
	for _, f := range files {
		if _, known := t.manifest.files[f.Path]; known || f.Owner != render.Generated || checkFile(f.Path) != nil {
			continue
		}
		text, err := pl.asRendered(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		if text != nil {
			t.manifest.files[f.Path] = record{owner: f.Owner, hashes: []string{hashText(text)}}
		}
	}
	return nil
}

// asRendered returns the text of a file where that is what stands there, else nil.
func (pl *planner) asRendered(f render.File) ([]byte, error) {
	at, err := pl.survey.at(f.Path)
	if err != nil || at.presence != regular {
		return nil, err
	}
	there, _, err := pl.read(f.Path)
	if err != nil {
		return nil, err
	}
	text, err := f.Render(nil)
	if err != nil || !sameText(there, text) {
		return nil, err
	}
	return text, nil
}
