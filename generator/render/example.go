package render

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"text/template"

	"wsgen/generator/model"
	"wsgen/templates"
)

// Example is a finished project to start from: a spec, and files that go in place of, or beside, what wsgen makes of it.
type Example struct {
	Name string
	Spec []byte // its wsgen.yaml

	fsys fs.FS
}

// Examples returns the names of the examples, sorted.
func Examples() ([]string, error) {
	entries, err := fs.ReadDir(templates.FS, examplesDir)
	if err != nil {
		return nil, fmt.Errorf("list the embedded examples: %w", err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

const examplesDir = "_examples"

// FindExample returns the example of that name, or nil where there is none. An error is one of wsgen itself.
func FindExample(name string) (*Example, error) {
	names, err := Examples()
	if err != nil || !slices.Contains(names, name) {
		return nil, err
	}
	root, err := fs.Sub(templates.FS, path.Join(examplesDir, name))
	if err != nil {
		return nil, fmt.Errorf("open the example %s: %w", name, err)
	}
	text, err := fs.ReadFile(root, SpecPath)
	if err != nil {
		return nil, fmt.Errorf("read the example %s: %w", name, err)
	}
	return &Example{Name: name, Spec: text, fsys: root}, nil
}

// exampleText is the data of every template of an example.
type exampleText struct {
	Service string
	Module  string
}

// Files returns the files of the example as the project p, sorted by path. Plain are the files of p without it, and module is
// the Go module that the example's own spec names. A file of both stays the user's file of plain that it is, begun with the
// example's text; what only the example has is added, unrecorded.
func (e *Example) Files(p *model.Project, plain []File, module string) ([]File, error) {
	own, err := e.texts(p, module)
	if err != nil {
		return nil, err
	}
	files := slices.Clone(plain)
	for i, f := range files {
		begin, ok := own[f.Path]
		switch {
		case !ok:
			continue
		case f.Owner != Yours:
			return nil, fmt.Errorf("the example %s has %s, which is %s", e.Name, f.Path, f.Owner)
		}
		files[i].Begin = begin
		delete(own, f.Path)
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		text := own[name]
		files = append(files, File{Path: name, Owner: Yours, Mode: 0o644, Unrecorded: true,
			Render: func([]byte) ([]byte, error) { return text() }})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// texts returns the files of the example but its spec, each as a function that renders it.
func (e *Example) texts(p *model.Project, module string) (map[string]func() ([]byte, error), error) {
	src := &sources{fsys: e.fsys, module: module,
		parsed: sync.OnceValues(func() (*template.Template, error) { return parseTemplates(e.fsys) })}
	all := make(map[string]func() ([]byte, error))
	err := fs.WalkDir(e.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == SpecPath {
			return err
		}
		r := row{path: strings.TrimSuffix(name, templateSuffix), source: name, owner: Yours,
			data: func() any { return exampleText{Service: p.Service, Module: p.Module} }}
		all[r.path] = func() ([]byte, error) {
			text, err := r.body(src, p.Module)
			if err != nil {
				return nil, fmt.Errorf("render %s of the example %s: %w", r.path, e.Name, err)
			}
			return text, nil
		}
		return nil
	})
	return all, err
}
