package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/render"
)

// takenName is a place in the user's Go that keeps a file of the service from being compiled beside it.
type takenName struct {
	file         string // relative to the project, with slashes
	line, column int
	name, fact   string
}

// refuseTaken refuses a plan for an addition where the user's Go has the names that it brings, as renaming to them is refused, or
// where a file stands in the place of a new stub without what the service calls in it.
func (a *app) refuseTaken(before, after *project, plan *emit.Plan) error {
	if len(plan.Conflicts()) > 0 {
		return nil // they are told when it is carried out, and nothing is written either
	}
	taken, err := takenNames(after.dir, plan)
	if err != nil {
		return err
	}
	const rename = "call that something else, or choose another name for the consumer"
	wayOut := rename
	if len(taken) == 0 {
		taken, wayOut = unfitFiles(after, plan, func(c *model.Consumer) bool { return before.consumer(c.Name) == nil }), "write it, or move that file out of the way"
	}
	if len(taken) == 0 {
		return nil
	}
	return usage(wayOut+"; nothing is written", "%s", strings.Join(a.takenLines(after.dir, taken), "\n"))
}

// warnTaken says what keeps the project from compiling after a plan that brings it in line with a spec that its user has edited:
// there the names are the user's choice already.
func (a *app) warnTaken(p *project, plan *emit.Plan) error {
	taken, err := takenNames(p.dir, plan)
	if err != nil {
		return err
	}
	taken = append(taken, unfitFiles(p, plan, func(*model.Consumer) bool { return true })...)
	if len(taken) > 0 {
		a.warnf("the project does not compile with this:\n  %s", strings.Join(a.takenLines(p.dir, taken), "\n  "))
	}
	return nil
}

// takenLines returns what is printed of names that are taken, a line each.
func (a *app) takenLines(dir string, taken []takenName) (lines []string) {
	const most = 10
	for i, t := range taken {
		if i == most {
			return append(lines, fmt.Sprintf("and %d more", len(taken)-most))
		}
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s %s", a.shown(filepath.Join(dir, filepath.FromSlash(t.file))), t.line, t.column, t.name, t.fact))
	}
	return lines
}

// takenNames finds the names that the plan brings into a package, and that mean something else already in a file of the user's
// there. What was taken before is not the plan's doing.
func takenNames(dir string, plan *emit.Plan) (taken []takenName, err error) {
	news := map[string][]goFile{} // by folder
	notYours := map[string]bool{}
	for _, op := range plan.Ops {
		notYours[op.Path] = op.Owner != render.Yours || op.Action != emit.Keep
		if strings.HasSuffix(op.Path, ".go") && op.New != nil {
			folder := path.Dir(op.Path)
			news[folder] = append(news[folder], newIn(op))
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, failure(err, "", "the project")
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, folder := range slices.Sorted(maps.Keys(news)) {
		files, err := goFilesIn(root, folder)
		if err != nil {
			return nil, err
		}
		for _, mine := range files {
			if notYours[mine.path] {
				continue
			}
			for _, theirs := range news[folder] {
				for _, n := range mine.namesakes(theirs) {
					taken = append(taken, takenName{mine.path, n.line, n.column, n.name, n.beside(path.Base(theirs.path))})
				}
			}
		}
	}
	slices.SortStableFunc(taken, func(a, b takenName) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return taken, nil
}

// newIn returns what a file says that it does not say yet.
func newIn(op emit.Op) goFile {
	file, old := parseGo(op.Path, op.New), parseGo(op.Path, op.Old)
	known := func(before map[string]declaration) func(string, declaration) bool {
		return func(name string, _ declaration) bool { return before[name].line > 0 }
	}
	maps.DeleteFunc(file.declares, known(old.declares))
	maps.DeleteFunc(file.imports, known(old.imports))
	return file
}

// beside says what a name is in a file of the user's that the named file of the service brings.
func (n namesake) beside(file string) string {
	switch {
	case n.imported:
		return "is how the file calls a package, and " + file + " declares it"
	case n.imports:
		return "is declared there, and " + file + " imports a package by that name"
	}
	return "is declared there already"
}

// unfitFiles finds files that stand in the place of a consumer's stub, and are kept, where the service calls a constructor that is
// nowhere.
func unfitFiles(p *project, plan *emit.Plan, asked func(*model.Consumer) bool) (unfit []takenName) {
	index := newStubIndex(p.dir)
	for _, c := range p.model.Consumers {
		if asked(c) && !writes(plan, c.File) && !index.constructs(c) {
			_, line := index.find(c)
			unfit = append(unfit, takenName{c.File, max(line, 1), 1, c.Constructor, "is missing, and the file stands in the place of its stub"})
		}
	}
	return unfit
}

// writes says whether a plan writes the file.
func writes(plan *emit.Plan, file string) bool {
	return slices.ContainsFunc(plan.Ops, func(op emit.Op) bool { return op.Path == file && op.New != nil })
}

// tellAdopted says where the code of a new consumer stands already, so that no stub is written.
func (o *addConsumerOptions) tellAdopted(p *project, c *model.Consumer) {
	file, line := newStubIndex(p.dir).find(c)
	place := o.shown(filepath.Join(p.dir, filepath.FromSlash(file)))
	if line > 0 {
		place += fmt.Sprintf(":%d", line)
	}
	o.notef("%s: the code of %s is there already, and stays as it is\n", place, c.Name)
}
