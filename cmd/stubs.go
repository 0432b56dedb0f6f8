package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wsgen/generator/model"
	"wsgen/generator/render"
)

// stubIndex finds where the user's code declares the types of its consumers: in the stub, as a rule, but a user may rename
// that file or gather several consumers in one. It is for one goroutine.
type stubIndex struct {
	dir   string
	types map[string]map[string]int // of each file that was read: the line of each type
	names map[string][]string       // of each folder that was listed: its files
}

func newStubIndex(dir string) *stubIndex {
	return &stubIndex{dir: dir, types: map[string]map[string]int{}, names: map[string][]string{}}
}

// find returns the file, relative to the project, and the line in which a consumer's type is declared. The line is 0 where that
// is nowhere, and the file then is the one where it belongs. None of this is an error: the code is the user's.
func (x *stubIndex) find(c *model.Consumer) (file string, line int) {
	if line := x.typesOf(c.File)[c.Type]; line > 0 {
		return c.File, line
	}
	for _, name := range x.beside(path.Dir(c.File)) {
		if line := x.typesOf(name)[c.Type]; line > 0 {
			return name, line
		}
	}
	return c.File, 0
}

// beside lists the Go files of a folder of the project, sorted, tests apart.
func (x *stubIndex) beside(folder string) []string {
	if names, known := x.names[folder]; known {
		return names
	}
	var names []string
	for _, e := range entriesOf(filepath.Join(x.dir, filepath.FromSlash(folder))) {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			names = append(names, path.Join(folder, name))
		}
	}
	x.names[folder] = names
	return names
}

// typesOf returns the line of each type that a file declares: none where it is missing, or broken before that line.
func (x *stubIndex) typesOf(file string) map[string]int {
	if types, known := x.types[file]; known {
		return types
	}
	x.types[file] = declaredTypes(filepath.Join(x.dir, filepath.FromSlash(file)))
	return x.types[file]
}

func declaredTypes(path string) map[string]int {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > largestFile { // a repository may hold a link to /dev/zero
		return nil
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	set := token.NewFileSet()
	// A file with a syntax error is parsed as far as it goes, which mostly is far enough.
	file, _ := parser.ParseFile(set, path, source, parser.SkipObjectResolution)
	if file == nil {
		return nil
	}
	lines := map[string]int{}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		for _, s := range decl.Specs {
			if t, ok := s.(*ast.TypeSpec); ok {
				lines[t.Name.Name] = set.PositionFor(t.Pos(), false).Line // a //line directive would lead away from the file
			}
		}
	}
	return lines
}

// withoutMoved returns the files of the project in dir without the stubs that are not there because the user moved their code
// to another file: written again, they would declare it twice.
func withoutMoved(dir string, m *model.Project, files []render.File) []render.File {
	stubs := map[string]*model.Consumer{}
	for _, c := range m.Consumers {
		stubs[c.File] = c
	}
	index := newStubIndex(dir)
	return slices.DeleteFunc(files, func(f render.File) bool {
		c := stubs[f.Path]
		if c == nil {
			return false
		}
		if _, there := slices.BinarySearch(index.beside(path.Dir(c.File)), c.File); there {
			return false
		}
		_, line := index.find(c)
		return line > 0
	})
}
