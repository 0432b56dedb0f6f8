package emit

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"wsgen/generator/render"
)

// PlanFile computes what is to be done so that the tree holds one file. It is Plan for a command that is about that file alone:
// every other file, and what is recorded of it, stays as it is, whether or not the spec asks for it today; so does a manifest that is
// lost or damaged, which is not to be rebuilt from so little. It reads only. Its errors are those of [Tree.Plan].
func (t *Tree) PlanFile(f render.File, o Options) (p *Plan, err error) {
	if err := checkFiles([]render.File{f}); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	pl := newPlanner(t.manifest, o)
	pl.survey = newSurvey(root)
	p = &Plan{
		Recorded: t.manifest.version,
		command:  o.Command,
		manifest: manifest{version: t.manifest.version, files: maps.Clone(t.manifest.files)},
		own:      make(map[string][]byte),

		asRecorded: t.damage != "",
	}
	if p.Ops, err = pl.wanted([]render.File{f}); err != nil {
		return nil, err
	}
	p.record(t.manifest)
	return p, t.undisturbed(root)
}

// Replace gives a file that belongs to no project another text: a new file beside it takes its place in one step, with its mode,
// so that it is old or new and whole at any moment. Through a link the file that it leads to is replaced. It is a *[ChangedError]
// where the file does not hold the text before, and a *[TargetError] where it is none.
func Replace(path string, before, after []byte) (err error) {
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Lstat(file)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &TargetError{Path: path, Why: "not a regular file"}
	}
	now, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) {
		return &ChangedError{Path: path}
	}
	beside, err := os.CreateTemp(filepath.Dir(file), ".wsgen-new-*")
	if err != nil {
		return err
	}
	if err := fill(beside, after, info.Mode().Perm()); err != nil {
		return errors.Join(err, os.Remove(beside.Name()))
	}
	if err := os.Rename(beside.Name(), file); err != nil {
		return errors.Join(err, os.Remove(beside.Name()))
	}
	return nil
}

// fill writes a new file to its end and closes it.
func fill(file *os.File, text []byte, mode fs.FileMode) (err error) {
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(text); err != nil {
		return err
	}
	return file.Chmod(mode)
}
