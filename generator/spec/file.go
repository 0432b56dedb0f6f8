// Package spec turns the bytes of a wsgen.yaml into a positioned tree, says what is wrong with them, and splices
// additions into them without touching a byte of anything else.
//
// The pipeline of which it is the first step: []byte → *spec.File → *model.Project → []render.File → emit.Plan → disk.
package spec

import "go.yaml.in/yaml/v4"

// File is a parsed spec. It keeps the source it came from, since every change to a spec is a splice into that source.
// It is not changed after Parse has returned it, so any number of goroutines may read it.
type File struct {
	Name   string // as it is to be shown in messages: "wsgen.yaml"
	Source []byte

	Version   Int
	Service   Text
	Module    Text
	Routes    []Route    // in the order of the source
	Consumers []Consumer // in the order of the source
	Streams   []Stream   // in the order of the source
	Settings  Settings

	// Invalid is set when Parse reported an error. Nothing is built from such a spec, though more may be said about it.
	Invalid bool
	// Partial is set when Parse reported an error and left out what it could not read. What is missing from the fields
	// above is then no finding of its own: the error that made it missing has been reported.
	Partial bool

	root *yaml.Node // the document's mapping, for splices; nil when there is none
}

// Text is a scalar with its place. A Text that is not in the source has the zero Span.
type Text struct {
	Value string
	Span  Span // with the quotes, where the source has them
}

// Int is a whole number with its place.
type Int struct {
	Value int
	Span  Span
}

// Route is one entry of "routes".
type Route struct {
	Path     Text
	Consumer Text
}

// Consumer is one entry of "consumers".
type Consumer struct {
	Name        Text
	Mode        Text // "sync" or "async"
	Auth        Text // "required"; empty when not given
	Outbound    Text // "disconnect", "latest", "drop" or "block"; empty when not given
	Concurrency Int  // async only; 0 when not given
}

// Stream is one entry of "streams": a family of groups that keep their history.
type Stream struct {
	Family  Text
	History Int  // messages; 0 when not given
	TTL     Int  // seconds; 0 when not given
	Keep    Text // "all" or "latest"; empty when not given
}

// Settings is the mapping "settings": defaults that the environment of the emitted service overrides.
type Settings struct {
	AllowedOrigins []Text
	Layer          Text // "memory", "redis" or "nats"; empty when not given
	Auth           Text // "none", "session" or "jwt"; empty when not given
}
