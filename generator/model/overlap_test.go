package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// patterns returns every route of at most so many segments over a small alphabet.
func patterns(most int) []string {
	var all []string
	var grow func(prefix string, left int)
	grow = func(prefix string, left int) {
		for _, s := range []string{"a", "b", fmt.Sprintf("{p%d}", left)} {
			all = append(all, prefix+"/"+s)
			if left > 1 {
				grow(prefix+"/"+s, left-1)
			}
		}
		all = append(all, prefix+"/", prefix+"/{rest:path}")
	}
	grow("/ws", most)
	return all
}

// paths returns every path of at most so many segments over an alphabet with one word more than the patterns have.
func paths(most int) []string {
	all, last := []string(nil), []string{"/ws"}
	for range most {
		var next []string
		for _, prefix := range last {
			for _, s := range []string{"a", "b", "c", ""} {
				next = append(next, prefix+"/"+s)
			}
		}
		all = append(all, next...)
		last = next
	}
	return all
}

// TestOverlaps compares what overlaps says of each two routes with the sets of the paths that match them.
func TestOverlaps(t *testing.T) {
	type candidate struct {
		*placedRoute
		matches []bool
	}
	asked := paths(4)
	var all []candidate
	for i, pattern := range patterns(3) {
		segments, faults := parsePath(pattern)
		if len(faults) > 0 {
			t.Fatal(pattern, faults)
		}
		c := candidate{placedRoute: &placedRoute{Route: &Route{Path: pattern, Segments: segments}, order: i}}
		for _, path := range asked {
			c.matches = append(c.matches, hasShape(path, segments))
		}
		if !slices.Contains(c.matches, true) {
			t.Fatalf("no path matches %s", pattern)
		}
		all = append(all, c)
	}
	for i, x := range all {
		for _, y := range all[i+1:] {
			both, xAlone, yAlone := false, false, false
			for k := range asked {
				both = both || x.matches[k] && y.matches[k]
				xAlone = xAlone || x.matches[k] && !y.matches[k]
				yAlone = yAlone || !x.matches[k] && y.matches[k]
			}
			want := ""
			switch {
			case both && !xAlone && !yAlone:
				want = "same"
			case both && xAlone && yAlone:
				want = "overlap"
			}
			var got []string
			overlaps(shapesOf([]*placedRoute{x.placedRoute, y.placedRoute}),
				func(_, _ *placedRoute) { got = append(got, "same") }, func(_, _ *placedRoute) { got = append(got, "overlap") })
			if strings.Join(got, " ") != want {
				t.Fatalf("%s and %s: %q, want %q", x.Path, y.Path, got, want)
			}
			if r := relate(kindOf(x.Segments), kindOf(y.Segments)); want == "" && both && r.aWider != xAlone {
				t.Fatalf("%s and %s: the first is wider: %v, want %v", x.Path, y.Path, r.aWider, xAlone)
			}
		}
	}
}

// TestOverlapsNamesEachRoute checks that a route which overlaps with several others hides none of them.
func TestOverlapsNamesEachRoute(t *testing.T) {
	var routes []*placedRoute
	for i, path := range []string{"/ws/{a}/x", "/ws/{a}/y", "/ws/b/{c}", "/ws/{a}/z"} {
		segments, _ := parsePath(path)
		routes = append(routes, &placedRoute{Route: &Route{Path: path, Segments: segments}, order: i})
	}
	var got []string
	overlaps(shapesOf(routes), nil, func(x, y *placedRoute) { got = append(got, x.Path+" "+y.Path) })
	want := []string{"/ws/{a}/x /ws/b/{c}", "/ws/{a}/y /ws/b/{c}", "/ws/b/{c} /ws/{a}/z"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
