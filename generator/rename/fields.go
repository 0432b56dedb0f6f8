package rename

import (
	"go/ast"
	"go/types"
	"slices"
)

// Fields finds the places that name some fields of a struct type of the package, sorted: those that would no longer compile
// without them, where they can be told. Files that are foreign, or that do not parse, have none. Of the request, the names do not
// matter. Each place has why.
func Fields(r Request, structType string, fields []string, why string) []Doubt {
	r.Names, r.Words = Names{}, nil
	for _, name := range fields {
		r.Names[name] = name // for load, which reads the folders that mention one
	}
	w := newWork(r)
	w.load()
	w.doubts = nil // those about files that do not parse
	t, gone := w.fieldsOf(structType, fields)
	for _, p := range w.all() {
		for _, s := range p.files {
			if s.Foreign {
				continue
			}
			ast.Inspect(s.syntax, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					if gone[p.info.Uses[n]] {
						w.doubt(s.File, s.offset(n.Pos()), why)
					}
				case *ast.CompositeLit: // without keys it has a value for every field
					if len(gone) > 0 && len(n.Elts) > 0 && !isKeyed(n) && p.info.TypeOf(n) == t {
						w.doubt(s.File, s.offset(n.Pos()), why)
					}
				}
				return true
			})
		}
	}
	return sortedDoubts(w.doubts)
}

func isKeyed(lit *ast.CompositeLit) bool {
	_, ok := lit.Elts[0].(*ast.KeyValueExpr)
	return ok
}

// fieldsOf returns a struct type of the package, and those of its fields that have one of the names.
func (w *work) fieldsOf(structType string, names []string) (types.Type, map[types.Object]bool) {
	if w.home == nil {
		return nil, nil
	}
	o := w.home.types.Scope().Lookup(structType)
	if o == nil {
		return nil, nil
	}
	list, ok := o.Type().Underlying().(*types.Struct)
	if !ok {
		return nil, nil
	}
	found := map[types.Object]bool{}
	for f := range list.Fields() {
		if slices.Contains(names, f.Name()) {
			found[f] = true
		}
	}
	return o.Type(), found
}
