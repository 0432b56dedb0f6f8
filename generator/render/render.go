// Package render turns a project into the bytes of every emitted file. It reads no disk and writes none: what it emits
// comes from the embedded folder templates/project, which mirrors an emitted project path for path.
//
// Three kinds of source stand in that folder.
//
//   - A static file is emitted as it is. Where it is Go, it is real Go, compiled and tested in place; on the way out its
//     imports of this module are moved to the module of the project (imports.go), and its _test.go files stay behind.
//   - A template, whose name ends in .tmpl, is executed over a data struct of its own (routing.go, consumers.go, client.go,
//     texts.go). It decides nothing: a choice is a field or a method of its struct. What comes out as Go is parsed and
//     formatted before anyone sees it, so that no broken file can leave this package.
//   - go.mod and go.sum are spliced: the templates name what is needed, and gomod.go and gosum.go add what an existing file
//     lacks without touching the rest.
//
// Which file comes from which source, and whose it is afterwards, stands in one place, the plan table (table.go). The same
// project always gives the same bytes: no time, no version, no map order, no path of the machine.
package render

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"wsgen/generator/model"
	"wsgen/templates"
)

// Owner says whose a file is, and so what wsgen may do with it (see docs/emitted-project.md).
type Owner string

// The owners.
const (
	Generated Owner = "generated" // replaced whenever the spec asks for it; an edit is a conflict
	Yours     Owner = "yours"     // written once, then the user's
	Spliced   Owner = "spliced"   // the user's, but wsgen adds what is missing and touches nothing else
)

// File is one file of the emitted project.
type File struct {
	Path  string // slash-separated, relative to the project's root
	Owner Owner
	Mode  fs.FileMode // 0o644 or 0o755
	// Needed is set where the project does not build without the file: one of the user's that is missing is then written
	// again. Any other file of the user's stays deleted once the user deleted it.
	Needed bool
	// Render returns the file's text: for Generated and Yours the whole file (existing is ignored); for Spliced what
	// existing becomes, existing being nil where there is no such file. It is pure and may be called from any goroutine.
	// A file of the user's that is there already is never rendered, which is what keeps a second run fast.
	// An error names the file. It is a *[RefusedError] where existing is at fault.
	Render func(existing []byte) ([]byte, error)
	// Raise, where it is set, is Render for an upgrade: it also brings up what existing has and what is too old for the generated
	// code. Only for Spliced.
	Raise func(existing []byte) ([]byte, error)
	// Begin, where it is set, returns what the file is created with instead of Render's text: an edit that an example made
	// ahead. What is recorded is Render's text, so that the file counts as one that the user has edited. Only for Yours.
	Begin func() ([]byte, error)
	// Unrecorded is set for a file that an example has and the project without it has not: once it is written it is one of
	// the user's files like any other, of which wsgen keeps no record. Only for Yours.
	Unrecorded bool
}

// Project returns every file of the project but wsgen.yaml, sorted by path. Nothing is rendered until a File's Render is
// called. An error is one of wsgen itself: the embedded sources could not be read.
func Project(p *model.Project) ([]File, error) {
	src, err := embedded()
	if err != nil {
		return nil, err
	}
	rows, err := table(p, src)
	if err != nil {
		return nil, err
	}
	files := make([]File, len(rows))
	for i, r := range rows {
		files[i] = r.file(src, p.Module)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// SpecFile returns wsgen.yaml as a file of the project. Its text was made by the caller: rendered by Spec, copied from the
// user's own, or spliced by spec.File.Add.
func SpecFile(text []byte) File {
	return File{
		Path:   SpecPath,
		Owner:  Spliced,
		Mode:   0o644,
		Needed: true,
		Render: func([]byte) ([]byte, error) { return text, nil },
	}
}

// SpecPath is where the spec stands in a project.
const SpecPath = "wsgen.yaml"

// embedded returns the sources that are compiled into wsgen.
func embedded() (*sources, error) {
	root, err := fs.Sub(templates.FS, "project")
	if err != nil {
		return nil, fmt.Errorf("open the embedded templates: %w", err)
	}
	return &sources{fsys: root, module: sourceModule, parsed: parsedTemplates}, nil
}
