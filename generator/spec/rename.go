package spec

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Rename returns the source with another service and another module, each quoted as the old one where it is quoted without need.
// Every other byte stays as it is. A spec that has errors is not changed: that is an error.
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

// RenameConsumer returns the source with another name for a consumer: its key under "consumers", and every route that leads
// to it, each quoted as before where it is quoted without need. Paths and every other byte stay as they are. It is an error where there is
// no such consumer, where there is one of the new name, and where the spec has errors.
func (f *File) RenameConsumer(old, name string) ([]byte, error) {
	if f.root == nil || f.Invalid {
		return nil, fmt.Errorf("%s: a spec that has errors is not changed; correct it first", f.Name)
	}
	i, taken := f.consumer(old), f.consumer(name)
	switch {
	case i < 0:
		return nil, fmt.Errorf("%s: there is no consumer %s", f.Name, Quote(old))
	case name == "" || !utf8.ValidString(name):
		return nil, errors.New("a consumer has a name, in UTF-8")
	case taken >= 0 && old != name:
		at := f.Consumers[taken].Name.Span
		return nil, fmt.Errorf("%s:%d:%d: there is a consumer %s already", f.Name, at.Line, at.Column, Quote(name))
	}
	g, s := *f, &splicer{file: f, pos: newPositions(f.Source)}
	g.Routes, g.Consumers = slices.Clone(f.Routes), slices.Clone(f.Consumers)
	s.rewrite(f.Consumers[i].Name, name)
	g.Consumers[i].Name.Value = name
	for j, r := range f.Routes {
		if r.Consumer.Value == old {
			s.rewrite(r.Consumer, name)
			g.Routes[j].Consumer.Value = name
		}
	}
	text := s.result()
	if !g.sameAs(text) {
		return nil, fmt.Errorf("%s: the consumer %s cannot be called %s", f.Name, Quote(old), Quote(name))
	}
	return text, nil
}

// consumer returns the index of the consumer of a name, or -1.
func (f *File) consumer(name string) int {
	return slices.IndexFunc(f.Consumers, func(c Consumer) bool { return c.Name.Value == name })
}

// rewrite gives a scalar that stands in the source another value. It stays quoted, except in double quotes that only the old value
// needed: they are how wsgen itself writes one, so that renaming there and back leaves what was.
func (s *splicer) rewrite(old Text, value string) {
	if old.Value == value {
		return
	}
	var style yaml.Style
	switch s.file.Source[old.Span.Offset] {
	case '"':
		if isPlain(old.Value) || !isPlain(value) { // else the quotes were those that the old value had to have
			style = yaml.DoubleQuotedStyle
		}
	case '\'':
		style = yaml.SingleQuotedStyle
	}
	s.edits = append(s.edits, edit{at: old.Span.Offset, old: old.Span.Bytes, text: scalar(value, style)})
}
