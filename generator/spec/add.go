package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Addition is a consumer, a route, or both, that a spec is to have.
type Addition struct {
	Consumer string // its name; it gets an entry under "consumers" where it has none
	Mode     string // "sync" or "async"; not looked at where the consumer has an entry
	Path     string // a path that is to lead to the consumer, or empty for none
}

// UnsafeSpliceError says that a spec cannot be changed by adding lines to it or by taking some out, and what the user can do
// instead.
type UnsafeSpliceError struct {
	Name    string // the File's
	Span    Span   // what is in the way
	Reason  string // lower case, no full stop
	Snippet string // the lines that it is about
	Do      string // what to do with them by hand, and which command comes after
}

// Error says the place, the reason and the way out, over several lines.
func (e *UnsafeSpliceError) Error() string {
	place := e.Name
	if e.Span != (Span{}) {
		place = fmt.Sprintf("%s:%d:%d", e.Name, e.Span.Line, e.Span.Column)
	}
	snippet := "    " + strings.ReplaceAll(strings.TrimSuffix(e.Snippet, "\n"), "\n", "\n    ")
	return fmt.Sprintf("%s: %s; nothing is written: %s; or run wsgen fmt first\n\n%s", place, e.Reason, e.Do, snippet)
}

// Add returns the source with the addition spliced in: "NAME: MODE" at the end of "consumers" and "PATH: NAME" at the end
// of "routes", each where it is missing. Every other byte stays as it is; only an empty value that is written out ({} or
// null) gives way to the first entry. The result has been parsed again and says what the source said, and the addition.
//
// The error is an *UnsafeSpliceError where lines cannot simply be added, as in flow style. A spec that has errors, or that
// has the path for another consumer, is an error too.
func (f *File) Add(a Addition) ([]byte, error) {
	if f.root == nil || f.Invalid {
		return nil, fmt.Errorf("%s: a spec that has errors is not changed; correct it first", f.Name)
	}
	switch {
	case a.Consumer == "":
		return nil, errors.New("an addition names a consumer")
	case !utf8.ValidString(a.Consumer + a.Path):
		return nil, fmt.Errorf("the consumer %s or the path %s is not UTF-8; write it in UTF-8", Quote(a.Consumer), Quote(a.Path))
	}
	route, consumer, err := f.missing(a)
	if err != nil {
		return nil, err
	}
	if consumer && !slices.Contains(modes(), a.Mode) {
		return nil, fmt.Errorf("the mode %s of consumer %s is not one; write %s",
			Quote(a.Mode), Quote(a.Consumer), either(modes()))
	}
	var entries []newEntry
	if route {
		entries = append(entries, newEntry{"routes", a.Path, a.Consumer})
	}
	if consumer {
		entries = append(entries, newEntry{"consumers", a.Consumer, a.Mode})
	}
	s := &splicer{file: f, pos: newPositions(f.Source)}
	unsafe := &UnsafeSpliceError{Name: f.Name, Snippet: snippet(entries), Do: "add this by hand, then run wsgen generate"}
	if unsafe.Span, unsafe.Reason = s.add(entries); unsafe.Reason != "" {
		return nil, unsafe
	}
	text := s.result()
	if !f.plus(a, route, consumer).sameAs(text) {
		unsafe.Reason = "the lines cannot be added without touching others"
		return nil, unsafe
	}
	return text, nil
}

// missing says which entries an addition needs.
func (f *File) missing(a Addition) (route, consumer bool, err error) {
	consumer = !slices.ContainsFunc(f.Consumers, func(c Consumer) bool { return c.Name.Value == a.Consumer })
	i := slices.IndexFunc(f.Routes, func(r Route) bool { return r.Path.Value == a.Path })
	if i >= 0 && f.Routes[i].Consumer.Value != a.Consumer {
		at := f.Routes[i].Path.Span
		return false, false, fmt.Errorf("%s:%d:%d: the route %s leads to the consumer %s; choose another path, or change it there",
			f.Name, at.Line, at.Column, Quote(a.Path), Quote(f.Routes[i].Consumer.Value))
	}
	return a.Path != "" && i < 0, consumer, nil
}

// plus returns what the file says, and the addition.
func (f *File) plus(a Addition, route, consumer bool) *File {
	g := &File{Version: f.Version, Service: f.Service, Module: f.Module, Routes: slices.Clone(f.Routes),
		Consumers: slices.Clone(f.Consumers), Streams: f.Streams, Settings: f.Settings}
	if route {
		g.Routes = append(g.Routes, Route{Path: Text{Value: a.Path}, Consumer: Text{Value: a.Consumer}})
	}
	if consumer {
		g.Consumers = append(g.Consumers, Consumer{Name: Text{Value: a.Consumer}, Mode: Text{Value: a.Mode}})
	}
	return g
}

// Same reports whether two sources are specs without errors that say the same: every value is equal, and routes and
// consumers stand in the same order. Comments and layout are not looked at.
func Same(a, b []byte) bool {
	f, ds := Parse("", a)
	return !ds.HasErrors() && f.sameAs(b)
}

// sameAs reports whether a source is a spec without errors that says what f says.
func (f *File) sameAs(source []byte) bool {
	g, ds := Parse(f.Name, source)
	sameText := func(x, y Text) bool { return x.Value == y.Value }
	return !ds.HasErrors() && f.Version.Value == g.Version.Value && sameText(f.Service, g.Service) && sameText(f.Module, g.Module) &&
		slices.EqualFunc(f.Routes, g.Routes, func(x, y Route) bool {
			return sameText(x.Path, y.Path) && sameText(x.Consumer, y.Consumer)
		}) &&
		slices.EqualFunc(f.Consumers, g.Consumers, func(x, y Consumer) bool {
			return sameText(x.Name, y.Name) && sameText(x.Mode, y.Mode) && sameText(x.Auth, y.Auth) &&
				sameText(x.Outbound, y.Outbound) && x.Concurrency.Value == y.Concurrency.Value
		}) &&
		slices.EqualFunc(f.Streams, g.Streams, func(x, y Stream) bool {
			return sameText(x.Family, y.Family) && x.History.Value == y.History.Value && x.TTL.Value == y.TTL.Value &&
				sameText(x.Keep, y.Keep)
		}) &&
		sameText(f.Settings.Layer, g.Settings.Layer) && sameText(f.Settings.Auth, g.Settings.Auth) &&
		slices.EqualFunc(f.Settings.AllowedOrigins, g.Settings.AllowedOrigins, sameText)
}
