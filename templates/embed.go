// Package templates holds the text of everything wsgen emits, and nothing else.
//
// The folder project mirrors an emitted project, path for path. A file that depends on the spec is a thin template whose
// name ends in .tmpl; every other file is real Go or real JavaScript, compiled, vetted and tested where it stands.
package templates

import "embed"

// FS holds the folder "project". The prefix all: is needed for files whose name starts with a dot.
//
//go:embed all:project
var FS embed.FS
