package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// required returns the module in the version that go.mod asks for, with the line; where it does not ask yet it will be the one that
// the service is built with, and the line is 0.
func (s *site) required(want module.Version) (asked module.Version, line int) {
	for _, r := range s.mod.Require {
		if r.Mod.Path == want.Path {
			return r.Mod, r.Syntax.Start.Line
		}
	}
	return want, 0
}

// replacement returns the line of go.mod that puts another module in the place of this one, or nil. One for this version goes before
// one for all of them: see the Go Modules Reference, "replace directive".
func (s *site) replacement(m module.Version) (found *modfile.Replace) {
	for _, r := range s.mod.Replace {
		if r.Old.Path == m.Path && (r.Old.Version == m.Version || r.Old.Version == "" && found == nil) {
			found = r
		}
	}
	return found
}

// requirement says what is wrong with the module that go.mod has for one that the service is built with. What cannot be compared with
// it is noted in replaced.
func (s *site) requirement(want module.Version) []finding {
	asked, line := s.required(want)
	r := s.replacement(asked)
	if r == nil {
		if semver.Compare(asked.Version, want.Version) >= 0 {
			return nil
		}
		return []finding{{kindInTheWay, "go.mod",
			fmt.Sprintf("line %d: %s is older than %s, which the service is built with", line, spaced(asked), want.Version),
			fmt.Sprintf("raise it: go get %s", want)}}
	}
	old := r.Old.Path
	if r.Old.Version != "" {
		old = r.Old.String()
	}
	place := fmt.Sprintf("line %d: %s is replaced by %s", r.Syntax.Start.Line, old, spaced(r.New))
	drop := "go mod edit -dropreplace=" + shellWord(old)
	switch {
	case r.New.Version == "" && !s.holdsModule(r.New.Path):
		return []finding{{kindInTheWay, "go.mod", place + ", where there is no go.mod", "put the module there, or take the line out: " + drop}}
	case r.New.Path == want.Path && semver.Compare(r.New.Version, want.Version) < 0:
		return []finding{{kindInTheWay, "go.mod", place + ", which is older than " + want.Version + ", which the service is built with",
			"raise it: go mod edit -replace=" + shellWord(old+"="+want.String()) + "; or take it out: " + drop}}
	case r.New.Path != want.Path:
		s.replaced = append(s.replaced, "go.mod, "+place+": the service is written for "+want.Version+" of the original, and may not compile with that")
	}
	return nil
}

// spaced writes a module as go.mod does.
func spaced(m module.Version) string { return strings.TrimSpace(m.Path + " " + m.Version) }

// holdsModule says whether a module stands in the folder that a replacement names.
func (s *site) holdsModule(folder string) bool {
	folder = filepath.FromSlash(folder)
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(s.dir, folder)
	}
	info, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil && info.Mode().IsRegular()
}

// lacksHash returns the modules, as "path@version", that go.mod has for those of the service in another version, or in their place,
// and whose files go.sum does not know: so far nothing of them was built in.
func (s *site) lacksHash(want *modfile.File) (modules []string) {
	text, err := readRegular(filepath.Join(s.dir, "go.sum"))
	if err != nil {
		text = nil // then it knows none
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 {
			known[fields[0]+"@"+fields[1]] = true
		}
	}
	for _, r := range want.Require {
		built, _ := s.required(r.Mod)
		if by := s.replacement(built); by != nil {
			built = by.New
		}
		if built != r.Mod && built.Version != "" && !known[built.String()] { // a folder has no hash
			modules = append(modules, built.String())
		}
	}
	return modules
}
