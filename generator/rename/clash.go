package rename

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// clashes finds what keeps the new names from being given.
func (w *work) clashes() {
	for o, name := range w.renamed {
		w.taken(o, name)
	}
	for _, p := range w.all() {
		for id, o := range p.info.Defs {
			w.namesake(id, o)
			if t, ok := o.(*types.TypeName); ok {
				w.promoted(p, id.Pos(), t.Type())
			}
		}
		for _, s := range p.files {
			w.beside(p, s)
		}
	}
}

// taken is about a name that the package of an object, or one of its files, has already.
func (w *work) taken(o types.Object, name string) {
	scope := o.Parent()
	if other := scope.Lookup(name); other != nil && w.renamed[other] == "" { // what has another name itself by then is no obstacle
		w.clash(other.Pos(), name, "is declared there already")
	}
	for i := range scope.NumChildren() { // those of the files, which hold what they import
		if other := scope.Child(i).Lookup(name); other != nil {
			fact := "is how the file calls a package"
			if _, isPackage := other.(*types.PkgName); !isPackage {
				fact = "comes from a package that a file of " + w.request.Folder + " imports with a dot"
			}
			w.clash(other.Pos(), name, fact)
		}
	}
}

// captured is about the use of a name in a place where the new name would mean something else.
func (w *work) captured(p *pkg, s *source, id *ast.Ident, name string) {
	scope := p.types.Scope().Innermost(id.Pos())
	if scope == nil {
		return
	}
	within, other := scope.LookupParent(name, id.Pos())
	if other != nil && other.Pos().IsValid() && w.renamed[other] == "" && !(within == p.types.Scope() && w.inHome(p)) { // else it is taken
		line := w.line(s.File, s.offset(id.Pos()))
		w.clash(other.Pos(), name, fmt.Sprintf("is declared there, and would hide the new name in line %d", line))
	}
}

// namesake is about the methods of a type that gets a field of their name.
func (w *work) namesake(id *ast.Ident, o types.Object) {
	method, ok := o.(*types.Func)
	if !ok || method.Signature().Recv() == nil || !w.isNew(id.Name) {
		return
	}
	t := method.Signature().Recv().Type()
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	list, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for f := range list.Fields() {
		if w.embedded[f.Origin()] == id.Name {
			w.clash(id.Pos(), id.Name, "is a method there, of a type that gets a field of that name")
		}
	}
}

func (w *work) isNew(name string) bool {
	for _, better := range w.request.Names {
		if better == name {
			return true
		}
	}
	return false
}

// beside is about fields next to one that follows the type that it embeds, and about what a package declares that imports the
// new names with a dot.
func (w *work) beside(p *pkg, s *source) {
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if list, ok := n.(*ast.StructType); ok {
			w.fields(p, list)
			if t := p.info.TypeOf(list); t != nil {
				w.promoted(p, list.Pos(), t)
			}
		}
		return true
	})
	for _, imported := range s.syntax.Imports {
		if imported.Name == nil || imported.Name.Name != "." || !w.imports(imported) {
			continue
		}
		for o, name := range w.renamed {
			if other := p.types.Scope().Lookup(name); other != nil && o.Parent() == w.home.types.Scope() {
				w.clash(other.Pos(), name, "is declared there, in a package that imports "+w.request.Folder+" with a dot")
			}
		}
	}
}

// imports says whether an import is of the package whose names change.
func (w *work) imports(spec *ast.ImportSpec) bool {
	imported, err := strconv.Unquote(spec.Path.Value)
	return err == nil && imported == w.importPath()
}

func (w *work) fields(p *pkg, list *ast.StructType) {
	var ids []*ast.Ident
	better := map[string]bool{}
	for _, f := range list.Fields.List {
		if ids = append(ids, f.Names...); len(f.Names) > 0 {
			continue
		}
		id := typeName(f.Type)
		if id == nil {
			continue
		}
		if v, ok := p.info.Defs[id].(*types.Var); ok && w.embedded[v] != "" {
			better[w.embedded[v]] = true
		} else {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		if better[id.Name] {
			w.clash(id.Pos(), id.Name, "is a field there, beside one that gets the same name")
		}
	}
}

// promoted is about a type that has an embedded field under a new name, in itself or by promotion, and has already a field or method
// of that name, from another depth: one would hide the other, or neither could be selected (https://go.dev/ref/spec#Selectors).
func (w *work) promoted(p *pkg, at token.Pos, t types.Type) {
	for old, name := range w.request.Names {
		follows, path, _ := types.LookupFieldOrMethod(t, true, p.types, old)
		v, ok := follows.(*types.Var)
		if !ok || w.embedded[v.Origin()] != name {
			continue
		}
		other, otherPath, _ := types.LookupFieldOrMethod(t, true, p.types, name)
		if otherPath == nil || len(path) == 1 && len(otherPath) == 1 { // one beside the other is told by fields and namesake
			continue
		}
		owner := w.set.PositionFor(at, false)
		where := fmt.Sprintf("the type in line %d of %s", owner.Line, owner.Filename)
		if other == nil {
			w.clash(v.Pos(), name, "is what the field there is to be called, and "+where+", which gets it, has that name more than once already")
			continue
		}
		w.clash(other.Pos(), name, "is declared there, and promoted to "+where+", which gets a field of that name")
	}
}

func (w *work) clash(at token.Pos, name, fact string) {
	where := w.set.PositionFor(at, false) // a //line directive would lead away from the file
	w.found = append(w.found, Clash{File: where.Filename, Line: where.Line, Column: where.Column, Name: name, Fact: fact})
}
