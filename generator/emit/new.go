package emit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"wsgen/generator/render"
)

// New makes a project in target, which is absent, empty, or holds nothing but .git. An absent target is built in a sibling
// folder, which is then renamed, so that it is there whole or not at all; an existing one is filled under the journal, since
// it may be somebody's working directory. With Options.DryRun it returns the plan and writes nothing.
//
// Errors: *[NotEmptyError], *[TargetError], *[PathError], those of [Tree.Apply], the context's, else one of I/O. After each
// of them the target is as it was.
func New(ctx context.Context, target string, files []render.File, o Options) (*Plan, error) {
	return newProject(ctx, target, files, o, nil)
}

// Free says whether [New] could make a project in target, as far as that can be told from what is there; its errors are New's.
// Like New it first recovers a run that was interrupted in there, unless it is for a dry run.
func Free(ctx context.Context, target string, dryRun bool) error {
	dir, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	_, err = isFree(ctx, target, dir, dryRun)
	return err
}

func newProject(ctx context.Context, target string, files []render.File, o Options, fault func(op, path string) error) (*Plan, error) {
	dir, err := filepath.Abs(target)
	if err != nil {
		return nil, err
	}
	o.Command = "" // before it there was nothing to go back to
	t := &Tree{dir: dir, fresh: true, fault: fault, manifest: manifest{files: make(map[string]record)}}
	if t.absent, err = isFree(ctx, target, dir, o.DryRun); err != nil {
		return nil, err
	}
	p, err := t.Plan(files, o)
	if err != nil || o.DryRun {
		return p, err
	}
	if !t.absent {
		return p, t.Apply(ctx, p)
	}
	return p, build(ctx, target, dir, p, fault)
}

// isFree says whether a project can be made in dir: absent means that nothing is there at all. A run that was interrupted
// in there is recovered first.
func isFree(ctx context.Context, target, dir string, dryRun bool) (absent bool, err error) {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case info.Mode()&fs.ModeSymlink != 0:
		return false, &TargetError{target, "is a symbolic link: name the folder that it leads to, or another one"}
	case !info.IsDir():
		return false, &TargetError{target, "is there, and not a folder: choose another name"}
	}
	found, err := contents(dir)
	if err != nil || len(found) == 0 {
		return false, err
	}
	refusal := &NotEmptyError{Path: target, Found: found}
	if !slices.Contains(found, wsgenDir+"/") || dryRun {
		return false, refusal
	}
	t, err := Open(dir)
	if err != nil {
		return false, err
	}
	if refusal.Recovered, err = t.Recover(ctx); err != nil {
		return false, err
	}
	if found, err = contents(dir); err != nil || len(found) == 0 {
		return false, err
	}
	return false, refusal
}

// contents lists what stands in a folder, .git apart, sorted.
func contents(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		name := e.Name()
		if name == ".git" {
			continue
		}
		if e.IsDir() {
			name += "/"
		}
		found = append(found, name)
	}
	return found, nil
}

// build writes the project into a sibling of dir and renames it. What it made is removed again if it fails.
func build(ctx context.Context, target, dir string, p *Plan, fault func(op, path string) error) (err error) {
	if conflicts := p.Conflicts(); len(conflicts) > 0 {
		return &ConflictError{Ops: conflicts}
	}
	made, err := makeParents(dir)
	defer func() {
		if err != nil {
			for _, parent := range slices.Backward(made) {
				_ = os.Remove(parent) // fails, and is meant to, where somebody put something in it
			}
		}
	}()
	if err != nil {
		return err
	}
	clearSiblings(dir)
	s, err := newSibling(dir, fault)
	if err != nil {
		return err
	}
	if err := s.fill(ctx, p); err != nil {
		return errors.Join(fmt.Errorf("%w; nothing was made", err), s.discard())
	}
	if err := s.rename(dir); err != nil {
		err = errors.Join(err, s.discard())
		if found, _ := contents(dir); len(found) > 0 {
			return &NotEmptyError{Path: target, Found: found} // another run was faster
		}
		return err
	}
	return s.release()
}

// makeParents makes the folders above dir that are missing and returns them, outermost first.
func makeParents(dir string) (made []string, err error) {
	var missing []string
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		_, err := os.Stat(parent)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		missing = append(missing, parent)
	}
	for _, parent := range slices.Backward(missing) {
		if err := os.Mkdir(parent, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return made, err
		}
		made = append(made, parent)
	}
	return made, nil
}
