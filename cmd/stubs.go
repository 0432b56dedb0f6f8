package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"

	"wsgen/generator/model"
)

// stubIndex finds where the user's stubs declare the types of their consumers.
type stubIndex struct {
	dir   string
	lines map[string]int // by path of the stub
}

func newStubIndex(dir string) *stubIndex { return &stubIndex{dir: dir, lines: map[string]int{}} }

// line returns the line of the consumer's type declaration in its stub, or 0 where the stub is missing, does not declare it,
// or is broken before that line. A stub is the user's, and none of this is an error.
func (x *stubIndex) line(c *model.Consumer) int {
	if line, known := x.lines[c.File]; known {
		return line
	}
	x.lines[c.File] = typeLine(filepath.Join(x.dir, filepath.FromSlash(c.File)), c.Type)
	return x.lines[c.File]
}

func typeLine(path, name string) int {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // a repository may hold a link to /dev/zero
		return 0
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	set := token.NewFileSet()
	// A file with a syntax error is parsed as far as it goes, which mostly is far enough.
	file, _ := parser.ParseFile(set, path, source, parser.SkipObjectResolution)
	if file == nil {
		return 0
	}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		for _, s := range decl.Specs {
			if t, ok := s.(*ast.TypeSpec); ok && t.Name.Name == name {
				return set.PositionFor(t.Pos(), false).Line // a //line directive would lead away from the file
			}
		}
	}
	return 0
}
