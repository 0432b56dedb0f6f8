package model

import "strings"

// Two routes are compared by their shape, as net/http.ServeMux compares patterns: one is more specific than the other
// when the paths that match it are some of those that match the other. Converters are no part of the shape.
//
// Comparing every route with every other would cost the square of their number. Routes of one kind have parameters at the same
// segments, though, and a spec has few kinds: kinds are compared pairwise, and the routes of two kinds meet through an index of
// the literals at the segments that are literal in both.

// maxKinds bounds the kinds of one spec, and with it the time that comparing takes.
const maxKinds = 1000

// Each segment of a path is one of four kinds; a path's kind is the string of them.
const (
	kindLiteral = 'l'
	kindParam   = 'p' // takes one segment that is not empty
	kindRest    = 'r' // takes all that is left, if it is not empty
	kindEnd     = 'e' // the empty literal after a final slash
)

// kindOf returns the kind of a path.
func kindOf(segments []Segment) string {
	var b strings.Builder
	for _, s := range segments {
		switch {
		case s.Param != nil && s.Param.Converter == "path":
			b.WriteByte(kindRest)
		case s.Param != nil:
			b.WriteByte(kindParam)
		case s.Literal == "":
			b.WriteByte(kindEnd)
		default:
			b.WriteByte(kindLiteral)
		}
	}
	return b.String()
}

// relation is how two kinds of path relate when their common literals agree.
type relation struct {
	disjoint bool
	// aWider says that b is more specific at some segment, bWider the contrary. Neither: the same paths match. Both: they
	// overlap.
	aWider, bWider bool
	common         []int // segments that are literal in both
}

// relate compares two kinds.
func relate(a, b string) relation {
	var r relation
	for i := 0; ; i++ {
		switch {
		case i == len(a) || i == len(b):
			r.disjoint = len(a) != len(b)
			return r
		case a[i] == kindRest || b[i] == kindRest:
			r.disjoint = a[i:] == string(kindEnd) || b[i:] == string(kindEnd)
			r.aWider = r.aWider || b[i] != kindRest
			r.bWider = r.bWider || a[i] != kindRest
			return r
		case a[i] == kindEnd || b[i] == kindEnd:
			r.disjoint = a[i] != b[i]
			return r
		case a[i] == b[i]:
			if a[i] == kindLiteral {
				r.common = append(r.common, i)
			}
		case a[i] == kindParam:
			r.aWider = true
		default:
			r.bWider = true
		}
	}
}

// shape is a set of routes of one kind, in the order of the spec.
type shape struct {
	kind   string
	routes []*placedRoute
}

// shapesOf groups routes by their kind, in the order in which the kinds first occur.
func shapesOf(routes []*placedRoute) []*shape {
	byKind := map[string]*shape{}
	var shapes []*shape
	for _, r := range routes {
		kind := kindOf(r.Segments)
		if byKind[kind] == nil {
			byKind[kind] = &shape{kind: kind}
			shapes = append(shapes, byKind[kind])
		}
		byKind[kind].routes = append(byKind[kind].routes, r)
	}
	return shapes
}

// literalsAt returns one string for the literals of a route at some of its segments. No literal holds a slash.
func literalsAt(r *placedRoute, at []int) string {
	if len(at) == 1 {
		return r.Segments[at[0]].Literal
	}
	var b strings.Builder
	for _, i := range at {
		b.WriteString(r.Segments[i].Literal)
		b.WriteByte('/')
	}
	return b.String()
}

// meet calls found for each route of b with the first route of a that has the same literals where both kinds have one.
func meet(a, b *shape, common []int, found func(a, b *placedRoute)) {
	index := make(map[string]*placedRoute, len(a.routes))
	for _, r := range a.routes {
		if key := literalsAt(r, common); index[key] == nil {
			index[key] = r
		}
	}
	for _, r := range b.routes {
		if other := index[literalsAt(r, common)]; other != nil && other != r {
			found(other, r)
		}
	}
}

// maxMentions bounds how often two routes that both overlap with many others are named once more.
const maxMentions = 8

// overlaps reports every route that overlaps with another without one of them being more specific, or that matches the same
// paths as another. For each route and each kind of path it names one other, so that no route is left out; where everything
// overlaps with everything it stops at some.
func overlaps(shapes []*shape, same, overlap func(first, second *placedRoute)) {
	mentions := map[*placedRoute]int{}
	for i, a := range shapes {
		meet(a, a, relate(a.kind, a.kind).common, same)
		for _, b := range shapes[i+1:] {
			r := relate(a.kind, b.kind)
			if r.disjoint || !r.aWider || !r.bWider {
				continue
			}
			named := map[*placedRoute]bool{}
			report := func(x, y *placedRoute) {
				if named[y] || mentions[x] >= maxMentions && mentions[y] >= maxMentions {
					return
				}
				named[x], named[y] = true, true
				mentions[x]++
				mentions[y]++
				if x.order > y.order {
					x, y = y, x
				}
				overlap(x, y)
			}
			meet(a, b, r.common, report)
			meet(b, a, r.common, report)
		}
	}
}

// fallbacks calls found for each route whose converters can refuse a path that a less specific route would take: narrow wins by
// its shape and answers 404. For each such route it names one other.
func fallbacks(shapes []*shape, found func(narrow, wide *placedRoute)) {
	named := map[*placedRoute]bool{}
	for _, wide := range shapes {
		for _, narrow := range shapes {
			r := relate(wide.kind, narrow.kind)
			if r.disjoint || !r.aWider || r.bWider {
				continue
			}
			meet(wide, narrow, r.common, func(w, n *placedRoute) {
				if !named[n] && canMiss(n.Segments, w.Segments) {
					named[n] = true
					found(n, w)
				}
			})
		}
	}
}

// canMiss reports whether there is a path of narrow's shape that narrow's converters refuse and wide takes.
func canMiss(narrow, wide []Segment) bool {
	misses := false
	for i, n := range narrow {
		w := wide[min(i, len(wide)-1)].Param
		switch {
		case w == nil || w.Converter == "path" && n.Param == nil:
		case n.Param == nil:
			if !accepts(w.Converter, n.Literal) {
				return false
			}
		case w.Converter == "path":
			misses = misses || !includes(n.Param.Converter, "str")
		default:
			misses = misses || !includes(n.Param.Converter, w.Converter)
		}
	}
	return misses
}
