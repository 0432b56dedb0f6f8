package model

import (
	"cmp"
	"fmt"
	"slices"

	"wsgen/generator/spec"
)

// maxSuggestions bounds how many unknown consumers get a "did you mean": after so many the spec has another problem.
const maxSuggestions = 50

// Build returns the project that a parsed spec describes, and what there is to say about it, sorted. The Project is nil if
// and only if there is an error, be it one of these findings or one that Parse has reported; warnings come along with a
// Project.
func Build(f *spec.File) (*Project, spec.Diagnostics) {
	b := &builder{file: f, consumers: map[string]*Consumer{}, badNames: map[*Consumer]bool{}}
	b.names()
	b.readConsumers()
	b.readRoutes()
	shapes := shapesOf(b.routes)
	if b.compare(shapes); !f.Partial {
		b.unused()
	}
	b.params()
	b.readStreams()
	b.settings()
	b.diags.Sort()
	if f.Invalid || b.diags.HasErrors() {
		return nil, b.diags
	}
	chooseExamples(shapes)
	b.fillParams()
	return &b.project, b.diags
}

// builder collects the project and the findings.
type builder struct {
	file      *spec.File
	project   Project
	diags     spec.Diagnostics
	consumers map[string]*Consumer // by name, those with a bad name included
	badNames  map[*Consumer]bool
	routes    []*placedRoute // in the order of the spec; those with a bad path are missing
	guesses   int            // how many names have been looked for among the others
}

// placedRoute is a route with its places in the spec.
type placedRoute struct {
	*Route
	source spec.Route
	order  int // in the spec, from 0
}

func (b *builder) report(severity spec.Severity, code string, at spec.Span, hint, message string, related ...spec.Related) {
	b.diags = append(b.diags, spec.Diagnostic{
		Code: code, Severity: severity, Span: at, Message: message, Hint: hint, Related: related,
	})
}

// names reads the service's name and its module path. Where one is missing, Parse has said so.
func (b *builder) names() {
	f := b.file
	if p := checkServiceName(f.Service.Value); !p.isZero() && f.Service.Span != (spec.Span{}) {
		b.report(spec.Error, spec.CodeServiceName, f.Service.Span, p.hint, "the service name "+spec.Quote(f.Service.Value)+" "+p.fact)
	}
	if p := checkModulePath(f.Module.Value); !p.isZero() && f.Module.Span != (spec.Span{}) {
		b.report(spec.Error, spec.CodeModulePath, f.Module.Span, p.hint, "the module path "+spec.Quote(f.Module.Value)+" "+p.fact)
	}
	b.project.Service, b.project.Module = f.Service.Value, f.Module.Value
}

// settings reads the settings and fills in their defaults.
func (b *builder) settings() {
	s := b.file.Settings
	for _, o := range s.AllowedOrigins {
		if p := checkOrigin(o.Value); !p.isZero() {
			b.report(spec.Error, spec.CodeOrigin, o.Span, p.hint, "the origin "+spec.Quote(o.Value)+" "+p.fact)
		}
		b.project.AllowedOrigins = append(b.project.AllowedOrigins, o.Value)
	}
	b.project.Layer, b.project.Auth = cmp.Or(s.Layer.Value, "memory"), cmp.Or(s.Auth.Value, "none")
}

// readConsumers reads every consumer and derives its names.
func (b *builder) readConsumers() {
	places := map[string]spec.Span{}
	for _, c := range b.file.Consumers {
		places[c.Name.Value] = c.Name.Span
	}
	clashes := clashes{}
	for _, c := range b.file.Consumers {
		consumer := newConsumer(c)
		b.consumers[c.Name.Value] = consumer
		b.project.Consumers = append(b.project.Consumers, consumer)
		if p := checkConsumerName(c.Name.Value); !p.isZero() {
			b.badNames[consumer] = true
			b.badConsumer(c.Name, p, places)
			continue
		}
		if first, identifier := clashes.add(consumer); first != nil {
			b.report(spec.Error, spec.CodeConsumerClash, c.Name.Span, "rename one of the two",
				fmt.Sprintf("the consumers %s and %s both become %s", spec.Quote(first.Name), spec.Quote(c.Name.Value), identifier),
				spec.Related{Span: places[first.Name], Message: spec.Quote(first.Name) + " stands here"})
		}
	}
	slices.SortFunc(b.project.Consumers, func(x, y *Consumer) int { return cmp.Compare(x.Name, y.Name) })
}

// badConsumer reports a name. Where the better name is another consumer's already, it says so instead of offering it.
func (b *builder) badConsumer(name spec.Text, p problem, places map[string]spec.Span) {
	var related []spec.Related
	if at, ok := places[snakeCase(name.Value)]; ok && snakeCase(name.Value) != name.Value {
		p.hint = "remove one of the two: " + spec.Quote(snakeCase(name.Value)) + " is there already"
		related = []spec.Related{{Span: at, Message: spec.Quote(snakeCase(name.Value)) + " stands here"}}
	}
	b.report(spec.Error, spec.CodeConsumerName, name.Span, p.hint, "the consumer name "+spec.Quote(name.Value)+" "+p.fact, related...)
}

// newConsumer derives every name of a consumer.
func newConsumer(c spec.Consumer) *Consumer {
	name := c.Name.Value
	stem := exported(name)
	return &Consumer{
		Name: name, Mode: Mode(c.Mode.Value), AuthRequired: c.Auth.Value == "required",
		Outbound: cmp.Or(c.Outbound.Value, "disconnect"), Concurrency: c.Concurrency.Value,
		Type: stem + "Consumer", ParamsType: stem + "Params",
		Constructor: "New" + stem + "Consumer", TestName: "Test" + stem + "Consumer",
		File: "consumers/" + name + "_consumer.go", TestFile: "consumers/" + name + "_consumer_test.go", JSClass: stem + "Socket",
	}
}

// clashes maps each name that a consumer has in Go and JavaScript to the consumer. Files are named after the consumer
// itself, in lower case, so that they differ on every file system when the consumers do.
type clashes map[string]*Consumer

// add records a consumer's names. When another has one of them, it returns that consumer and the name.
func (cs clashes) add(c *Consumer) (first *Consumer, identifier string) {
	for _, id := range []string{c.Type, c.ParamsType, c.Constructor, c.JSClass} {
		if other := cs[id]; other != nil {
			return other, id
		}
	}
	for _, id := range []string{c.Type, c.ParamsType, c.Constructor, c.JSClass} {
		cs[id] = c
	}
	return nil, ""
}

// unused warns of consumers that no route leads to.
func (b *builder) unused() {
	for _, c := range b.file.Consumers {
		if consumer := b.consumers[c.Name.Value]; len(consumer.Routes) == 0 && !b.badNames[consumer] {
			b.report(spec.Warning, spec.CodeUnusedConsumer, c.Name.Span,
				"add a route such as "+spec.Quote("/ws/"+c.Name.Value+": "+c.Name.Value),
				"no route leads to the consumer "+spec.Quote(c.Name.Value))
		}
	}
}
