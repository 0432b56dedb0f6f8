package cmd

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

// likes are files that do the same as one of the service's: by its path, the names, in small letters, beside it. Where one of them
// is there, that of the service is not written: it would be a second one, or be read in place of the user's.
func likes() map[string][]string {
	return map[string][]string{
		"README.md":                {"readme", "readme.txt", "readme.rst", "readme.adoc", "readme.org", "readme.markdown"},
		"Makefile":                 {"gnumakefile"},
		"compose.yaml":             {"compose.yml", "docker-compose.yaml", "docker-compose.yml"},
		"Dockerfile":               {"containerfile"},
		".dockerignore":            {"dockerfile", "containerfile"}, // whose image may need what ours leaves out
		".github/workflows/ci.yml": {"ci.yaml"},
	}
}

// alike says which files of the service are left out, and why, and which cannot be there for a name that differs in capitals alone.
func (s *site) alike(files []render.File) (leaveOut map[string]string, found []finding) {
	leaveOut = map[string]string{}
	names := map[string][]string{}
	below := func(dir string) []string {
		if _, known := names[dir]; !known {
			names[dir] = []string{}
			for _, e := range entriesOf(filepath.Join(s.dir, filepath.FromSlash(dir))) {
				names[dir] = append(names[dir], e.Name())
			}
		}
		return names[dir]
	}
	told := map[string]bool{}
	for _, f := range files {
		dir, base := path.Dir(f.Path), path.Base(f.Path)
		if f.Owner == render.Yours && !f.Needed && !strings.HasSuffix(base, ".go") {
			if slices.Contains(below(dir), base) {
				continue
			}
			for _, name := range below(dir) {
				small := strings.ToLower(name)
				if small == strings.ToLower(base) || slices.Contains(likes()[f.Path], small) {
					leaveOut[f.Path] = path.Join(dir, name) + " is yours"
				}
			}
			if leaveOut[f.Path] != "" {
				continue
			}
		}
		for p := f.Path; p != "."; p = path.Dir(p) {
			for _, name := range below(path.Dir(p)) {
				other := path.Join(path.Dir(p), name)
				if name != path.Base(p) && strings.EqualFold(name, path.Base(p)) && !told[other] {
					told[other] = true
					found = append(found, finding{kindInTheWay, other,
						"on a file system that does not tell capitals from small letters it is " + p + " of the service", "rename it"})
				}
			}
		}
	}
	return leaveOut, found
}

// leftOut returns what is said of the files of a plan that are not written although the project has them.
func leftOut(plan *emit.Plan, leaveOut map[string]string) (lines []string) {
	for _, op := range plan.Ops {
		if why := leaveOut[op.Path]; why != "" {
			lines = append(lines, op.Path+" ("+why+")")
		}
	}
	return lines
}
