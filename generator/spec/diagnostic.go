package spec

import (
	"cmp"
	"slices"
)

// Severity tells whether a diagnostic stops the work.
type Severity uint8

// The severities.
const (
	Error Severity = iota
	Warning
)

// String returns the word that stands in the printed diagnostic.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Span is a stretch of one line of the spec. The zero Span stands for the file as a whole.
type Span struct {
	Line   int // from 1
	Column int // from 1, in characters (not bytes)
	Offset int // of the first byte in File.Source, from 0
	Bytes  int // how many bytes it covers in File.Source, at least 1 for a non-zero Span
}

// Diagnostic is one finding about a spec: a place, a fact and a way out.
type Diagnostic struct {
	Code     string // stable, "WS" and four digits
	Severity Severity
	Span     Span
	Message  string // the fact: lower case, no full stop
	Hint     string // the way out, printed after the caret; may be empty
	Related  []Related
}

// Related is a second place that a diagnostic speaks of, such as the other of two routes that overlap.
type Related struct {
	Span    Span
	Message string
}

// Diagnostics are the findings about one spec.
type Diagnostics []Diagnostic

// HasErrors reports whether any of them is an error.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Sort orders them by position, then by code, so that the same spec always gives the same report.
func (ds Diagnostics) Sort() {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Span.Offset, b.Span.Offset), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}
