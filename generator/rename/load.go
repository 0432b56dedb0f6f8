package rename

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
)

// generatedElsewhere is why a file is left alone that says of itself, in the way that Go prescribes, that a program wrote it
// (https://go.dev/s/generatedcode).
const generatedElsewhere = "another program generated the file: change what it is made from"

// work is one renaming on its way.
type work struct {
	request Request
	set     *token.FileSet
	folders map[string][]File               // files by folder
	groups  map[string]map[string][]*source // files that parse, by folder and by name of the package; of the folders that matter
	checked map[string]*pkg                 // by folder and name: "consumers consumers_test"; nil while it is being checked
	home    *pkg                            // the package whose names change; nil where no file of it parses

	renamed  map[types.Object]string // the objects that get a new name
	embedded map[*types.Var]string   // fields that are named after a renamed type
	vocabulary
	broken   map[string]string
	lineEnds map[string][]int // offsets, by path
	doubts   []Doubt
	found    []Clash
}

// source is one file that parses.
type source struct {
	File
	syntax *ast.File
	edits  []edit
}

// pkg is one package that was checked: its own files and, where they are of the same package, its tests.
type pkg struct {
	folder string
	types  *types.Package
	info   *types.Info
	files  []*source
}

func newWork(r Request) *work {
	w := &work{
		request: r, set: token.NewFileSet(), folders: map[string][]File{},
		groups: map[string]map[string][]*source{}, checked: map[string]*pkg{},
		renamed: map[types.Object]string{}, embedded: map[*types.Var]string{}, broken: map[string]string{}, lineEnds: map[string][]int{},
	}
	w.learn()
	return w
}

// load parses and checks every package that could mention an old name, with the packages of the module that they import.
func (w *work) load() {
	for _, f := range w.request.Files {
		w.folders[path.Dir(f.Path)] = append(w.folders[path.Dir(f.Path)], f)
	}
	home := w.request.Folder
	if name := mainName(w.parsed(home)); name != "" {
		w.home = w.check(home, name)
	}
	for _, folder := range slices.Sorted(maps.Keys(w.folders)) {
		if folder != home && !slices.ContainsFunc(w.folders[folder], w.concerned) {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(w.parsed(folder))) {
			w.check(folder, name)
		}
	}
}

// parsed returns the files of a folder by the package that they are of.
func (w *work) parsed(folder string) map[string][]*source {
	if group, known := w.groups[folder]; known {
		return group
	}
	w.groups[folder] = map[string][]*source{}
	for _, f := range w.folders[folder] {
		w.parse(f)
	}
	return w.groups[folder]
}

// parse takes in one file. One that does not parse, and mentions an old name where it could mean ours, is doubts.
func (w *work) parse(f File) {
	syntax, err := parser.ParseFile(w.set, f.Path, f.Text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		w.broken[f.Path] = firstError(err)
		if !f.Foreign && (path.Dir(f.Path) == w.request.Folder || bytes.Contains(f.Text, []byte(w.importPath()))) {
			w.doubtWords(f, 0, len(f.Text), "the file does not parse: "+w.broken[f.Path])
		}
		return
	}
	if f.Fixed == "" && ast.IsGenerated(syntax) {
		f.Fixed = generatedElsewhere
	}
	folder, name := path.Dir(f.Path), syntax.Name.Name
	w.groups[folder][name] = append(w.groups[folder][name], &source{File: f, syntax: syntax})
}

// firstError returns what a parser has to say, without the name of the file.
func firstError(err error) string {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return err.Error()
	}
	first := *list[0]
	first.Pos.Filename = ""
	return first.Error()
}

// importPath returns how other packages import the one whose names change.
func (w *work) importPath() string { return w.request.Module + "/" + w.request.Folder }

// concerned says whether a file mentions an old name, in whatever sense.
func (w *work) concerned(f File) bool {
	for old := range w.request.Names {
		if bytes.Contains(f.Text, []byte(old)) {
			return true
		}
	}
	return false
}

// mainName returns which of the packages of a folder is the one that is imported: not a test, nor a program beside it that a
// build constraint leaves out. It is "" where there is none.
func mainName(groups map[string][]*source) string {
	best := ""
	for name := range groups {
		switch {
		case strings.HasSuffix(name, "_test"):
		case best == "", best == "main", name != "main" && len(groups[name]) > len(groups[best]),
			name != "main" && len(groups[name]) == len(groups[best]) && name < best:
			best = name
		}
	}
	return best
}

// check finds what the identifiers of a package mean. Errors do not matter: imports of other modules are never found.
func (w *work) check(folder, name string) *pkg {
	key := folder + " " + name
	if p, known := w.checked[key]; known {
		return p
	}
	w.checked[key] = nil // whoever imports it meanwhile stands in a cycle
	p := &pkg{
		folder: folder,
		info: &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Scopes: map[ast.Node]*types.Scope{},
			Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		},
		files: w.groups[folder][name],
	}
	var files []*ast.File
	for _, s := range p.files {
		files = append(files, s.syntax)
	}
	conf := types.Config{Importer: finder{w}, FakeImportC: true, Error: func(error) {}}
	p.types, _ = conf.Check(path.Join(w.request.Module, folder), w.set, files, p.info) // its error is the first of those above
	w.checked[key] = p
	return p
}

// all returns the packages that were checked, sorted.
func (w *work) all() []*pkg {
	var ps []*pkg
	for _, key := range slices.Sorted(maps.Keys(w.checked)) {
		ps = append(ps, w.checked[key])
	}
	return ps
}

// finder imports the packages of the module from the files that there are.
type finder struct{ work *work }

var errNotHere = errors.New("not a package of the user's in this module")

// Import returns a package of the module. For any other the checker makes up one that may hold whatever is asked of it.
func (f finder) Import(importPath string) (*types.Package, error) {
	if importPath == "unsafe" {
		return types.Unsafe, nil
	}
	folder, ours := strings.CutPrefix(importPath, f.work.request.Module+"/")
	if importPath == f.work.request.Module {
		folder, ours = ".", true
	}
	name := mainName(f.work.parsed(folder))
	if !ours || name == "" {
		return nil, errNotHere
	}
	p := f.work.check(folder, name)
	if p == nil {
		return nil, errNotHere
	}
	return p.types, nil
}

// inHome says whether a package is that of the names or its tests from without: those that share its folder.
func (w *work) inHome(p *pkg) bool { return p.folder == w.request.Folder }
