package emit

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"wsgen/generator/render"
)

// What wsgen keeps for itself in a project. All but localDir is meant to be committed.
const (
	// ManifestPath is where the record of what wsgen wrote stands in a project.
	ManifestPath = ".wsgen/manifest.json"

	wsgenDir = ".wsgen"
	baseDir  = ".wsgen/base"  // the pristine texts of the user's files
	localDir = ".wsgen/local" // of this machine alone: lock, journal, trash
)

// maxSegment is the longest file name, in bytes, that the common file systems take.
const maxSegment = 255

// PathError is a path that must not be written in a project.
type PathError struct {
	Path string
	Why  string
}

// Error says which path, and what is wrong with it.
func (e *PathError) Error() string { return fmt.Sprintf("path %q: %s", e.Path, e.Why) }

// checkFiles refuses paths that must not be written, and files that would stand in each other's way on some file system.
// All of them are reported at once.
func checkFiles(files []render.File) error {
	var errs []error
	taken := make(map[string]string, len(files)) // by folded path: the path as it is written
	for _, f := range files {
		if err := checkFile(f.Path); err != nil {
			errs = append(errs, err)
			continue
		}
		folded := fold(f.Path)
		if other, twice := taken[folded]; twice {
			errs = append(errs, &PathError{f.Path, fmt.Sprintf("twice in one plan (as %q), told apart by case at most", other)})
		}
		taken[folded] = f.Path
	}
	for folded, p := range taken {
		for dir := path.Dir(folded); dir != "."; dir = path.Dir(dir) {
			if other, isFile := taken[dir]; isFile {
				errs = append(errs, &PathError{p, fmt.Sprintf("needs a folder where the file %q belongs", other)})
			}
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// checkFile is checkPath for a file of the project, which may not lie where wsgen keeps its own.
func checkFile(p string) error {
	if err := checkPath(p); err != nil {
		return err
	}
	folded := fold(p)
	for _, own := range []string{ManifestPath, baseDir, localDir} {
		if folded == own || strings.HasPrefix(folded, own+"/") {
			return &PathError{p, "wsgen keeps its own records there"}
		}
	}
	return nil
}

// checkPath refuses every path that leads out of the project, into .git, or to a name that means something else than a file
// on one of the systems that wsgen runs on. The rule is the same on all of them: a project made on one is checked out on
// the others.
func checkPath(p string) error {
	switch {
	case p == "":
		return &PathError{p, "empty"}
	case !utf8.ValidString(p):
		return &PathError{p, "not valid UTF-8"}
	case strings.HasPrefix(p, "/"):
		return &PathError{p, "absolute"}
	}
	for segment := range strings.SplitSeq(p, "/") {
		if why := badSegment(segment); why != "" {
			return &PathError{p, why}
		}
	}
	return nil
}

// badSegment says why a segment may not be part of a path, or "".
func badSegment(s string) string {
	switch {
	case s == "":
		return "has an empty segment"
	case s == "." || s == "..":
		return fmt.Sprintf("has the segment %q", s)
	case len(s) > maxSegment:
		return fmt.Sprintf("has a segment of %d bytes; file systems take %d", len(s), maxSegment)
	case strings.HasSuffix(s, ".") || strings.HasSuffix(s, " "):
		return fmt.Sprintf("the segment %q ends in a dot or a space, which Windows drops", s)
	case strings.HasPrefix(s, " "):
		return fmt.Sprintf("the segment %q begins with a space", s)
	case fold(s) == ".git" || fold(s) == "git~1":
		return "lies in .git, which belongs to git"
	case isDevice(s):
		return fmt.Sprintf("%q is the name of a device on Windows", s)
	}
	for _, r := range s {
		if strings.ContainsRune(`\:*?"<>|`, r) || !unicode.IsPrint(r) {
			return fmt.Sprintf("has the character %q", r)
		}
	}
	return ""
}

// isDevice tells the names that Windows reserves in every folder and with every extension.
// See "Naming Files, Paths, and Namespaces" in the documentation of the Windows API.
func isDevice(s string) bool {
	stem, _, _ := strings.Cut(s, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}, stem) {
		return true
	}
	digit, isPort := strings.CutPrefix(stem, "COM")
	if !isPort {
		digit, isPort = strings.CutPrefix(stem, "LPT")
	}
	return isPort && utf8.RuneCountInString(digit) == 1 && strings.ContainsAny(digit, "0123456789¹²³")
}

// fold maps paths that a case-insensitive file system takes for one to one string.
func fold(p string) string {
	for i := range len(p) {
		if c := p[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.ToLower(strings.ToUpper(p))
		}
	}
	return p
}

// basePath returns where the pristine text of a file of the user's is kept. A name that git would act upon is disarmed:
// a .gitignore in the base must not ignore parts of the base.
func basePath(p string) string {
	dir, name := path.Split(p)
	if strings.HasPrefix(name, ".git") {
		name = "_" + name
	}
	return path.Join(baseDir, dir, name)
}

// fromBase is the inverse of basePath, for a path below baseDir.
func fromBase(p string) string {
	dir, name := path.Split(p)
	if strings.HasPrefix(name, "_.git") {
		name = name[1:]
	}
	return path.Join(dir, name)
}
