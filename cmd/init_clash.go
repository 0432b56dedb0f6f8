package cmd

import (
	"bytes"
	"errors"
	"fmt"
	goversion "go/version"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

// kindInTheWay is the kind of a finding about what keeps init from adding a service.
const kindInTheWay = string(emit.Blocked)

const wayOutMove = "move it out of the way"

// collisions returns everything that stands in the way of the files of a service, in no particular order.
func (s *site) collisions(files []render.File, plan *emit.Plan) (found []finding, err error) {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, failure(err, "", "the folder")
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	found = refused(plan)
	for _, look := range []func(*os.Root, []render.File, *emit.Plan) ([]finding, error){
		s.spent, s.foreign, s.served, s.modules, s.packages,
	} {
		more, err := look(root, files, plan)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// refused returns what the plan itself found in its way.
func refused(plan *emit.Plan) (found []finding) {
	for _, op := range plan.Conflicts() {
		wayOut := wayOutMove
		if op.Owner == render.Spliced {
			wayOut = op.Fix
		}
		fact := op.Reason
		if op.Owner == render.Generated && op.Old != nil {
			fact = "there already, and the service has a file of that name"
		}
		found = append(found, finding{kindInTheWay, op.Path, fact, wayOut})
	}
	return found
}

// spent finds the records of a project whose spec is gone.
func (s *site) spent(root *os.Root, _ []render.File, _ *emit.Plan) ([]finding, error) {
	if _, err := root.Lstat(emit.ManifestPath); err != nil {
		return nil, nil
	}
	return []finding{{kindInTheWay, emit.ManifestPath, "a project of wsgen stands here already, but its " + render.SpecPath + " is gone",
		"get it back from version control; or move the folder .wsgen out of the way"}}, nil
}

// foreign finds files of the user's that have the name of one that the service is compiled from, or that its page is. Those that
// nothing depends on stay, and so does main.go.
func (s *site) foreign(root *os.Root, files []render.File, plan *emit.Plan) (found []finding, err error) {
	kept := map[string]bool{}
	for _, op := range plan.Ops {
		kept[op.Path] = op.Owner == render.Yours && op.Action == emit.Keep
	}
	for _, f := range files {
		built := f.Needed || strings.HasSuffix(f.Path, ".go") || strings.HasPrefix(f.Path, "web/")
		if !kept[f.Path] || !built || f.Path == "main.go" {
			continue
		}
		there, err := root.ReadFile(f.Path)
		if err != nil {
			found = append(found, finding{kindInTheWay, f.Path, "what stands there cannot be read as a file of the service", wayOutMove})
			continue
		}
		wanted, err := f.Render(nil)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(withoutCR(there), withoutCR(wanted)) {
			found = append(found, finding{kindInTheWay, f.Path, "there already, and the service is made of a file of that name", wayOutMove})
		}
	}
	return found, nil
}

func withoutCR(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// served finds files of the user's in the folders whose content the service gives to everybody who asks.
func (s *site) served(root *os.Root, files []render.File, _ *emit.Plan) (found []finding, err error) {
	ours := map[string]bool{}
	for _, f := range files {
		ours[f.Path] = true
	}
	for _, folder := range []string{"web", "client"} {
		const most = 3
		var names []string
		err := fs.WalkDir(root.FS(), folder, func(p string, d fs.DirEntry, err error) error {
			hidden := strings.HasPrefix(path.Base(p), ".") || strings.HasPrefix(path.Base(p), "_") // which is not embedded
			switch {
			case errors.Is(err, fs.ErrNotExist) && p == folder:
				return fs.SkipAll
			case err != nil:
				return err
			case hidden && d.IsDir():
				return fs.SkipDir
			case d.IsDir(), hidden, ours[p]:
				return nil
			case len(names) == most:
				names = append(names, "…")
				return fs.SkipAll
			}
			names = append(names, p)
			return nil
		})
		if err != nil {
			return nil, failure(err, "", "looking into %s", folder)
		}
		if len(names) > 0 {
			found = append(found, finding{kindInTheWay, folder,
				"the service gives what stands in this folder to everybody who asks, and in there is " + strings.Join(names, ", "),
				"move it to a folder of another name"})
		}
	}
	return found, nil
}

// modules finds requirements and replacements of go.mod that are older than what the service is built with, and a go line that is.
func (s *site) modules(_ *os.Root, files []render.File, _ *emit.Plan) (found []finding, err error) {
	if s.mod == nil {
		return nil, nil
	}
	want, err := emittedMod(files)
	if err != nil || want == nil {
		return nil, err
	}
	has, place := "1.16", "no go line says otherwise, so" // see the Go Modules Reference, "go directive"
	if s.mod.Go != nil {
		has, place = s.mod.Go.Version, fmt.Sprintf("line %d:", s.mod.Go.Syntax.Start.Line)
	}
	if goversion.Compare("go"+has, "go"+want.Go.Version) < 0 {
		found = append(found, finding{kindInTheWay, "go.mod",
			fmt.Sprintf("%s the module is for Go %s, and the service needs %s", place, has, want.Go.Version),
			"raise it: go mod edit -go=" + want.Go.Version})
	}
	s.unhashed, s.replaced = s.lacksHash(want), nil
	for _, r := range want.Require {
		found = append(found, s.requirement(r.Mod)...)
	}
	return found, nil
}

// everyLine makes a rendering of go.sum add every line that is missing. The usual one leaves out a module that is there in
// other versions, since go.mod then asks for one of those; but here go.mod is only now about to ask for it. What is too much does
// no harm, and go mod tidy takes it away.
func everyLine(rendered func([]byte) ([]byte, error)) func([]byte) ([]byte, error) {
	return func(existing []byte) ([]byte, error) {
		text, err := rendered(existing)
		if err != nil || existing == nil {
			return text, err
		}
		wanted, err := rendered(nil)
		if err != nil {
			return nil, err
		}
		there := map[string]bool{}
		for line := range bytes.Lines(text) {
			there[string(bytes.TrimSpace(line))] = true
		}
		end := "\n"
		if bytes.Contains(text, []byte("\r\n")) {
			end = "\r\n"
		}
		text = slices.Clone(text)
		for line := range bytes.Lines(wanted) {
			if line := bytes.TrimSpace(line); !there[string(line)] {
				text = append(append(text, line...), end...)
			}
		}
		return text, nil
	}
}
