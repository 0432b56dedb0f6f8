package render

import (
	"net/url"
	"strings"

	"wsgen/generator/model"
)

// params is the data of consumers/consumers_gen.go.tmpl.
type params struct {
	Consumers []paramsType // sorted by the consumer's name
}

// paramsType is the params struct of one consumer.
type paramsType struct {
	Type       string        // of the consumer: "ChatConsumer"
	ParamsType string        // "ChatParams"
	Routes     []string      // the paths in the spec that lead to the consumer, sorted
	Fields     []paramsField // the union over its paths; the field Route apart
}

// paramsField is one field of a params struct.
type paramsField struct {
	Name      string // in Go: "Room"
	Type      string // in Go: "string" or "int64"
	Param     string // in the path: "room"
	Converter string // in the path: "slug"
}

// newParams takes from the project the params of its consumers.
func newParams(p *model.Project) params {
	data := params{Consumers: make([]paramsType, len(p.Consumers))}
	for i, c := range p.Consumers {
		data.Consumers[i] = paramsType{Type: c.Type, ParamsType: c.ParamsType, Routes: paths(c.Routes)}
		for _, f := range c.Params {
			data.Consumers[i].Fields = append(data.Consumers[i].Fields,
				paramsField{Name: f.Field, Type: f.GoType, Param: f.Name, Converter: f.Converter})
		}
	}
	return data
}

// stub is the data of consumers/sync_consumer.go.tmpl and consumers/async_consumer.go.tmpl.
type stub struct {
	Module      string
	Name        string // in the spec: "chat"
	Type        string // "ChatConsumer"
	ParamsType  string // "ChatParams"
	Constructor string // "NewChatConsumer"
}

// newStub takes from the project what the stub of one consumer says.
func newStub(p *model.Project, c *model.Consumer) stub {
	return stub{
		Module:      p.Module,
		Name:        c.Name,
		Type:        c.Type,
		ParamsType:  c.ParamsType,
		Constructor: c.Constructor,
	}
}

// stubTest is the data of consumers/consumer_test.go.tmpl.
type stubTest struct {
	Module   string
	Type     string   // "ChatConsumer"
	TestName string   // the stem of the names of its tests: "TestChatConsumer"
	User     bool     // whether nobody but a user is let in
	Paths    []string // one that can be requested for each route, percent-encoded: "/ws/chat/lobby"; never empty
}

// newStubTest takes from the project what the test of one consumer's stub says.
func newStubTest(p *model.Project, c *model.Consumer) stubTest {
	data := stubTest{Module: p.Module, Type: c.Type, TestName: c.TestName, User: c.AuthRequired}
	for _, r := range c.Routes {
		data.Paths = append(data.Paths, examplePath(r))
	}
	return data
}

// examplePath returns a path that the route matches, as it stands in a request.
func examplePath(r *model.Route) string {
	var b strings.Builder
	for _, s := range r.Segments {
		text := s.Literal
		if s.Param != nil {
			text = s.Param.Example
		}
		b.WriteByte('/')
		if s.Param != nil && s.Param.Converter == "path" {
			b.WriteString(strings.ReplaceAll(url.PathEscape(text), "%2F", "/"))
			continue
		}
		b.WriteString(url.PathEscape(text))
	}
	return b.String()
}

// paths returns the path of each route.
func paths(routes []*model.Route) []string {
	out := make([]string, len(routes))
	for i, r := range routes {
		out[i] = r.Path
	}
	return out
}
