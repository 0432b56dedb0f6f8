package spec

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// Rename returns the source with another service and another module, each quoted as the old one where it is quoted. Every
// other byte stays as it is. A spec that has errors is not changed: that is an error.
func (f *File) Rename(service, module string) ([]byte, error) {
	if f.root == nil || f.Invalid {
		return nil, fmt.Errorf("%s: a spec that has errors is not changed; correct it first", f.Name)
	}
	s := &splicer{file: f, pos: newPositions(f.Source)}
	s.rewrite(f.Service, service)
	s.rewrite(f.Module, module)
	text := s.result()
	g := *f
	g.Service.Value, g.Module.Value = service, module
	if !g.sameAs(text) {
		return nil, fmt.Errorf("%s: the service cannot be called %s, or the module %s", f.Name, Quote(service), Quote(module))
	}
	return text, nil
}

// rewrite gives a scalar that stands in the source another value.
func (s *splicer) rewrite(old Text, value string) {
	if old.Value == value {
		return
	}
	var style yaml.Style
	switch s.file.Source[old.Span.Offset] {
	case '"':
		style = yaml.DoubleQuotedStyle
	case '\'':
		style = yaml.SingleQuotedStyle
	}
	s.edits = append(s.edits, edit{at: old.Span.Offset, old: old.Span.Bytes, text: scalar(value, style)})
}
