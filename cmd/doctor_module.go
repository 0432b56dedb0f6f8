package cmd

import (
	"slices"

	"golang.org/x/mod/modfile"

	"wsgen/generator/spec"
)

// lookAtDirectives looks for a word that is none: the go command refuses the whole file for it. wsgen itself reads past what it does
// not know, since the Go of tomorrow may.
func (e *examination) lookAtDirectives(mod *modfile.File) {
	// See the Go Modules Reference, "go.mod file grammar".
	directives := []string{"module", "go", "toolchain", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore"}
	for _, stmt := range mod.Syntax.Stmt {
		var word string
		start, _ := stmt.Span()
		switch s := stmt.(type) {
		case *modfile.Line:
			word = s.Token[0]
		case *modfile.LineBlock:
			word = s.Token[0]
		default: // a comment
			continue
		}
		if slices.Contains(directives, word) {
			continue
		}
		wayOut := spec.DidYouMean(word, directives)
		if wayOut == "" {
			wayOut = "mend it"
		}
		e.illAt("module", "go.mod", wayOut, "line %d: %s is no directive of go.mod that is known: the go command may refuse to build", start.Line, shellWord(word))
	}
}
