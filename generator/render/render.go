// Package render turns a project into the bytes of every emitted file. It reads no disk and writes none.
package render

import "io/fs"

// Owner says whose a file is, and so what wsgen may do with it (see docs/emitted-project.md).
type Owner string

// The owners.
const (
	Generated Owner = "generated" // replaced whenever the spec asks for it; an edit is a conflict
	Yours     Owner = "yours"     // written once, then the user's
	Spliced   Owner = "spliced"   // the user's, but wsgen adds what is missing and touches nothing else
)

// File is one file of the emitted project.
type File struct {
	Path  string // slash-separated, relative to the project's root
	Owner Owner
	Mode  fs.FileMode // 0o644 or 0o755
	// Needed is set where the project does not build without the file: one of the user's that is missing is then written
	// again. Any other file of the user's stays deleted once the user deleted it.
	Needed bool
	// Render returns the file's text: for Generated and Yours the whole file (existing is ignored); for Spliced what
	// existing becomes, existing being nil where there is no such file. It is pure and may be called from any goroutine.
	// A file of the user's that is there already is never rendered, which is what keeps a second run fast.
	Render func(existing []byte) ([]byte, error)
}
