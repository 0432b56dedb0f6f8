// Package emit brings a directory in line with rendered files: it keeps the manifest, computes the plan by reading alone,
// and is the only package of wsgen that writes to a project.
package emit

import (
	"io/fs"

	"wsgen/generator/render"
)

// Action is what a plan does to one file.
type Action string

// The actions.
const (
	Create   Action = "create"   // the file is not there yet
	Update   Action = "update"   // its text changes
	Keep     Action = "keep"     // it is as it should be, or the user's
	Delete   Action = "delete"   // generated once, and the spec no longer asks for it
	Conflict Action = "conflict" // the user edited what wsgen would replace or delete; nothing is written
)

// Op is one file operation of a plan.
type Op struct {
	Path   string
	Owner  render.Owner
	Action Action
	Reason string // why, where the action alone does not tell: "edited by hand", "no longer in the spec"
	Old    []byte // the text on disk; nil where there is no file or it was not read
	New    []byte // the text after the plan; nil for Delete and for files that were not rendered
	Mode   fs.FileMode
}
