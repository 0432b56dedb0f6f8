package cmd

import (
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
	files map[string]goFile   // those that were read, by path
	names map[string][]string // of each folder that was listed: its files
}

func newStubIndex(dir string) *stubIndex {
	return &stubIndex{dir: dir, files: map[string]goFile{}, names: map[string][]string{}}
}

// find returns the file, relative to the project, and the line in which a consumer's type is declared. The line is 0 where that
// is nowhere, and the file then is the one where it belongs. None of this is an error: the code is the user's.
func (x *stubIndex) find(c *model.Consumer) (file string, line int) {
	for _, name := range append([]string{c.File}, x.beside(path.Dir(c.File))...) {
		if d := x.read(name).declares[c.Type]; d.isType {
			return name, d.line
		}
	}
	return c.File, 0
}

// constructs says whether the constructor that the service calls for a consumer is there, in whatever file.
func (x *stubIndex) constructs(c *model.Consumer) bool {
	return slices.ContainsFunc(x.beside(path.Dir(c.File)), func(name string) bool {
		d := x.read(name).declares[c.Constructor]
		return d.line > 0 && !d.isType
	})
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

// read parses a file: what it declares is nothing where it is missing, and as far as it parses where it is broken.
func (x *stubIndex) read(file string) goFile {
	if _, known := x.files[file]; !known {
		x.files[file] = readGo(filepath.Join(x.dir, filepath.FromSlash(file)))
	}
	return x.files[file]
}

func readGo(path string) goFile {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > largestFile { // a repository may hold a link to /dev/zero
		return goFile{}
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return goFile{}
	}
	return parseGo(path, source)
}

// withoutMoved returns the files of the project in dir without the stubs that are not there because the user moved their code
// to another file: written again, they would declare it twice. A type of that name alone, without the constructor that the service
// calls, is something else.
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
		return line > 0 && index.constructs(c)
	})
}
