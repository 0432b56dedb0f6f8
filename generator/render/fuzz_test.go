package render

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"wsgen/generator/model"
	"wsgen/generator/spec"
)

// FuzzProject renders whatever the parser and the model let through. Nothing of a spec may break out of where it was put:
// every Go file parses, each declares what it should and no more, and nothing of the client spills over its line.
func FuzzProject(f *testing.F) {
	for _, seed := range []string{
		"version: 1\nservice: s\nmodule: example.com/s\nroutes:\n  /ws/{a:int}: chat\n  /ws/b/: chat\nconsumers:\n  chat: async\n",
		"version: 1\nservice: s\nmodule: a.b/c\nroutes:\n  /ws/a:@+,=~b.c/ümläut/: x\n  /y/{a}/{b:path}: x\nconsumers: {x: {mode: sync, outbound: latest}}\n",
		"version: 1\nservice: s-1\nmodule: a.b/c\nroutes: {\"/\\u0061\": x}\nconsumers: {x: sync}\nsettings:\n  allowed_origins: ['https://a.b:1', '*']\n",
	} {
		if buildModel([]byte(seed)) == nil {
			f.Fatalf("a seed is not valid:\n%s", seed)
		}
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p := buildModel(text)
		if p == nil {
			return
		}
		for _, f := range files(t, p) {
			checkRendered(t, p, f.Path, renderNew(t, f))
		}
	})
}

// buildModel returns the project of a spec, or nil where the spec is not valid.
func buildModel(text []byte) *model.Project {
	file, found := spec.Parse("wsgen.yaml", text)
	if found.HasErrors() {
		return nil
	}
	p, found := model.Build(file)
	if found.HasErrors() {
		return nil
	}
	return p
}

func checkRendered(t *testing.T, p *model.Project, path string, text []byte) {
	t.Helper()
	switch {
	case path == "client/index.js":
		if got, want := bytes.Count(text, []byte("\n    { path: ")), len(p.Routes); got != want {
			t.Errorf("%s lists %d routes of %d:\n%s", path, got, want, text)
		}
	case path == "routing/routing_gen.go":
		if got := declarations(t, path, text); got != "imports New stack OpenLayer" {
			t.Errorf("%s declares %s:\n%s", path, got, text)
		}
	case strings.HasSuffix(path, "_consumer.go"):
		if got := strings.Fields(declarations(t, path, text)); len(got) != 7 {
			t.Errorf("%s declares %q:\n%s", path, got, text)
		}
	}
}

// declarations returns the names that a Go file declares at its top level, in order.
func declarations(t *testing.T, path string, text []byte) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				names = append(names, "imports")
				continue
			}
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					names = append(names, s.Names[0].Name)
				}
			}
		}
	}
	return strings.Join(names, " ")
}
