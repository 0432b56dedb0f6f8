package golden

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// How long a file and a function may be, in lines; of wsgen itself and of what it emits.
const (
	mostFile     = 400
	mostFunction = 80
)

// minimalLines is how many lines golden/minimal may have, wsgen's own record of it apart. What a project does not ask for must not
// make it larger, so the number is raised by hand alone, for something that every project gains by; and lowered when it can be.
const minimalLines = 11_894

func TestTheMinimalProjectDoesNotGrow(t *testing.T) {
	lines := 0
	for name, text := range readTree(t, "minimal") {
		if !strings.HasPrefix(name, ".wsgen/") {
			lines += bytes.Count(text, []byte("\n"))
		}
	}
	if lines > minimalLines {
		t.Errorf("golden/minimal has %d lines; %d are the most", lines, minimalLines)
	}
}

func TestNothingIsTooLong(t *testing.T) {
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "bin"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".go" && filepath.Ext(name) != ".js":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if lines := bytes.Count(text, []byte("\n")); lines > mostFile {
			t.Errorf("%s has %d lines; %d are the most", name, lines, mostFile)
		}
		if filepath.Ext(name) == ".go" {
			checkFunctions(t, name, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkFunctions reports the functions of a file that are too long. The tables of routes and of tests are data.
func checkFunctions(t *testing.T, name string, text []byte) {
	t.Helper()
	if strings.HasSuffix(name, "_test.go") || filepath.Base(name) == "routing_gen.go" {
		return
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if lines := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; lines > mostFunction {
			t.Errorf("%s: %s has %d lines; %d are the most", name, f.Name.Name, lines, mostFunction)
		}
	}
}
