package render

import (
	"fmt"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// sourceModule is the import path under which the static sources are compiled and tested in place. It is the one place
// where wsgen's own module is named.
const sourceModule = "wsgen/templates/project"

// moveImports returns src with every import of the module from moved to module. It replaces the tokens of import specs at
// their offsets and nothing else, so that the same words in a comment or a string stay, and formatting is kept: a group that
// holds nothing but local imports is in the same order before and after.
func moveImports(name string, src []byte, from, module string) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("internal error: the source of %s is no valid Go (please report this): %w", name, err)
	}
	out := make([]byte, 0, len(src)+len(module))
	done := 0
	for _, spec := range file.Imports {
		old, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("internal error: %s imports %s: %w", name, spec.Path.Value, err)
		}
		rest, ours := strings.CutPrefix(old, from+"/")
		if !ours {
			continue
		}
		start := fset.File(spec.Path.Pos()).Offset(spec.Path.Pos())
		out = append(out, src[done:start]...)
		out = strconv.AppendQuote(out, module+"/"+rest)
		done = start + len(spec.Path.Value)
	}
	return append(out, src[done:]...), nil
}
