package ws

import (
	"fmt"
	"strings"
)

// routeTree finds the route of a path. It is built once and read by many goroutines. Each node stands for the segments on
// the way to it.
type routeTree struct {
	literals map[string]*routeTree
	param    *routeTree // below a {name} other than path
	rest     *Route     // a {name:path} stands here, and is the last segment
	route    *Route     // the pattern that ends at this node
}

// newRouteTree builds the tree. It panics on patterns that are illegal, or that overlap without one being more specific.
func newRouteTree(routes []*Route) *routeTree {
	t := new(routeTree)
	for _, r := range routes {
		r.check()
		segments, err := parseRoute(r.pattern)
		if err != nil {
			panic("ws: " + err.Error())
		}
		r.segments = segments
		if other := t.conflict(segments, false, false); other != nil {
			panic(fmt.Sprintf("ws: patterns %q and %q overlap, and neither is more specific", r.pattern, other.pattern))
		}
		t.insert(r)
	}
	return t
}

// insert adds a route.
func (t *routeTree) insert(r *Route) {
	for _, s := range r.segments {
		if s.rest() {
			t.rest = r
			return
		}
		t = t.child(s)
	}
	t.route = r
}

// child returns the node below t for a segment, made where it is missing.
func (t *routeTree) child(s segment) *routeTree {
	if s.name != "" {
		if t.param == nil {
			t.param = new(routeTree)
		}
		return t.param
	}
	if t.literals == nil {
		t.literals = make(map[string]*routeTree)
	}
	if t.literals[s.literal] == nil {
		t.literals[s.literal] = new(routeTree)
	}
	return t.literals[s.literal]
}

// conflict returns a route of the tree that shares paths with the new pattern while neither is more specific, as
// net/http.ServeMux defines it. newer and older say which of the two has been more specific on the way here.
func (t *routeTree) conflict(segments []segment, newer, older bool) *Route {
	if len(segments) == 0 {
		if t.route != nil && newer == older {
			return t.route
		}
		return nil
	}
	s, below := segments[0], segments[1:]
	if t.rest != nil && !(s.name == "" && s.literal == "" && len(below) == 0) {
		// What the new pattern says about the rest is more specific than "at least one character", if it is not that itself.
		if s.rest() && newer == older || !s.rest() && older {
			return t.rest
		}
	}
	if s.rest() {
		if newer { // whatever stands below is more specific from here on
			return t.anyBelow()
		}
		return nil
	}
	if s.name == "" {
		if t.param != nil && s.literal != "" {
			if r := t.param.conflict(below, true, older); r != nil {
				return r
			}
		}
		if child := t.literals[s.literal]; child != nil {
			return child.conflict(below, newer, older)
		}
		return nil
	}
	for literal, child := range t.literals {
		if literal == "" {
			continue // no parameter matches an empty segment
		}
		if r := child.conflict(below, newer, true); r != nil {
			return r
		}
	}
	if t.param != nil {
		return t.param.conflict(below, newer, older)
	}
	return nil
}

// anyBelow returns a route under t that shares paths with a {name:path} at t. The path that ends with the slash is not among
// these, since the rest has one character at least.
func (t *routeTree) anyBelow() *Route {
	for literal, child := range t.literals {
		if literal == "" && child.route != nil {
			child = &routeTree{literals: child.literals, param: child.param, rest: child.rest}
		}
		if r := child.any(); r != nil {
			return r
		}
	}
	return t.param.any()
}

// any returns a route that stands at t or under it.
func (t *routeTree) any() *Route {
	switch {
	case t == nil:
		return nil
	case t.route != nil:
		return t.route
	case t.rest != nil:
		return t.rest
	}
	for _, child := range t.literals {
		if r := child.any(); r != nil {
			return r
		}
	}
	return t.param.any()
}

// find returns the route whose shape the path has, nil where there is none. The path is percent-encoded.
func (t *routeTree) find(escapedPath string) *Route {
	rest, ok := strings.CutPrefix(escapedPath, "/")
	if !ok {
		return nil
	}
	return t.findBelow(rest, true)
}

// findBelow matches what is left of a path; more is false where its last segment has been taken. A literal goes before a
// parameter, and a parameter before the rest, with a way back: that is the most specific route.
func (t *routeTree) findBelow(path string, more bool) *Route {
	if !more {
		return t.route
	}
	raw, below, more := strings.Cut(path, "/")
	if text, ok := decodeSegment(raw); ok {
		if child := t.literals[text]; child != nil {
			if r := child.findBelow(below, more); r != nil {
				return r
			}
		}
		if t.param != nil && text != "" {
			if r := t.param.findBelow(below, more); r != nil {
				return r
			}
		}
	}
	if path == "" {
		return nil // {name:path} needs one character at least
	}
	return t.rest
}

// params reads the parameters of a path that has the route's shape, and reports whether its converters take them.
func (r *Route) params(escapedPath string) (Params, bool) {
	var list []param
	path := escapedPath[1:]
	for _, s := range r.segments {
		raw, below, _ := strings.Cut(path, "/")
		if s.rest() {
			raw = path
		}
		path = below
		if s.name == "" {
			continue
		}
		text, ok := decodeSegment(raw)
		if !ok {
			return Params{}, false
		}
		number, ok := s.converter.convert(text)
		if !ok {
			return Params{}, false
		}
		list = append(list, param{name: s.name, text: text, number: number})
	}
	return Params{list: list}, true
}
