package cmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

// specLimit bounds what is read of a spec, in bytes: well above what the parser takes, so that it sees and says that the
// spec is too large, and far below what would hurt when somebody names /dev/zero.
const specLimit = 16 << 20

// project is a project on disk, as a command that works in it sees it.
type project struct {
	dir   string // absolute
	file  *spec.File
	model *model.Project
}

// findProject returns the nearest folder with a wsgen.yaml, from the working directory (or -C) upward. One in which a run was
// interrupted that was about to write the spec is the project as well: the next writing command ends that run first.
func (a *app) findProject() (dir string, err error) {
	start, err := filepath.Abs(a.path("."))
	if err != nil {
		return "", failure(err, "", "the working directory")
	}
	for dir = start; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, render.SpecPath))
		switch {
		case err == nil && leadsOut(dir, render.SpecPath):
			return "", &problem{code: exitGuard, fact: a.shown(filepath.Join(dir, render.SpecPath)) + ": " + factLink, wayOut: wayOutLink}
		case err == nil, errors.Is(err, os.ErrNotExist) && begun(dir):
			a.report.Root = dir
			return dir, nil
		case !errors.Is(err, os.ErrNotExist):
			return "", failure(err, "", "looking for %s", render.SpecPath)
		case dir == filepath.Dir(dir):
			return "", usage("make a project with: wsgen new project NAME, add one to this folder with: wsgen init, or name its folder with -C",
				"there is no %s in %s or above it", render.SpecPath, start)
		}
	}
}

// begun says whether a run of wsgen that changed files in dir was interrupted there.
func begun(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, wsgenFolder)); err != nil {
		return false
	}
	tree, err := emit.Begin(dir)
	return err == nil && tree.Interrupted() != nil && tree.Interrupted().Committed
}

// openProject reads and checks the spec of the project the user stands in, and prints its warnings.
func (a *app) openProject(ctx context.Context) (*project, error) {
	dir, err := a.findProject()
	if err != nil {
		return nil, err
	}
	return a.loadProject(ctx, dir)
}

// loadProject reads and checks the spec of the project in dir, and prints its warnings.
func (a *app) loadProject(ctx context.Context, dir string) (*project, error) {
	p, warnings, err := a.readProject(ctx, dir)
	if err != nil {
		return nil, err
	}
	a.warn(p.file, warnings)
	return p, nil
}

// readProject reads and checks the spec of the project in dir. Its warnings are not printed: a command that is about to change
// the spec prints those that are left then.
func (a *app) readProject(ctx context.Context, dir string) (*project, spec.Diagnostics, error) {
	path := filepath.Join(dir, render.SpecPath)
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		if begun(dir) {
			return nil, nil, &problem{code: exitGuard, fact: a.shown(dir) + ": an earlier run was interrupted before it wrote the spec",
				wayOut: "wsgen generate finishes it or rolls it back"}
		}
		return nil, nil, usage("make a project in there with: wsgen init", "there is no %s in %s", render.SpecPath, a.shown(dir))
	}
	source, err := a.readSpec(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	file, m, found := checkSpec(a.shown(path), source)
	if m == nil {
		a.report.addDiagnostics(file.Name, found)
		return nil, nil, &specError{file: file, diagnostics: found}
	}
	return &project{dir: dir, file: file, model: m}, found, nil
}

// readSpec reads a spec from a file, or from standard input where path is "-".
func (a *app) readSpec(ctx context.Context, path string) ([]byte, error) {
	if path == "-" {
		source, err := patiently(ctx, func() ([]byte, error) { return readAll(a.stdin) })
		if err != nil && ctx.Err() == nil {
			return nil, failure(err, "", "read the spec from standard input")
		}
		return source, err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, usage("a spec is a file: give its path", "%s is a folder", a.shown(path))
	}
	source, err := patiently(ctx, func() ([]byte, error) {
		f, err := os.Open(path) // a named pipe waits here for its writer
		if err != nil {
			return nil, err
		}
		defer f.Close() // it is only read: nothing can be lost
		return readAll(f)
	})
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, usage("give the path of a spec", "there is no file %s", a.shown(path))
	case err != nil && ctx.Err() == nil:
		return nil, failure(err, "", "read the spec")
	}
	return source, err
}

// readAll reads r to its end, or to the limit of a spec.
func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, specLimit)) }

// parseSpec turns source into a project's model; name is how messages call it. The warnings are printed, the errors are
// returned as a *specError.
func (a *app) parseSpec(name string, source []byte) (*spec.File, *model.Project, error) {
	file, m, found := checkSpec(name, source)
	if m == nil {
		a.report.addDiagnostics(name, found)
		return file, nil, &specError{file: file, diagnostics: found}
	}
	a.warn(file, found)
	return file, m, nil
}

// checkSpec returns everything that is to be said about a spec, and its model where there is no error.
func checkSpec(name string, source []byte) (*spec.File, *model.Project, spec.Diagnostics) {
	file, found := spec.Parse(name, source)
	m, more := model.Build(file) // also after an error: the user is to hear of all of them at once
	found = append(found, more...)
	found.Sort()
	return file, m, found
}

// projectFiles returns every file of the project. wsgen.yaml is among them: it was before, or nil where there was none, and
// becomes after. One that is neither by the time of the plan was changed by somebody else, whose work is not to be lost.
func projectFiles(m *model.Project, before, after []byte) ([]render.File, error) {
	files, err := render.Project(m)
	if err != nil {
		return nil, err
	}
	spec := render.SpecFile(after)
	text := spec.Render
	spec.Render = func(existing []byte) ([]byte, error) {
		if !bytes.Equal(existing, before) && !bytes.Equal(existing, after) {
			return nil, &emit.ChangedError{Path: render.SpecPath}
		}
		return text(existing)
	}
	return append(files, spec), nil
}

// files returns every file of the project, whose spec was before when it was read.
func (p *project) files(before []byte) ([]render.File, error) {
	files, err := projectFiles(p.model, before, p.file.Source)
	if err != nil {
		return nil, err
	}
	return withoutMoved(p.dir, p.model, files), nil
}

// options returns what package emit needs to know of the command line. The command is how the history calls the run, as in
// "add consumer chat"; it is empty for one that leaves no trace there, because it writes nothing or makes the whole project.
func (a *app) options(command string) emit.Options {
	return emit.Options{Force: a.flags.force, Version: version, Command: command}
}
