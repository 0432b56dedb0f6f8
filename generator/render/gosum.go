package render

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// sumLine is one line of a go.sum: the hash of a module's files, or of its go.mod alone, when the version ends in /go.mod.
type sumLine struct {
	module  string
	version string // without the suffix /go.mod
	text    string // the line as it stands, without its end
}

// spliceSum returns existing with the lines of wanted that it lacks. A module that is there in other versions only is left
// alone, since go.mod then asks for one of those, and `go mod tidy` would take away what was added here. A half merged
// existing is a *[RefusedError].
func spliceSum(wanted, existing []byte) ([]byte, error) {
	if existing == nil {
		return wanted, nil
	}
	if err := unmerged("go.sum", existing); err != nil {
		return nil, err
	}
	lines := make(map[string]bool)
	versions := make(map[string]map[string]bool) // of each module in existing
	for _, l := range sumLines(existing) {
		lines[l.text] = true
		if versions[l.module] == nil {
			versions[l.module] = make(map[string]bool)
		}
		versions[l.module][l.version] = true
	}
	var missing strings.Builder
	for _, l := range sumLines(wanted) {
		known := versions[l.module]
		if lines[l.text] || known != nil && !known[l.version] {
			continue
		}
		missing.WriteString(l.text + "\n")
	}
	if missing.Len() == 0 {
		return existing, nil
	}
	return insert(existing, len(existing), missing.String()), nil
}

// joinSums returns the lines of several go.sum as one, in the order of the go command: by module, then by version.
func joinSums(texts [][]byte) []byte {
	lines := sumLines(bytes.Join(texts, nil))
	slices.SortFunc(lines, func(a, b sumLine) int {
		return cmp.Or(strings.Compare(a.module, b.module), semver.Compare(a.version, b.version), strings.Compare(a.text, b.text))
	})
	var out bytes.Buffer
	for _, l := range slices.Compact(lines) {
		out.WriteString(l.text + "\n")
	}
	return out.Bytes()
}

// sumLines splits a go.sum. A line that is not of its form is none of ours and is left out: the go command names it.
func sumLines(text []byte) []sumLine {
	var lines []sumLine
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		if len(fields) != 3 {
			continue
		}
		lines = append(lines, sumLine{
			module:  fields[0],
			version: strings.TrimSuffix(fields[1], "/go.mod"),
			text:    strings.Join(fields, " "),
		})
	}
	return lines
}
