package cmd

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"os"
	"path"
	"slices"
	"strings"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

// goFile is what one Go file says to the other files of its folder.
type goFile struct {
	path     string
	name     string         // of its package; "" where it cannot be told, or where no build takes the file
	declares map[string]int // what it declares at the top level, with the lines
}

// packages finds Go files of the user's that cannot be compiled together with those that the service has in the same folder.
func (s *site) packages(root *os.Root, files []render.File, plan *emit.Plan) (found []finding, err error) {
	written := map[string]bool{}
	for _, op := range plan.Ops {
		written[op.Path] = op.Action != emit.Keep || op.Owner != render.Yours
	}
	ours := map[string][]goFile{} // by folder
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".go") || !written[f.Path] {
			continue
		}
		text, err := f.Render(nil)
		if err != nil {
			return nil, err
		}
		ours[path.Dir(f.Path)] = append(ours[path.Dir(f.Path)], parseGo(f.Path, text))
	}
	for folder, theirs := range ours {
		mine, err := goFilesIn(root, folder)
		if err != nil {
			return nil, err
		}
		for _, m := range mine {
			if known := slices.ContainsFunc(files, func(f render.File) bool { return f.Path == m.path }); known && m.path != "main.go" {
				continue // a collision of its own, or the very file
			}
			if fact := clash(m, theirs); fact != "" {
				found = append(found, finding{kindInTheWay, m.path, fact, wayOutOfPackage(folder, m)})
			}
		}
	}
	return found, nil
}

// clash says why a file cannot be compiled together with others, or "".
func clash(m goFile, others []goFile) string {
	for _, o := range others {
		if m.name == "" || o.name == "" {
			continue
		}
		if strings.TrimSuffix(m.name, "_test") != strings.TrimSuffix(o.name, "_test") {
			return fmt.Sprintf("it is of package %s, and %s of the service, in the same folder, of package %s", m.name, path.Base(o.path), o.name)
		}
		if m.name != o.name {
			continue // a test from outside has names of its own
		}
		var both []string
		for name := range o.declares {
			if m.declares[name] > 0 {
				both = append(both, name)
			}
		}
		if len(both) > 0 {
			slices.SortFunc(both, func(a, b string) int { return m.declares[a] - m.declares[b] })
			return fmt.Sprintf("line %d: it declares %s, and so does %s of the service", m.declares[both[0]], both[0], path.Base(o.path))
		}
	}
	return ""
}

// wayOutOfPackage says what can be done about a file in a folder that becomes a package of the service.
func wayOutOfPackage(folder string, m goFile) string {
	switch {
	case folder != ".":
		return "move it to another folder, or give it other names"
	case m.declares["main"] > 0:
		return "rename it to main.go: it is kept then, and what mounts the service in it is printed"
	case m.name == "main":
		return "give it other names"
	}
	return "the service is a program, and needs a folder of its own"
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
		if info, err := root.Stat(p); err != nil || !info.Mode().IsRegular() { // a repository may hold a link to anything
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
	f := goFile{path: name, declares: map[string]int{}}
	set := token.NewFileSet()
	file, _ := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if file == nil || file.Name == nil || ignored(file) {
		return f
	}
	f.name = file.Name.Name
	note := func(id *ast.Ident) {
		if id.Name != "_" && id.Name != "init" {
			f.declares[id.Name] = set.PositionFor(id.Pos(), false).Line
		}
	}
	for _, d := range file.Decls {
		switch decl := d.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				note(decl.Name)
			}
		case *ast.GenDecl:
			for _, s := range decl.Specs {
				switch spec := s.(type) {
				case *ast.TypeSpec:
					note(spec.Name)
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						note(id)
					}
				}
			}
		}
	}
	return f
}

// ignored says whether no build takes the file, as one that says "//go:build ignore": a tag that nobody sets.
func ignored(file *ast.File) bool {
	for _, group := range file.Comments {
		if group.Pos() > file.Package {
			break
		}
		for _, c := range group.List {
			if !constraint.IsGoBuild(c.Text) {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			if err != nil {
				return false
			}
			set := func(others bool) bool { return expr.Eval(func(tag string) bool { return others && tag != "ignore" }) }
			return !set(true) && !set(false)
		}
	}
	return false
}

// mainPackage returns the package of the main.go that is there.
func (s *site) mainPackage() string {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return "main"
	}
	defer root.Close() // it is only read
	text, err := root.ReadFile("main.go")
	if err != nil {
		return "main"
	}
	if name := parseGo("main.go", text).name; name != "" {
		return name
	}
	return "main"
}
