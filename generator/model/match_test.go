package model

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"wsgen/generator/spec"
)

// project builds the project of some routes, which all lead to one consumer each unless they share one.
func project(t testing.TB, routes ...string) *Project {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\nservice: s\nmodule: m\nroutes:\n")
	for i, r := range routes {
		b.WriteString("  \"" + r + "\": c" + strings.Repeat("x", i) + "\n")
	}
	b.WriteString("consumers:\n")
	for i := range routes {
		b.WriteString("  c" + strings.Repeat("x", i) + ": sync\n")
	}
	f, ds := spec.Parse("wsgen.yaml", []byte(b.String()))
	p, more := Build(f)
	if p == nil {
		t.Fatal(slices.Concat(ds, more).Format(f, false))
	}
	return p
}

func TestMatch(t *testing.T) {
	p := project(t, "/ws/chat/{room:slug}", "/ws/chat/new", "/ws/chat/{room:slug}/", "/ws/n/{id:int}", "/ws/n/{rest:path}", "/ws/café", "/ws/f/{file:path}",
		"/ws/f/{a}/x/{b}", "/ws/a b"[:5])
	for path, want := range map[string]struct {
		route  string
		params map[string]string
		why    string
	}{
		"/ws/chat/lobby":     {"/ws/chat/{room:slug}", map[string]string{"room": "lobby"}, ""},
		"/ws/chat/lobby?x=/": {"/ws/chat/{room:slug}", map[string]string{"room": "lobby"}, ""},
		"/ws/chat/new":       {"/ws/chat/new", map[string]string{}, ""},
		"/ws/chat/ne%77":     {"/ws/chat/new", map[string]string{}, ""},
		"/ws/chat/new/":      {"/ws/chat/{room:slug}/", map[string]string{"room": "new"}, ""},
		"/ws/chat/":          {why: "no route has this shape"},
		"/ws/chat/a.b":       {why: `"/ws/chat/{room:slug}" wins by its shape, and "a.b" is not what {room:slug} takes`},
		"/ws/n/7":            {"/ws/n/{id:int}", map[string]string{"id": "7"}, ""},
		"/ws/n/x":            {why: `"/ws/n/{id:int}" wins by its shape, and "x" is not what {id:int} takes`},
		"/ws/n/7/8":          {"/ws/n/{rest:path}", map[string]string{"rest": "7/8"}, ""},
		"/ws/n/":             {why: "no route has this shape"},
		"/ws/n":              {why: "no route has this shape"},
		"/ws/caf%C3%A9":      {"/ws/café", map[string]string{}, ""},
		"/ws/café":           {"/ws/café", map[string]string{}, ""},
		"/ws/café/":          {why: `no route has this shape; "/ws/café" would match "/ws/café", for a slash at the end matters`},
		"/ws/f/a%2Fb":        {"/ws/f/{file:path}", map[string]string{"file": "a/b"}, ""},
		"/ws/f/a/x/b":        {"/ws/f/{a}/x/{b}", map[string]string{"a": "a", "b": "b"}, ""},
		"/ws/f/a/x/":         {"/ws/f/{file:path}", map[string]string{"file": "a/x/"}, ""},
		"/ws/f//":            {"/ws/f/{file:path}", map[string]string{"file": "/"}, ""},
		"/ws/f/%zz":          {why: `"/ws/f/{file:path}" wins by its shape, and "%zz" is not what {file:path} takes`},
		"/ws/f/%ff":          {why: `"/ws/f/{file:path}" wins by its shape, and "\xff" is not what {file:path} takes`},
		"/":                  {why: `the service answers "/" itself`},
		"/healthz":           {why: `the service answers "/healthz" itself`},
		"ws/chat":            {why: "a path starts with a slash"},
		"":                   {why: "a path starts with a slash"},
		"//":                 {why: "no route has this shape"},
	} {
		m := p.Match(path)
		got := ""
		if m.Route != nil {
			got = m.Route.Path
		}
		if got != want.route || !maps.Equal(m.Params, want.params) || m.Why != want.why {
			t.Errorf("Match(%q) = %q %v %q, want %q %v %q", path, got, m.Params, m.Why, want.route, want.params, want.why)
		}
	}
}

// TestExamples checks that the path with the examples of its parameters leads to each route, whatever stands beside it.
func TestExamples(t *testing.T) {
	for _, routes := range [][]string{
		{"/ws/{a}", "/ws/lobby", "/ws/{a}/{b:int}", "/ws/{a}/7", "/ws/lobby/x/{b:int}", "/ws/{id:path}"},
		{"/ws/{a}/{b}", "/ws/{p:path}"},
		{"/ws/{a}/{b}", "/ws/{a}", "/ws/{p:path}", "/ws/{a}/{b}/{c}/"},
		{"/ws/{a}/{q:path}", "/ws/{p:path}"},
		{"/ws/{id:uuid}/{w:word}/{s:slug}/"},
		{"/ws/lobby2/{p:path}", "/ws/{x:word}", "/ws/{p:path}"},
	} {
		p := project(t, routes...)
		for _, r := range p.Routes {
			path := ""
			for _, s := range r.Segments {
				path += "/" + s.Literal
				if s.Param != nil {
					path += s.Param.Example
				}
			}
			if m := p.Match(path); m.Route != r {
				t.Errorf("of %q, %q does not match its own example %q: %s", routes, r.Path, path, m.Why)
			}
		}
	}
}
