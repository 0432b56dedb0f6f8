package cmd

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
)

// goFile is what one Go file says to the other files of its folder.
type goFile struct {
	path     string
	name     string                 // of its package; "" where it cannot be told, or where no build takes the file
	declares map[string]declaration // what it declares at the top level
	imports  map[string]declaration // the names by which it calls other packages; those without an alias are told by the path
}

// declaration is where a Go name gets its meaning, and whether that is a type.
type declaration struct {
	line, column int // from 1; both 0 for a name that is not declared
	isType       bool
}

// goFilesIn parses the Go files of a folder, sorted by name; where there is no such folder there are none.
func goFilesIn(root *os.Root, folder string) (files []goFile, err error) {
	if info, err := root.Stat(folder); err != nil || !info.IsDir() {
		return nil, nil // what it is instead of a folder, the plan says
	}
	dir, err := root.Open(folder)
	if err != nil {
		return nil, failure(err, "", "looking into %s", folder)
	}
	entries, err := dir.ReadDir(-1)
	_ = dir.Close() // it was only read
	if err != nil {
		return nil, failure(err, "", "looking into %s", folder)
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			continue
		}
		p := path.Join(folder, name)
		if info, err := root.Stat(p); err != nil || !info.Mode().IsRegular() || info.Size() > largestFile { // a repository may hold a link to anything
			continue
		}
		text, err := root.ReadFile(p)
		if err != nil {
			return nil, failure(err, "", "reading %s", p)
		}
		files = append(files, parseGo(p, text))
	}
	slices.SortFunc(files, func(a, b goFile) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

// parseGo reads what a file declares, as far as it can be parsed.
func parseGo(name string, text []byte) goFile {
	f := goFile{path: name, declares: map[string]declaration{}, imports: map[string]declaration{}}
	set := token.NewFileSet()
	file, _ := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if file == nil || file.Name == nil || neverBuilt(file) {
		return f
	}
	f.name = file.Name.Name
	at := func(n ast.Node, isType bool) declaration {
		where := set.PositionFor(n.Pos(), false) // a //line directive would lead away from the file
		return declaration{where.Line, where.Column, isType}
	}
	note := func(id *ast.Ident, isType bool) {
		if id.Name != "_" && id.Name != "init" {
			f.declares[id.Name] = at(id, isType)
		}
	}
	for _, spec := range file.Imports {
		if name := importName(spec); name != "" {
			f.imports[name] = at(spec, false)
		}
	}
	for _, d := range file.Decls {
		switch decl := d.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				note(decl.Name, false)
			}
		case *ast.GenDecl:
			for _, s := range decl.Specs {
				switch spec := s.(type) {
				case *ast.TypeSpec:
					note(spec.Name, true)
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						note(id, false)
					}
				}
			}
		}
	}
	return f
}

// importName returns the name by which a file calls what it imports, or "" where that adds no name to the file. Without an alias it
// is taken from the path, as people name packages: its last element that is no version.
func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		if spec.Name.Name == "_" || spec.Name.Name == "." {
			return ""
		}
		return spec.Name.Name
	}
	importPath, err := strconv.Unquote(spec.Path.Value)
	if err != nil || importPath == "C" {
		return ""
	}
	stem, _, _ := module.SplitPathVersion(importPath)
	return path.Base(stem)
}

// namesake is a name of one file that another file of the same package gives a meaning of its own, though it can have only one:
// what a package declares is known in all of its files, where it may not be the name of an import as well (see the Go
// specification, "Declarations and scope").
type namesake struct {
	name         string
	line, column int  // in the one file
	imported     bool // the one file imports a package by that name; else it declares it
	imports      bool // the other file does; else it declares it
}

// namesakes returns every name of a file that another one gives another meaning, by its place in the file.
func (f goFile) namesakes(other goFile) (found []namesake) {
	if f.name == "" || f.name != other.name { // a test from outside has names of its own
		return nil
	}
	both := func(mine, others map[string]declaration, imported, imports bool) {
		for name, at := range mine {
			if others[name].line > 0 {
				found = append(found, namesake{name, at.line, at.column, imported, imports})
			}
		}
	}
	both(f.declares, other.declares, false, false)
	both(f.declares, other.imports, false, true)
	both(f.imports, other.declares, true, false)
	slices.SortFunc(found, func(a, b namesake) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column), cmp.Compare(a.name, b.name))
	})
	return found
}
