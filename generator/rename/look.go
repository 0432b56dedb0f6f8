package rename

import (
	"go/ast"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// declared finds the objects that get new names: those of the request, and the tests that are named after them.
func (w *work) declared() {
	if w.home == nil {
		return
	}
	scope := w.home.types.Scope()
	for old, name := range w.request.Names {
		if o := scope.Lookup(old); o != nil {
			w.renamed[o] = name
		}
	}
	others := w.others()
	for _, p := range w.all() {
		if !w.inHome(p) {
			continue
		}
		for _, name := range p.types.Scope().Names() {
			o := p.types.Scope().Lookup(name)
			if _, isFunc := o.(*types.Func); !isFunc || !strings.HasSuffix(w.set.PositionFor(o.Pos(), false).Filename, "_test.go") {
				continue
			}
			if better := w.testName(name, others); better != "" {
				w.renamed[o] = better
			}
		}
	}
	w.learn()
}

// others returns the names of the package, and of its tests, that stay and are longer than one that changes: what is named after
// them is not ours.
func (w *work) others() []string {
	names := slices.Clone(w.request.Others)
	for _, p := range w.all() {
		if w.inHome(p) {
			names = append(names, p.types.Scope().Names()...)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool {
		longer := func(old string) bool { return len(name) > len(old) && strings.HasPrefix(name, old) }
		return w.request.Names[name] != "" || !slices.ContainsFunc(slices.Collect(maps.Keys(w.request.Names)), longer)
	})
}

// tests returns the names of the tests that follow.
func (w *work) tests() Names {
	names := Names{}
	for o, better := range w.renamed {
		if w.request.Names[o.Name()] == "" {
			names[o.Name()] = better
		}
	}
	return names
}

// testName returns the new name of a test, a benchmark, a fuzz test or an example of what is renamed, or "". One that is about one
// of the others keeps its name.
func (w *work) testName(name string, others []string) string {
	for _, kind := range []string{"Test", "Benchmark", "Fuzz", "Example"} {
		subject, ok := strings.CutPrefix(name, kind)
		if !ok {
			continue
		}
		for old, better := range w.request.Names {
			rest, ok := strings.CutPrefix(subject, old)
			if ok && endsWord(rest) && !ofAnother(subject, old, others) {
				return kind + better + rest
			}
		}
	}
	return ""
}

// ofAnother says whether a test of subject is of one of the others that is longer than old.
func ofAnother(subject, old string, others []string) bool {
	for _, other := range others {
		if rest, ok := strings.CutPrefix(subject, other); ok && len(other) > len(old) && endsWord(rest) {
			return true
		}
	}
	return false
}

// endsWord says whether a name may go on with rest without being that of something else: after TestChatConsumer, Echoes is a
// further word, and s is not.
func endsWord(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLower(r)
}

// embeddings finds the fields whose names follow from a renamed type, because it is embedded there.
func (w *work) embeddings() {
	for _, p := range w.all() {
		for _, s := range p.files {
			ast.Inspect(s.syntax, func(n ast.Node) bool {
				if list, ok := n.(*ast.StructType); ok {
					w.embeddedIn(p, list)
				}
				return true
			})
		}
	}
}

func (w *work) embeddedIn(p *pkg, list *ast.StructType) {
	for _, f := range list.Fields.List {
		if len(f.Names) > 0 {
			continue
		}
		id := typeName(f.Type)
		if id == nil {
			continue
		}
		name := w.renamed[p.info.Uses[id]]
		if v, ok := p.info.Defs[id].(*types.Var); ok && name != "" {
			w.embedded[v] = name
		}
	}
}

// typeName returns the identifier after which an embedded field is named, or nil.
func typeName(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ParenExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	}
	return nil
}

// place says what an identifier is part of, where that matters.
type place int

const (
	inScope  place = iota // its meaning is found in the scopes around it
	topLevel              // a declaration of the package gives the name
	selected              // behind a dot
	key                   // of an element of a composite literal: a field, or looked up in the scopes
	nowhere               // a label, a method, a field, a parameter, or the package's own name
)

// places are the places of the identifiers of a file that do not simply stand in their scope.
type places struct {
	of     map[*ast.Ident]place
	from   map[*ast.Ident]ast.Expr     // what a selected one is selected from
	within map[*ast.Ident]*ast.FuncLit // the innermost function literal around it
}

func placesIn(file *ast.File) places {
	at := places{
		of: map[*ast.Ident]place{file.Name: nowhere}, from: map[*ast.Ident]ast.Expr{}, within: map[*ast.Ident]*ast.FuncLit{},
	}
	for _, d := range file.Decls {
		at.declaration(d)
	}
	var around []ast.Node
	var literals []*ast.FuncLit
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			if _, ok := around[len(around)-1].(*ast.FuncLit); ok {
				literals = literals[:len(literals)-1]
			}
			around = around[:len(around)-1]
			return true
		}
		around = append(around, n)
		switch n := n.(type) {
		case *ast.FuncLit:
			literals = append(literals, n)
		case *ast.Ident:
			if len(literals) > 0 {
				at.within[n] = literals[len(literals)-1]
			}
		default:
			at.note(n)
		}
		return true
	})
	return at
}

// note takes in the places of the identifiers that a node has.
func (at places) note(n ast.Node) {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		at.of[n.Sel], at.from[n.Sel] = selected, n.X
	case *ast.LabeledStmt:
		at.of[n.Label] = nowhere
	case *ast.BranchStmt:
		at.of[n.Label] = nowhere
	case *ast.Field:
		for _, id := range n.Names {
			at.of[id] = nowhere
		}
	case *ast.CompositeLit:
		for _, e := range n.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok {
				if id, ok := pair.Key.(*ast.Ident); ok {
					at.of[id] = key
				}
			}
		}
	}
}

