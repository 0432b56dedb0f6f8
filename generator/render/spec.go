package render

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// SpecEntry is one consumer of a first wsgen.yaml, with one path that leads to it. Several entries of one consumer give it
// several paths; their mode is that of the first.
type SpecEntry struct {
	Consumer string // in snake_case
	Mode     string // "sync" or "async"
	Path     string // empty for a consumer without a route
}

// SpecSettings are the settings of a first wsgen.yaml that decide which code there is. Each is empty for the default.
type SpecSettings struct {
	Layer string // "memory", "redis" or "nats"
	Auth  string // "none", "session" or "jwt"
}

// Section returns the section "settings" of a wsgen.yaml. Where every setting is the default there is none, and it is empty.
func (s SpecSettings) Section() string {
	var lines string
	if s.Layer != "" && s.Layer != "memory" {
		lines += "  layer: " + s.Layer + "\n"
	}
	if s.Auth != "" && s.Auth != "none" {
		lines += "  auth: " + s.Auth + "\n"
	}
	if lines == "" {
		return ""
	}
	return "settings:\n" + lines
}

// Spec returns the first wsgen.yaml of a project. It is written for a person who has not seen one: what can stand there is
// told in comments. The names are written as they are given; that they are legal is for the caller to have asked. An error
// means that one of them cannot be written in YAML at all.
func Spec(service, module string, entries []SpecEntry, settings SpecSettings) ([]byte, error) {
	var w specWriter
	w.line(modeline)
	w.line("# The routing spec of this service: which WebSocket paths there are, and the code behind each.")
	w.line("# After a change run `wsgen generate`. `wsgen check` tells whether the code still matches.")
	w.line("version: 1")
	w.line("service: %s", w.scalar(service))
	w.line("module: %s", w.scalar(module))
	w.line("")
	w.line("# path: consumer. A segment may be a parameter, {name} or {name:converter}. The converters are")
	w.line("# str (the default), int, slug, uuid, word, and path for the rest of the path.")
	w.routes(entries)
	w.line("")
	w.line("# consumer: mode. A sync consumer handles the messages of a socket one after the other, an async one at once.")
	w.consumers(entries)
	w.line("")
	w.line("# Groups named job, or job:<anything>, that keep their history: a page that comes back is told what it missed.")
	w.line("# streams:")
	w.line("#   job: {history: 1000, ttl: 10m, keep: all}")
	w.line("")
	w.settings(settings.Section())
	return []byte(w.text.String()), w.err
}

// modeline tells the YAML language server, and with it most editors, where the schema of the spec is
// (https://github.com/redhat-developer/yaml-language-server#using-inlined-schema).
const modeline = "# yaml-language-server: $schema=.wsgen/schema.json"

// specWriter collects the lines of a spec and the first error.
type specWriter struct {
	text strings.Builder
	err  error
}

func (w *specWriter) line(format string, args ...any) {
	fmt.Fprintf(&w.text, format+"\n", args...)
}

// routes writes the section of that name. Without an entry it is the bare key, which the parser takes for an empty section.
func (w *specWriter) routes(entries []SpecEntry) {
	w.line("routes:")
	for _, e := range entries {
		if e.Path != "" {
			w.line("  %s: %s", w.scalar(e.Path), w.scalar(e.Consumer))
		}
	}
}

// consumers writes the section of that name, each consumer once.
func (w *specWriter) consumers(entries []SpecEntry) {
	w.line("consumers:")
	for i, e := range entries {
		known := slices.ContainsFunc(entries[:i], func(o SpecEntry) bool { return o.Consumer == e.Consumer })
		if !known {
			w.line("  %s: %s", w.scalar(e.Consumer), w.scalar(e.Mode))
		}
	}
}

// settings writes the section of that name, or, where it is empty, what could stand there.
func (w *specWriter) settings(section string) {
	w.line("# layer carries messages to groups: memory, redis or nats. auth tells who a user is: none, session or jwt.")
	w.line("# allowed_origins is a default, which the environment of the service overrides; without it a page is let in when it was")
	w.line("# served under the service's own host and port.")
	if section == "" {
		w.line("# settings: {layer: memory, auth: none, allowed_origins: [https://example.com]}")
		return
	}
	w.text.WriteString(section)
	w.line("  # allowed_origins: [https://example.com]")
}

// plain matches what YAML 1.1 and 1.2 alike read as a string when it stands without quotes: it begins with a letter or a
// slash and holds none of the characters that mean something to YAML. A colon is one only before a space or at the end,
// which no match can have; braces are some only at the beginning.
var plain = regexp.MustCompile(`^[A-Za-z/]([A-Za-z0-9_./~{}:-]*[A-Za-z0-9_./~}-])?$`)

// words are the strings that some YAML parsers read as something else when they stand without quotes.
const words = " y n yes no on off true false null "

// scalar returns s as a scalar of YAML in block style.
func (w *specWriter) scalar(s string) string {
	if plain.MatchString(s) && !strings.Contains(words, " "+strings.ToLower(s)+" ") {
		return s
	}
	if !utf8.ValidString(s) {
		w.fail("%q is not valid UTF-8", s)
	}
	quoted, err := json.Marshal(s) // a JSON string is a double-quoted scalar of YAML 1.2
	if err != nil {
		w.fail("%q: %w", s, err)
	}
	return string(quoted)
}

func (w *specWriter) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("write wsgen.yaml: "+format, args...)
	}
}
