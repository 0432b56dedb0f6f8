package model

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"wsgen/generator/spec"
)

// Match is the answer to the question which route a path leads to.
type Match struct {
	Route  *Route            // nil when the answer is 404
	Params map[string]string // decoded, by name; nil when Route is
	Why    string            // why there is no route, lower case and no full stop; empty when there is one
}

// Match returns the route that a path leads to, by the rules of the emitted service. The path is what a browser sends,
// encoded where need be; a query after it is left out of account.
func (p *Project) Match(path string) Match {
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	switch {
	case !strings.HasPrefix(path, "/"):
		return Match{Why: "a path starts with a slash"}
	case isTaken(path):
		return Match{Why: "the service answers " + spec.Quote(path) + " itself"}
	}
	route := p.find(path)
	if route == nil {
		return Match{Why: p.whyNone(path)}
	}
	params := map[string]string{}
	for i, s := range route.Segments {
		if s.Param == nil {
			continue
		}
		value, ok := decode(rawSegment(path, i, s))
		if !ok || !accepts(s.Param.Converter, value) {
			return Match{Why: spec.Quote(route.Path) + " wins by its shape, and " + spec.Quote(value) +
				" is not what {" + s.Param.Name + ":" + s.Param.Converter + "} takes"}
		}
		params[s.Param.Name] = value
	}
	return Match{Route: route, Params: params}
}

// find returns the most specific of the routes whose shape an encoded path has. All of them match the path, so that any two
// are comparable: Build refuses those that are not.
func (p *Project) find(path string) *Route {
	var best *Route
	for _, r := range p.Routes {
		if !hasShape(path, r.Segments) {
			continue
		}
		if best == nil || relate(kindOf(best.Segments), kindOf(r.Segments)).aWider {
			best = r
		}
	}
	return best
}

// hasShape reports whether an encoded path has the shape of a route.
func hasShape(path string, segments []Segment) bool {
	rest, more := path[1:], true
	for _, s := range segments {
		if !more {
			return false
		}
		if s.Param != nil && s.Param.Converter == "path" {
			return rest != ""
		}
		var raw string
		raw, rest, more = strings.Cut(rest, "/")
		switch value, ok := decode(raw); {
		case !ok:
			return false
		case s.Param == nil && value != s.Literal, s.Param != nil && value == "":
			return false
		}
	}
	return !more
}

// rawSegment returns what stands for segment i of a path that has the shape.
func rawSegment(path string, i int, s Segment) string {
	parts := strings.SplitN(path[1:], "/", i+2)
	if s.Param.Converter == "path" {
		return strings.Join(parts[i:], "/")
	}
	return parts[i]
}

// decode undoes the percent-encoding and reports whether the result is text.
func decode(raw string) (string, bool) {
	text, err := url.PathUnescape(raw)
	if err != nil {
		return raw, false
	}
	return text, utf8.ValidString(text)
}

// whyNone says why no route has the shape of a path, and names the one that a slash more or less would lead to.
func (p *Project) whyNone(path string) string {
	other := path + "/"
	if trimmed, ok := strings.CutSuffix(path, "/"); ok {
		other = trimmed
	}
	if len(other) > 1 && !isTaken(other) {
		if r := p.find(other); r != nil {
			return "no route has this shape; " + spec.Quote(r.Path) + " would match " +
				spec.Quote(other) + ", for a slash at the end matters"
		}
	}
	return "no route has this shape"
}