// declaration notes the names that a declaration at the top level gives.
func (at places) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if at.of[d.Name] = topLevel; d.Recv != nil {
			at.of[d.Name] = nowhere
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				at.of[spec.Name] = topLevel
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					at.of[name] = topLevel
				}
			}
		}
	}
}

// look finds the identifiers of a file that get a new name, and those that might.
func (w *work) look(p *pkg, s *source) {
	if s.Foreign {
		return
	}
	at := placesIn(s.syntax)
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			w.identifier(p, s, id, at)
		}
		return true
	})
}

func (w *work) identifier(p *pkg, s *source, id *ast.Ident, at places) {
	name := w.meant(p, id, at)
	switch {
	case name != "" && s.Fixed != "":
		w.doubt(s.File, s.offset(id.Pos()), s.Fixed)
	case name != "":
		offset := s.offset(id.Pos())
		s.edits = append(s.edits, edit{offset, offset + len(id.Name), name})
		if at.of[id] == inScope {
			w.captured(p, s, id, name)
		}
	default:
		if why := w.unclear(p, s, id, at); why != "" {
			w.doubt(s.File, s.offset(id.Pos()), why)
		}
	}
}

// meant returns the new name of what an identifier certainly means, or "".
func (w *work) meant(p *pkg, id *ast.Ident, at places) string {
	if at.of[id] == nowhere {
		return ""
	}
	used := p.info.Uses[id]
	defined, isDefined := p.info.Defs[id]
	if isDefined && defined == nil {
		return "" // x of switch x := y.(type), which stands for a variable of each clause
	}
	for _, o := range []types.Object{used, defined} { // an embedded field uses a type, and defines a field
		if name := w.renamed[o]; name != "" {
			return name
		}
		if v, ok := o.(*types.Var); ok {
			if name := w.embedded[v.Origin()]; name != "" {
				return name
			}
		}
	}
	switch {
	case used != nil || defined != nil || w.request.Names[id.Name] == "" && !w.inHome(p):
		return ""
	case at.of[id] == topLevel: // declared for a second time: for another system, behind a build constraint
		return w.renamed[p.types.Scope().Lookup(id.Name)]
	case at.of[id] == inScope:
		return w.renamed[w.lookUp(p, id, at)]
	case at.of[id] == selected && w.isHome(p, at.from[id], at):
		return w.renamed[w.home.types.Scope().Lookup(id.Name)]
	}
	return ""
}

// lookUp finds in the scopes around an identifier what the checker passed over, as it does with the type arguments of a type
// that it does not know. It is nil where the scopes cannot be trusted: in a function that was passed over as well.
func (w *work) lookUp(p *pkg, id *ast.Ident, at places) types.Object {
	if literal := at.within[id]; literal != nil && p.info.Scopes[literal.Type] == nil {
		return nil
	}
	scope := p.types.Scope().Innermost(id.Pos())
	if scope == nil {
		return nil
	}
	_, o := scope.LookupParent(id.Name, id.Pos())
	return o
}

// unclear says why it is not known whether an identifier means what is renamed. It is "" where it does not bear one of the
// names, and where it certainly means something else.
func (w *work) unclear(p *pkg, s *source, id *ast.Ident, at places) string {
	if w.request.Names[id.Name] == "" || at.of[id] == nowhere || p.info.Uses[id] != nil || p.info.Defs[id] != nil {
		return ""
	}
	missing := "package " + path.Base(w.request.Folder) + " declares no such name"
	unknown := "what it means could not be told"
	switch from, _ := at.from[id].(*ast.Ident); {
	case at.of[id] == selected && w.isHome(p, at.from[id], at):
		return missing
	case at.of[id] == selected && from != nil && w.callsHome(s, from.Name) && p.info.Uses[from] == nil && w.lookUp(p, from, at) == nil:
		return unknown
	case at.of[id] == selected, at.of[id] == key:
		if len(w.embedded) == 0 {
			return "" // only a field that a type was embedded as has its name
		}
		return "it may be the field that the type is embedded as: the type of what it belongs to is not known here"
	case at.of[id] == inScope && w.lookUp(p, id, at) != nil:
		return "" // something else: meant would have had a name for it
	case p.types.Scope().Lookup(id.Name) != nil:
		return unknown
	case w.inHome(p):
		return missing
	case w.dotted(p):
		return unknown
	}
	return "" // the package has no such name, and none comes from ours
}

// dotted says whether a file of a package imports with a dot the one whose names change.
func (w *work) dotted(p *pkg) bool {
	return slices.ContainsFunc(p.files, func(s *source) bool {
		return slices.ContainsFunc(s.syntax.Imports, func(i *ast.ImportSpec) bool {
			return i.Name != nil && i.Name.Name == "." && w.imports(i)
		})
	})
}

// isHome says whether an expression is the name by which a file imports the package whose names change.
func (w *work) isHome(p *pkg, e ast.Expr, at places) bool {
	id, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	o := p.info.Uses[id]
	if o == nil {
		o = w.lookUp(p, id, at)
	}
	name, ok := o.(*types.PkgName)
	return ok && w.home != nil && name.Imported() == w.home.types
}

// callsHome says whether a file imports the package whose names change by this name.
func (w *work) callsHome(s *source, name string) bool {
	return slices.ContainsFunc(s.syntax.Imports, func(i *ast.ImportSpec) bool {
		if i.Name != nil {
			return i.Name.Name == name && w.imports(i)
		}
		return w.imports(i) && w.home != nil && w.home.types.Name() == name
	})
}
