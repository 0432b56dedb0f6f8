package render

import (
	"slices"
	"strings"

	"wsgen/generator/model"
)

// part is a package below internal/ws of the emitted project that is there only where the spec asks for it, and that has
// settings of its own: it exports Config and DefaultConfig.
type part struct {
	Package string // its folder and its name: "redislayer"
	Field   string // of settings.Base, where its Config stands: "Redis"
	Says    string // what that field says, to be read after its name
	// Debug is set where what is allowed is more in debug: Validate is then told whether it is.
	Debug bool
}

// Arguments returns those of Config's method Validate.
func (p part) Arguments() string {
	if p.Debug {
		return "b.Debug"
	}
	return ""
}

// layerPart returns the package that the layer of the project lives in. There is none for memory.
func layerPart(p *model.Project) (part, bool) {
	switch p.Layer {
	case "redis":
		return part{Package: "redislayer", Field: "Redis", Says: "says which Redis carries the messages of groups from process to process"}, true
	case "nats":
		return part{Package: "natslayer", Field: "NATS", Says: "says which NATS server carries the messages of groups from process to process"}, true
	}
	return part{}, false
}

// authPart returns the package that finds out who the user of a request is. There is none where nobody asks.
func authPart(p *model.Project) (part, bool) {
	switch p.Auth {
	case "session":
		return part{Package: "session", Field: "Session", Says: "says how long somebody who has logged in stays so"}, true
	case "jwt":
		return part{Package: "jwt", Field: "JWT", Says: "says which tokens are believed", Debug: true}, true
	}
	return part{}, false
}

// parts returns the packages that the spec asks for, first the layer's.
func parts(p *model.Project) (all []part) {
	for _, ask := range []func(*model.Project) (part, bool){layerPart, authPart} {
		if one, ok := ask(p); ok {
			all = append(all, one)
		}
	}
	return all
}

// asked says of each part whether the project has it, for texts that speak of all of them.
type asked struct {
	Redis, NATS, Session, JWT bool
}

func newAsked(p *model.Project) asked {
	return asked{Redis: p.Layer == "redis", NATS: p.Layer == "nats", Session: p.Auth == "session", JWT: p.Auth == "jwt"}
}

// packages returns the names of parts, sorted as imports are.
func packages(parts []part) []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.Package
	}
	slices.Sort(names)
	return names
}

// folders returns the patterns of the static sources that a project has. The folder is the list: a file that is added to one of
// them is emitted without a further word.
func folders(p *model.Project) []string {
	patterns := []string{"internal/ws/*.go", "internal/ws/wstest/*.go", "client/*.js"}
	for _, one := range parts(p) {
		patterns = append(patterns, "internal/ws/"+one.Package+"/*.go")
	}
	if _, remote := layerPart(p); remote {
		patterns = append(patterns, "internal/ws/envelope/*.go")
	}
	return patterns
}

// wants reports whether a project has the static source of that name, of a folder that it has. Most files of such a folder
// are for every project that has it; the others are told by their names.
func wants(p *model.Project, name string) bool {
	switch {
	case strings.HasPrefix(name, "client/streams"): // a page that has no streams does not load it
		return len(p.Streams) > 0
	case strings.HasPrefix(name, "internal/ws/remote"), strings.HasPrefix(name, "client/remote"): // what other processes are for
		return p.Layer != "memory"
	case name == "internal/ws/hear.go": // topics that are no group's
		return p.Layer != "memory" || p.Auth != "none"
	case strings.HasPrefix(name, "internal/ws/user_notice"): // what a logout in another process is told by
		return p.Auth == "session"
	case strings.HasPrefix(name, "client/auth"), strings.HasPrefix(name, "internal/ws/user"),
		strings.HasPrefix(name, "internal/ws/wstest/user"):
		return p.Auth != "none"
	}
	return true
}

// sumParts returns the static sources that hold what the parts add to go.sum.
func sumParts(p *model.Project) []string {
	var sources []string
	for _, one := range parts(p) {
		sources = append(sources, "go."+one.Package+".sum")
	}
	return sources
}
