package cmd

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

// packages finds Go files of the user's that cannot be compiled together with those that the service has in the same folder.
func (s *site) packages(root *os.Root, files []render.File, plan *emit.Plan) (found []finding, err error) {
	written := map[string]bool{}
	for _, op := range plan.Ops {
		written[op.Path] = op.Action != emit.Keep || op.Owner != render.Yours
	}
	ours := map[string][]goFile{} // by folder
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".go") || !written[f.Path] {
			continue
		}
		text, err := f.Render(nil)
		if err != nil {
			return nil, err
		}
		ours[path.Dir(f.Path)] = append(ours[path.Dir(f.Path)], parseGo(f.Path, text))
	}
	for folder, theirs := range ours {
		mine, err := goFilesIn(root, folder)
		if err != nil {
			return nil, err
		}
		for _, m := range mine {
			if known := slices.ContainsFunc(files, func(f render.File) bool { return f.Path == m.path }); known && m.path != "main.go" {
				continue // a collision of its own, or the very file
			}
			if fact := clash(m, theirs); fact != "" {
				found = append(found, finding{kindInTheWay, m.path, fact, wayOutOfPackage(folder, m)})
			}
		}
	}
	return found, nil
}

// clash says why a file cannot be compiled together with others, or "".
func clash(m goFile, others []goFile) string {
	for _, o := range others {
		if m.name == "" || o.name == "" {
			continue
		}
		if strings.TrimSuffix(m.name, "_test") != strings.TrimSuffix(o.name, "_test") {
			return fmt.Sprintf("it is of package %s, and %s of the service, in the same folder, of package %s", m.name, path.Base(o.path), o.name)
		}
		if both := m.namesakes(o); len(both) > 0 {
			return fmt.Sprintf("line %d: %s", both[0].line, both[0].ofService(path.Base(o.path)))
		}
	}
	return ""
}

// ofService says of a file of the user's what name it shares with a file of the service.
func (n namesake) ofService(file string) string {
	switch {
	case n.imported:
		return fmt.Sprintf("it imports a package as %s, and %s of the service declares that name", n.name, file)
	case n.imports:
		return fmt.Sprintf("it declares %s, and %s of the service imports a package of that name", n.name, file)
	}
	return fmt.Sprintf("it declares %s, and so does %s of the service", n.name, file)
}

// wayOutOfPackage says what can be done about a file in a folder that becomes a package of the service.
func wayOutOfPackage(folder string, m goFile) string {
	switch {
	case folder != ".":
		return "move it to another folder, or give it other names"
	case m.declares["main"].line > 0:
		return "rename it to main.go: it is kept then, and what mounts the service in it is printed"
	case m.name == "main":
		return "give it other names"
	}
	return "the service is a program, and needs a folder of its own"
}

// mainPackage returns the package of the main.go that is there, and the files that are compiled with it, itself among them.
func (s *site) mainPackage() (name string, files []goFile) {
	name = "main"
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return name, nil
	}
	defer root.Close() // it is only read
	all, err := goFilesIn(root, ".")
	if err != nil {
		return name, nil
	}
	for _, f := range all {
		if f.path == "main.go" && f.name != "" {
			name = f.name
		}
	}
	return name, slices.DeleteFunc(all, func(f goFile) bool { return f.name != name })
}
