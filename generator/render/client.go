package render

import (
	"encoding/json"
	"strings"

	"wsgen/generator/model"
)

// client is the data of client/index.js.tmpl and client/index.d.ts.tmpl: the same classes, as code and as types.
type client struct {
	service string
	Sockets []clientSocket // sorted by the consumer's name; only consumers that a route leads to
}

// Service returns the name of the service as a string literal of JavaScript.
func (c client) Service() (string, error) { return quoteJS(c.service) }

// clientSocket is one class of the JavaScript client.
type clientSocket struct {
	Class    string // "ChatSocket"
	Consumer string // in the spec: "chat"
	Mode     string // "sync" or "async"
	Async    bool   // an async consumer answers requests
	Routes   []clientRoute
}

// clientRoute is one path that the class can connect to.
type clientRoute struct {
	Path       string // as in the spec
	Params     []clientParam
	ParamsType string // the params object in TypeScript: "{ room: string }"; "Record<string, never>" without params
}

// clientParam is one parameter of a path.
type clientParam struct {
	Name      string
	Converter string
	Type      string // in TypeScript: "string", or "number | bigint | string" for int
}

// Quoted returns the path as a string literal of JavaScript.
func (r clientRoute) Quoted() (string, error) { return quoteJS(r.Path) }

// newClient takes from the project what its JavaScript client exports.
func newClient(p *model.Project) client {
	data := client{service: p.Service}
	for _, c := range p.Consumers {
		if len(c.Routes) == 0 {
			continue
		}
		socket := clientSocket{Class: c.JSClass, Consumer: c.Name, Mode: string(c.Mode), Async: c.Mode == model.Async}
		for _, r := range c.Routes {
			socket.Routes = append(socket.Routes, newClientRoute(r))
		}
		data.Sockets = append(data.Sockets, socket)
	}
	return data
}

func newClientRoute(r *model.Route) clientRoute {
	route := clientRoute{Path: r.Path, ParamsType: "Record<string, never>"}
	var fields []string
	for _, p := range r.Params() {
		route.Params = append(route.Params, clientParam{Name: p.Name, Converter: p.Converter, Type: p.JSType})
		fields = append(fields, p.Name+": "+p.JSType)
	}
	if len(fields) > 0 {
		route.ParamsType = "{ " + strings.Join(fields, "; ") + " }"
	}
	return route
}

// quoteJS returns s as a string literal of JavaScript. JSON is one since ECMAScript 2019, and encoding/json also escapes
// <, > and &, so that the text is harmless inside a page too.
func quoteJS(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}
