package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wsgen/generator/spec"
)

// readRoutes reads every route and ties it to its consumer.
func (b *builder) readRoutes() {
	names := make([]string, 0, len(b.file.Consumers))
	for _, c := range b.file.Consumers {
		names = append(names, c.Name.Value)
	}
	for i, r := range b.file.Routes {
		consumer := b.consumers[r.Consumer.Value]
		if consumer == nil && !b.file.Partial {
			b.report(spec.Error, spec.CodeUnknownConsumer, r.Consumer.Span, b.nearConsumer(r.Consumer.Value, names),
				"there is no consumer "+spec.Quote(r.Consumer.Value))
		}
		segments, faults := parsePath(r.Path.Value)
		for _, f := range faults {
			b.report(spec.Error, f.code, b.file.Part(r.Path, f.from, f.to), f.hint, f.fact)
		}
		route := &Route{Path: r.Path.Value, Consumer: consumer, Segments: segments}
		if consumer != nil {
			consumer.Routes = append(consumer.Routes, route)
		}
		if len(faults) == 0 {
			b.routes = append(b.routes, &placedRoute{Route: route, source: r, order: i})
			b.project.Routes = append(b.project.Routes, route)
		}
	}
	byPath := func(x, y *Route) int { return cmp.Compare(x.Path, y.Path) }
	slices.SortFunc(b.project.Routes, byPath)
	for _, c := range b.project.Consumers {
		slices.SortFunc(c.Routes, byPath)
	}
}

// nearConsumer returns the hint for a consumer that is not there.
func (b *builder) nearConsumer(name string, names []string) string {
	better, err := ConsumerName(name)
	switch {
	case err == nil && b.consumers[better] != nil:
		return "write " + spec.Quote(better)
	case b.guesses < maxSuggestions:
		b.guesses++
		if hint := spec.DidYouMean(name, names); hint != "" {
			return hint
		}
	}
	if err != nil {
		return `name one that stands under "consumers"`
	}
	return `add ` + spec.Quote(better+": sync") + ` under "consumers"`
}

// compare reports the routes that stand in each other's way.
func (b *builder) compare(shapes []*shape) {
	if len(shapes) > maxKinds {
		b.report(spec.Error, spec.CodeTooManyRoutes, spec.Span{}, "split the service",
			fmt.Sprintf("the routes have more than %d kinds of path", maxKinds))
		return
	}
	overlaps(shapes, func(first, second *placedRoute) {
		b.report(spec.Error, spec.CodeSameRequests, second.source.Path.Span, "remove one of the two, or give one a literal of its own",
			fmt.Sprintf("%s matches the same paths as %s", spec.Quote(second.Path), spec.Quote(first.Path)), other(first))
	}, func(first, second *placedRoute) {
		b.report(spec.Error, spec.CodeOverlap, second.source.Path.Span, "make one of them more specific than the other",
			fmt.Sprintf("%s and %s overlap, and neither is more specific", spec.Quote(second.Path), spec.Quote(first.Path)), other(first))
	})
	fallbacks(shapes, func(narrow, wide *placedRoute) {
		b.report(spec.Warning, spec.CodeNoFallback, narrow.source.Path.Span, "what its converters refuse is answered 404",
			fmt.Sprintf("%s takes paths that %s would match, and does not fall back to it",
				spec.Quote(narrow.Path), spec.Quote(wide.Path)), other(wide))
	})
}

// other is the second place of a finding about two routes.
func other(r *placedRoute) spec.Related {
	return spec.Related{Span: r.source.Path.Span, Message: "the other route stands here"}
}

// placedParam is a parameter and its place.
type placedParam struct {
	*Param
	at spec.Span
}

// fields are the parameters of all routes of one consumer: the fields of one Go struct.
type fields struct {
	byName, byField map[string]placedParam
}

// params checks that the parameters of each consumer's routes can be the fields of one struct.
func (b *builder) params() {
	of := map[*Consumer]fields{}
	for _, r := range b.routes {
		if r.Consumer == nil {
			continue
		}
		if _, ok := of[r.Consumer]; !ok {
			of[r.Consumer] = fields{map[string]placedParam{}, map[string]placedParam{}}
		}
		from := 1
		for _, s := range r.Segments {
			to := from + len(s.Literal)
			if s.Param != nil {
				to = from + len(paramText(r.source.Path.Value[from:]))
				b.param(placedParam{s.Param, b.file.Part(r.source.Path, from, to)}, of[r.Consumer])
			}
			from = to + 1
		}
	}
}

// paramText returns the parameter that the rest of a path begins with.
func paramText(rest string) string {
	text, _, _ := strings.Cut(rest, "/")
	return text
}

// param checks one parameter against those of the same consumer that came before.
func (b *builder) param(p placedParam, seen fields) {
	if p.Field == "Route" {
		b.report(spec.Error, spec.CodeParamClash, p.at, "give it another name, such as "+spec.Quote(p.Name+"_name"),
			"the parameter "+spec.Quote(p.Name)+" would be the field Route, which holds the path of the route")
		return
	}
	first, again := seen.byName[p.Name]
	clash, taken := seen.byField[p.Field]
	switch {
	case again && first.Converter != p.Converter:
		b.report(spec.Error, spec.CodeConverterClash, p.at, "use one converter, or two names",
			fmt.Sprintf("the parameter %s of one consumer has two converters, %s and %s", spec.Quote(p.Name), first.Converter, p.Converter),
			spec.Related{Span: first.at, Message: "the other stands here"})
	case !again && taken:
		b.report(spec.Error, spec.CodeParamClash, p.at, "rename one of the two",
			fmt.Sprintf("the parameters %s and %s of one consumer both become the field %s",
				spec.Quote(clash.Name), spec.Quote(p.Name), p.Field),
			spec.Related{Span: clash.at, Message: spec.Quote(clash.Name) + " stands here"})
	case !again:
		seen.byName[p.Name], seen.byField[p.Field] = p, p
	}
}

// fillParams gives each consumer the union of its routes' parameters.
func (b *builder) fillParams() {
	for _, c := range b.project.Consumers {
		seen := map[string]bool{}
		for _, r := range c.Routes {
			for _, p := range r.Params() {
				if !seen[p.Name] {
					seen[p.Name] = true
					c.Params = append(c.Params, p)
				}
			}
		}
	}
}
