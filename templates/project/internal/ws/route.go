package ws

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Route is one path pattern and the consumer behind it; [Sync] and [Async] make one.
type Route struct {
	pattern string
	options routeOptions
	// Exactly one of the two is set: the mode.
	makeSync  func(Params) SyncConsumer
	makeAsync func(Params) AsyncConsumer

	segments []segment // set by NewRouter
}

// Sync is a route to a sync consumer; newConsumer is called for each connection, before its Connect.
//
// A segment of the pattern is a literal, {name} or {name:converter}; the converters are str (the default: no slash), int
// (ASCII digits that fit int64), slug, uuid (lower case), word (letters and digits of any script, and "_") and path (the
// whole rest, in last place only). Matching is exact: no redirect, no cleaning of the path, and a trailing slash matters.
func Sync(pattern string, newConsumer func(Params) SyncConsumer, options ...RouteOption) Route {
	return Route{pattern: pattern, options: applyOptions(options), makeSync: newConsumer}
}

// Async is a route to an async consumer, otherwise like [Sync].
func Async(pattern string, newConsumer func(Params) AsyncConsumer, options ...RouteOption) Route {
	return Route{pattern: pattern, options: applyOptions(options), makeAsync: newConsumer}
}

// RouteOption changes how the sockets of one route are served.
type RouteOption func(*routeOptions)

// routeOptions is what options set.
type routeOptions struct {
	policy      outboundPolicy
	concurrency int                    // 0: what Limits says
	admit       func(*Handshake) error // says before the consumer is made who may not come
}

// OutboundLatest lets a message replace one of the same, non-empty key that still waits to be written: for pages that only
// want the newest value of each key. What cannot be held even so closes the socket with 4008.
func OutboundLatest() RouteOption {
	return func(o *routeOptions) { o.policy = policyLatest }
}

// OutboundDrop leaves out, and counts, a message for which a slow socket has no room.
func OutboundDrop() RouteOption {
	return func(o *routeOptions) { o.policy = policyDrop }
}

// OutboundBlock makes Socket.Send wait for room. A group never waits: its message closes a socket without room with 4008.
func OutboundBlock() RouteOption {
	return func(o *routeOptions) { o.policy = policyBlock }
}

// Concurrency sets how many handlers of one async socket run at once.
func Concurrency(n int) RouteOption {
	return func(o *routeOptions) { o.concurrency = n }
}

func applyOptions(options []RouteOption) routeOptions {
	o := routeOptions{admit: func(*Handshake) error { return nil }}
	for _, set := range options {
		set(&o)
	}
	return o
}

// segment is what stands between two slashes of a pattern.
type segment struct {
	literal   string // decoded; meaningful where name is empty
	name      string
	converter converter
}

// rest reports whether the segment stands for the whole rest of a path.
func (s segment) rest() bool { return s.name != "" && s.converter == convertPath }

// parseRoute reads a pattern.
func parseRoute(pattern string) ([]segment, error) {
	rest, ok := strings.CutPrefix(pattern, "/")
	if !ok {
		return nil, fmt.Errorf("pattern %q does not start with a slash", pattern)
	}
	parts := strings.Split(rest, "/")
	segments := make([]segment, len(parts))
	seen := make(map[string]bool)
	for i, part := range parts {
		s, err := parseSegment(part)
		switch {
		case err != nil:
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		case s.rest() && i < len(parts)-1:
			return nil, fmt.Errorf("pattern %q: {%s:path} takes the whole rest, so nothing may follow it", pattern, s.name)
		case s.name != "" && seen[s.name]:
			return nil, fmt.Errorf("pattern %q names the parameter %q twice", pattern, s.name)
		}
		seen[s.name] = true
		segments[i] = s
	}
	return segments, nil
}

// parseSegment reads one segment of a pattern.
func parseSegment(part string) (segment, error) {
	if !strings.ContainsAny(part, "{}") {
		literal, ok := decodeSegment(part)
		if !ok {
			return segment{}, fmt.Errorf("segment %q is not valid percent-encoded UTF-8", part)
		}
		return segment{literal: literal}, nil
	}
	inner, opened := strings.CutPrefix(part, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !opened || !closed || strings.ContainsAny(inner, "{}") {
		return segment{}, fmt.Errorf("segment %q is neither a literal nor {name} nor {name:converter}", part)
	}
	name, word, given := strings.Cut(inner, ":")
	if !given {
		word = "str"
	}
	c, ok := converters[word]
	switch {
	case !isName(name):
		return segment{}, fmt.Errorf("%q is not a name for a parameter", name)
	case !ok:
		return segment{}, fmt.Errorf("there is no converter %q", word)
	}
	return segment{name: name, converter: c}, nil
}

// isName reports whether s is a letter or "_" followed by letters, digits and "_", all ASCII.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// decodeSegment undoes the percent-encoding of one segment, and reports whether the result is text.
func decodeSegment(raw string) (string, bool) {
	text, err := url.PathUnescape(raw)
	return text, err == nil && utf8.ValidString(text)
}

// check panics where the route cannot be served: only the program that calls NewRouter can be wrong about it.
func (r *Route) check() {
	switch {
	case r.makeSync == nil && r.makeAsync == nil:
		panic(fmt.Sprintf("ws: route %q has no consumer: make it with ws.Sync or ws.Async", r.pattern))
	case r.options.concurrency < 0:
		panic(fmt.Sprintf("ws: route %q: Concurrency(%d): want at least 1", r.pattern, r.options.concurrency))
	case r.options.concurrency > 0 && r.makeSync != nil:
		panic(fmt.Sprintf("ws: route %q: Concurrency is for async consumers; the handlers of a sync one never overlap", r.pattern))
	}
}
