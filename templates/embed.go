// Package templates holds the text of everything wsgen emits, and nothing else.
//
// The folder project mirrors an emitted project, path for path. A file that depends on the spec is a thin template whose
// name ends in .tmpl; every other file is real Go or real JavaScript, compiled, vetted and tested where it stands.
//
// Each folder in _examples is an example to start from: its spec, and what it has other than the project that wsgen makes of
// that spec. The go command passes over a folder whose name begins with an underscore, and so it must: the packages that an
// example imports are there only once it is emitted. It is compiled and tested as the golden project of its name.
package templates

import "embed"

// FS holds the folders "project" and "_examples". The prefix all: is needed for files whose name starts with a dot.
//
//go:embed all:project all:_examples
var FS embed.FS
