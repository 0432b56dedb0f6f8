package render

import (
	"encoding/json"
	"slices"
	"strings"

	"wsgen/generator/model"
)

// client is the data of client/index.js.tmpl and client/index.d.ts.tmpl: the same classes, as code and as types.
type client struct {
	service string
	Sockets []clientSocket // sorted by the consumer's name; only consumers that a route leads to
	Streams bool           // whether groups keep their history
	Remote  bool           // whether messages of groups come from other processes as well
	Auth    string         // how users are known, "session" or "jwt"; empty where they are not
}

// BaseFile returns the file in client/ that has the base class of all others.
func (c client) BaseFile() string {
	if c.Streams {
		return "streams.js"
	}
	return "socket.js"
}

// MessageEvent returns the type of what onmessage is called with.
func (c client) MessageEvent() string {
	if c.Streams {
		return "StreamMessageEvent"
	}
	return "MessageEvent"
}

// Service returns the name of the service as a string literal of JavaScript.
func (c client) Service() (string, error) { return quoteJS(c.service) }

// clientSocket is one class of the JavaScript client.
type clientSocket struct {
	Class    string // "ChatSocket"
	Consumer string // in the spec: "chat"
	Mode     string // "sync" or "async"
	Routes   []clientRoute
}

// Base returns the class of client/socket.js, as index.d.ts types it, that the socket's class extends: only an async
// consumer answers requests.
func (s clientSocket) Base() string {
	if s.Mode == string(model.Async) {
		return "AsyncSocket"
	}
	return "Socket"
}

// clientRoute is one path that the class can connect to.
type clientRoute struct {
	Path       string // as in the spec
	Params     []clientParam
	ParamsType string // the params object in TypeScript: "{ room: string }"; "Record<string, never>" without params
	// Ambiguous is set where another path of the class has parameters of the same names: the params alone then do not tell
	// which path is meant.
	Ambiguous bool
}

// clientParam is one parameter of a path.
type clientParam struct {
	Name      string
	Converter string
}

// Quoted returns the path as a string literal of JavaScript.
func (r clientRoute) Quoted() (string, error) { return quoteJS(r.Path) }

// ParamsMark returns "?" where the constructor may be called without params.
func (r clientRoute) ParamsMark() string {
	if len(r.Params) == 0 && !r.Ambiguous {
		return "?"
	}
	return ""
}

// OptionsMark returns "?" where the constructor may be called without options, which name the route.
func (r clientRoute) OptionsMark() string {
	if r.Ambiguous {
		return ""
	}
	return "?"
}

// newClient takes from the project what its JavaScript client exports.
func newClient(p *model.Project) client {
	data := client{service: p.Service, Streams: len(p.Streams) > 0}
	_, data.Remote = layerPart(p)
	if one, ok := authPart(p); ok {
		data.Auth = one.Package
	}
	for _, c := range p.Consumers {
		if len(c.Routes) == 0 {
			continue
		}
		data.Sockets = append(data.Sockets, newClientSocket(c))
	}
	return data
}

func newClientSocket(c *model.Consumer) clientSocket {
	socket := clientSocket{Class: c.JSClass, Consumer: c.Name, Mode: string(c.Mode)}
	shapes := make(map[string]int) // how many paths have parameters of these names
	for _, r := range c.Routes {
		shapes[paramNames(r)]++
	}
	for _, r := range c.Routes {
		socket.Routes = append(socket.Routes, newClientRoute(r, shapes[paramNames(r)] > 1))
	}
	return socket
}

func newClientRoute(r *model.Route, ambiguous bool) clientRoute {
	route := clientRoute{Path: r.Path, ParamsType: "Record<string, never>", Ambiguous: ambiguous}
	var fields []string
	for _, p := range r.Params() {
		route.Params = append(route.Params, clientParam{Name: p.Name, Converter: p.Converter})
		fields = append(fields, p.Name+": "+p.JSType)
	}
	if len(fields) > 0 {
		route.ParamsType = "{ " + strings.Join(fields, "; ") + " }"
	}
	return route
}

// paramNames returns the names of the route's parameters, sorted and joined: equal for two routes that take the same object.
func paramNames(r *model.Route) string {
	var names []string
	for _, p := range r.Params() {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// quoteJS returns s as a string literal of JavaScript. JSON is one since ECMAScript 2019, and encoding/json also escapes
// <, > and &, so that the text is harmless inside a page too.
func quoteJS(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}
