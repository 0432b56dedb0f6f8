package spec

import (
	"math"

	"go.yaml.in/yaml/v4"
)

// maxConcurrency bounds the handlers at once on one socket. The runtime has a bound of its own over all sockets, so that
// more than this only costs memory.
const maxConcurrency = 1024

func (d *decoder) version(key Text, n *yaml.Node) {
	v := d.number(n, key, math.MinInt32, math.MaxInt32)
	if v.Span != (Span{}) && v.Value != 1 {
		d.errorf(CodeVersion, v.Span, `write "version: 1"`, "version %d is not one that this wsgen reads", v.Value)
		return
	}
	d.file.Version = v
}

func (d *decoder) routes(key Text, n *yaml.Node) {
	if !d.mapping(key, n, true, `write each route as "/ws/chat: chat"`) {
		return
	}
	for _, e := range d.entries(n) {
		switch {
		case isNull(e.value):
			d.errorf(CodeType, e.key.Span, "write "+Quote(e.key.Value+": chat")+", for one", "the route leads to no consumer")
			d.file.Partial = true
			continue
		case e.value.Kind == yaml.MappingNode || e.value.Kind == yaml.SequenceNode:
			d.errorf(CodeType, d.span(e.value),
				"write "+Quote(e.key.Value+": chat")+`; what there is to say about chat stands under "consumers"`,
				"a route leads to one consumer, not to %s", kindOf(e.value))
			d.file.Partial = true
			continue
		}
		if consumer, ok := d.text(e.value, e.key); ok {
			d.file.Routes = append(d.file.Routes, Route{Path: e.key, Consumer: consumer})
		}
	}
}

func (d *decoder) consumers(key Text, n *yaml.Node) {
	if !d.mapping(key, n, true, `write each consumer as "chat: async"`) {
		return
	}
	for _, e := range d.entries(n) {
		c := Consumer{Name: e.key}
		switch {
		case isNull(e.value):
			d.errorf(CodeNoMode, e.key.Span, "write "+Quote(e.key.Value+": sync")+" or "+Quote(e.key.Value+": async"),
				"the consumer %s has no mode", Quote(e.key.Value))
		case e.value.Kind == yaml.MappingNode:
			d.consumer(&c, e.value)
		case e.value.Kind == yaml.ScalarNode:
			c.Mode = d.choice(e.value, Text{"mode", e.key.Span}, modes()...)
		case e.value.Kind != yaml.AliasNode:
			d.errorf(CodeType, d.span(e.value), "write "+Quote(e.key.Value+": sync")+", or a mapping when there is more to say",
				"a consumer is a mode or a mapping, not %s", kindOf(e.value))
		}
		d.file.Consumers = append(d.file.Consumers, c)
	}
}

func modes() []string { return []string{"sync", "async"} }

// outbounds returns what the key "outbound" can be, the default first.
func outbounds() []string { return []string{"disconnect", "latest", "drop", "block"} }

// consumer reads the long form of one consumer.
func (d *decoder) consumer(c *Consumer, n *yaml.Node) {
	seen := d.fields(n, "consumer "+Quote(c.Name.Value), []field{
		{"mode", func(k Text, v *yaml.Node) { c.Mode = d.choice(v, k, modes()...) }},
		{"auth", func(k Text, v *yaml.Node) { c.Auth = d.choice(v, k, "required") }},
		{"outbound", func(k Text, v *yaml.Node) { c.Outbound = d.choice(v, k, outbounds()...) }},
		{"concurrency", func(k Text, v *yaml.Node) { c.Concurrency = d.number(v, k, 1, maxConcurrency) }},
		{"from_client", nil},
		{"from_server", nil},
	})
	if !seen["mode"] {
		d.errorf(CodeNoMode, c.Name.Span, `add "mode: sync" or "mode: async"`, "the consumer %s has no mode", Quote(c.Name.Value))
	}
	if c.Mode.Value == "sync" && c.Concurrency.Value != 0 {
		d.errorf(CodeSyncConcurrency, c.Concurrency.Span, "remove it, or make the consumer async",
			"a sync consumer runs one handler at a time")
		c.Concurrency = Int{}
	}
}

// Layers returns what the setting "layer" can be, the default first.
func Layers() []string { return []string{"memory", "redis", "nats"} }

// Auths returns what the setting "auth" can be, the default first.
func Auths() []string { return []string{"none", "session", "jwt"} }

func (d *decoder) settings(key Text, n *yaml.Node) {
	if !d.mapping(key, n, true, `write each setting as "layer: memory"`) {
		d.authUnknown = !isNull(n)
		return
	}
	s := &d.file.Settings
	d.fields(n, Quote("settings"), []field{
		{"allowed_origins", func(k Text, v *yaml.Node) { s.AllowedOrigins = d.origins(k, v) }},
		{"layer", func(k Text, v *yaml.Node) { s.Layer = d.choice(v, k, Layers()...) }},
		{"auth", func(k Text, v *yaml.Node) {
			s.Auth = d.choice(v, k, Auths()...)
			d.authUnknown = s.Auth.Value == ""
		}},
	})
}

// origins reads the list of allowed origins. What each says is the model's to judge.
func (d *decoder) origins(key Text, n *yaml.Node) []Text {
	switch {
	case n.Kind == yaml.AliasNode || isNull(n):
		return nil
	case n.Kind != yaml.SequenceNode:
		d.errorf(CodeType, d.span(n), "write a list: [https://example.com]", "%s is a list, not %s", Quote(key.Value), kindOf(n))
		return nil
	}
	var all []Text
	for _, item := range n.Content {
		if isNull(item) {
			d.errorf(CodeType, d.span(item), "write an origin, or remove it", "an allowed origin is empty")
			continue
		}
		if item.Kind == yaml.SequenceNode && len(item.Content) > 0 && item.Content[0].Kind == yaml.ScalarNode {
			d.errorf(CodeUnquotedIPv6, d.span(item), `write "[`+item.Content[0].Value+`]" with the quotes`,
				"an address in square brackets needs quotes, for YAML takes it for a list")
			continue
		}
		if t, ok := d.text(item, Text{"allowed_origins", d.span(item)}); ok {
			all = append(all, t)
		}
	}
	return all
}

// requiredUsers judges "auth: required" of the consumers, once the settings are known: they can stand below.
func (d *decoder) requiredUsers() {
	if auth := d.file.Settings.Auth.Value; d.authUnknown || auth != "" && auth != "none" {
		return
	}
	for _, c := range d.file.Consumers {
		if c.Auth.Value != "" {
			d.errorf(CodeAuthOff, c.Auth.Span, `write "auth: session" or "auth: jwt" under "settings", or remove it here`,
				"a user cannot be required where there is no authentication")
		}
	}
}
