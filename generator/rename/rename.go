// Package rename gives names of a Go package other names in source text, wherever it is certain that they are meant.
package rename

import "errors"

// Doubt is a place that mentions an old name, and that is left to the user.
type Doubt struct {
	Line int    // from 1
	Text string // of the line
	Why  string // why it was left alone
}

// Names are new names by old ones: identifiers declared at the top level of one package.
type Names map[string]string

// Go rewrites one Go file. It is of the package itself, or of another that may import it: importPath is the package's.
func Go(file string, text []byte, importPath string, same bool, names Names) (out []byte, doubts []Doubt, err error) {
	return nil, nil, errors.ErrUnsupported
}
