package render

import (
	"fmt"

	"wsgen/generator/model"
)

// routing is the data of routing/routing_gen.go.tmpl.
type routing struct {
	Module  string
	Routes  []routingRoute  // sorted by path
	Streams []routingStream // sorted by family
	Imports []string        // the packages of the layer and the auth, sorted
	Backend *part           // the package of the layer; nil for memory
	Auth    string          // a Go expression, what tells ws.NewUsers who a user is; empty where nobody asks
}

// StackArguments returns what stack is called with.
func (r routing) StackArguments() string {
	if r.Auth == "" {
		return "cfg"
	}
	return "cfg, users"
}

// StackParameters returns the parameters of stack.
func (r routing) StackParameters() string {
	if r.Auth == "" {
		return "cfg settings.Settings"
	}
	return "cfg settings.Settings, users *ws.Users"
}

// routingStream is one call of layer.Keep.
type routingStream struct {
	Family   string
	Messages int
	Latest   bool
	seconds  int
}

// TTL returns how long messages are kept as a Go expression, in the largest unit that divides it.
func (s routingStream) TTL() string {
	for _, unit := range []struct {
		name    string
		seconds int
	}{{"time.Hour", 60 * 60}, {"time.Minute", 60}, {"time.Second", 1}} {
		switch {
		case s.seconds == unit.seconds:
			return unit.name
		case s.seconds%unit.seconds == 0:
			return fmt.Sprintf("%d * %s", s.seconds/unit.seconds, unit.name)
		}
	}
	return "" // no second is left over
}

// routingRoute is one call of ws.Sync or ws.Async.
type routingRoute struct {
	Path        string // as in the spec
	Make        string // the constructor of the route in package ws: "Sync" or "Async"
	Interface   string // what its consumers are, in package ws: "SyncConsumer" or "AsyncConsumer"
	Constructor string // of the consumer: "NewChatConsumer"
	ParamsType  string // of the consumer: "ChatParams"
	Params      []routingParam
	Options     []string // Go expressions, each a ws.RouteOption
}

// routingParam is one field of the consumer's params that this path fills.
type routingParam struct {
	Field  string // in Go: "Room"
	Getter string // the method of ws.Params that reads it: "String"
	Name   string // in the path: "room"
}

// newRouting takes from the project what its routing file says.
func newRouting(p *model.Project) routing {
	data := routing{Module: p.Module, Routes: make([]routingRoute, len(p.Routes)), Imports: packages(parts(p)), Auth: authSource(p)}
	if backend, ok := layerPart(p); ok {
		data.Backend = &backend
	}
	for i, r := range p.Routes {
		data.Routes[i] = newRoutingRoute(r)
	}
	for _, s := range p.Streams {
		data.Streams = append(data.Streams, routingStream{Family: s.Family, Messages: s.History, Latest: s.Latest, seconds: s.TTL})
	}
	return data
}

// authSource returns the Go expression for what tells who a user is.
func authSource(p *model.Project) string {
	switch p.Auth {
	case "session":
		return "session.New(cfg.Session, cfg.AllowedOrigins, cfg.Debug, layer)"
	case "jwt":
		return "jwt.New(cfg.JWT, cfg.Debug)"
	}
	return ""
}

func newRoutingRoute(r *model.Route) routingRoute {
	c := r.Consumer
	route := routingRoute{
		Path:        r.Path,
		Make:        "Sync",
		Interface:   "SyncConsumer",
		Constructor: c.Constructor,
		ParamsType:  c.ParamsType,
		Options:     routeOptions(c),
	}
	if c.Mode == model.Async {
		route.Make, route.Interface = "Async", "AsyncConsumer"
	}
	for _, p := range r.Params() {
		route.Params = append(route.Params, routingParam{Field: p.Field, Getter: p.Getter, Name: p.Name})
	}
	return route
}

// routeOptions returns what the consumer asks for beyond the defaults of the runtime.
func routeOptions(c *model.Consumer) []string {
	var options []string
	if c.AuthRequired {
		options = append(options, "ws.RequireUser()")
	}
	switch c.Outbound {
	case "latest":
		options = append(options, "ws.OutboundLatest()")
	case "drop":
		options = append(options, "ws.OutboundDrop()")
	case "block":
		options = append(options, "ws.OutboundBlock()")
	}
	if c.Concurrency > 0 {
		options = append(options, fmt.Sprintf("ws.Concurrency(%d)", c.Concurrency))
	}
	return options
}

// defaults is the data of settings/defaults_gen.go.tmpl: what the spec sets, below the environment.
type defaults struct {
	Module         string
	Service        string
	Imports        []string // the packages of Parts, sorted
	Parts          []part
	AllowedOrigins []string // in the order of the spec; empty means the same host
}

// newDefaults takes from the project the settings of its spec.
func newDefaults(p *model.Project) defaults {
	all := parts(p)
	return defaults{Module: p.Module, Service: p.Service, Imports: packages(all), Parts: all, AllowedOrigins: p.AllowedOrigins}
}
