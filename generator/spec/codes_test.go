package spec_test

import (
	"slices"
	"testing"

	"wsgen/generator/model"
	"wsgen/generator/spec"
)

// find returns all that parser and model say about a spec.
func find(text string) (*spec.File, spec.Diagnostics) {
	f, found := spec.Parse("wsgen.yaml", []byte(text))
	_, more := model.Build(f)
	return f, append(found, more...)
}

// TestExamples runs the example of every code: what is wrong gives that code alone, and what is right gives nothing.
func TestExamples(t *testing.T) {
	for _, e := range spec.Explanations() {
		t.Run(e.Code, func(t *testing.T) {
			x := e.Example()
			f, found := find(x.Wrong)
			if len(found) == 0 {
				t.Errorf("nothing is found in\n%s", x.Wrong)
			}
			if slices.ContainsFunc(found, func(d spec.Diagnostic) bool { return d.Code != e.Code }) {
				t.Errorf("something else is found:\n%s", found.Format(f, false))
			}
			if f, found := find(x.Right); len(found) > 0 || x.Right == "" {
				t.Errorf("what is right has findings:\n%s", found.Format(f, false))
			}
		})
	}
}
