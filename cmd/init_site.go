package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"wsgen/generator/model"
)

// site is the folder that init works in, and the Go module that it is or lies in.
type site struct {
	*app
	dir       string        // absolute
	mod       *modfile.File // its go.mod; nil where there is none
	around    string        // the folder of the module that it lies in; "" where it is the module's own, or lies in none
	workspace string        // the go.work that rules here; "" where there is none
	listed    bool          // the go.work names the folder
	unhashed  []string      // modules that the service needs and that go.sum does not know, see lacksHash
	replaced  []string      // notes on modules that the service needs, and that go.mod replaces by what no version tells of
}

// survey looks at the folder, and settles which module the service is part of.
func (o *initOptions) survey(dir string) (*site, error) {
	s := &site{app: o.app, dir: dir}
	var err error
	if s.mod, err = s.readMod(filepath.Join(dir, "go.mod")); err != nil {
		return nil, err
	}
	if err := s.findWorkspace(); err != nil {
		return nil, err
	}
	if s.mod != nil {
		return s, o.adoptModule(s)
	}
	if s.around, err = moduleAround(dir); err != nil || s.around == "" {
		return s, err
	}
	return s, o.leaveModule(s)
}

// readMod reads a go.mod; it is nil where there is none.
func (s *site) readMod(path string) (*modfile.File, error) {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil && !info.Mode().IsRegular():
		return nil, &problem{code: exitGuard, fact: s.shown(path) + ": what stands there is not a file", wayOut: wayOutMove}
	}
	text, err := readRegular(path)
	if err != nil {
		return nil, failure(err, "", "the module of %s", s.shown(s.dir))
	}
	mod, err := modfile.Parse(s.shown(path), text, nil)
	if err != nil { // a directive of a Go to come, for one; this way the replacements are passed over
		mod, err = modfile.ParseLax(s.shown(path), text, nil)
	}
	switch {
	case err != nil:
		return nil, &problem{code: exitGuard, fact: fmt.Sprintf("the file cannot be read: %v", err), wayOut: "mend it, then run the command again"}
	case mod.Module == nil:
		return nil, &problem{code: exitGuard, fact: s.shown(path) + ": the file has no module line",
			wayOut: "add one as its first line, as in: module example.com/updater"}
	}
	return mod, nil
}

// adoptModule takes the module of the service from go.mod.
func (o *initOptions) adoptModule(s *site) error {
	module := s.mod.Module.Mod.Path
	if o.module != "" && o.module != module {
		return usage("leave --module out", "--module %s contradicts %s:%d, where the module is %s",
			o.module, o.shown(filepath.Join(s.dir, "go.mod")), s.mod.Module.Syntax.Start.Line, module)
	}
	if err := model.ModulePath(module); err != nil {
		return &problem{code: exitGuard, fact: fmt.Sprintf("%s:%d: %v", o.shown(filepath.Join(s.dir, "go.mod")), s.mod.Module.Syntax.Start.Line, err),
			wayOut: "no service can be made in that module: make it in a folder of its own: wsgen new project NAME"}
	}
	o.module = module
	return nil
}

// leaveModule is about a folder of a module that stands further up. The service has a go.mod of its own, which takes the folder
// out of that module: the user has to want that, and to have no package in here.
func (o *initOptions) leaveModule(s *site) error {
	outer, err := s.readMod(filepath.Join(s.around, "go.mod"))
	if err != nil {
		return err
	}
	module := outer.Module.Mod.Path
	goMod := o.shown(filepath.Join(s.around, "go.mod"))
	there := "add the service to that module where it begins: wsgen init -C " + shellWord(o.shown(s.around))
	file, err := firstGoFile(s.dir)
	if err != nil {
		return failure(err, "", "looking for packages of the module %s", module)
	}
	if file != "" {
		return &problem{code: exitGuard, wayOut: there + "; or make it in a folder of its own: wsgen new project NAME",
			fact: fmt.Sprintf("%s belongs to the module %s (%s): a go.mod in %s would take it out of there",
				o.shown(file), module, goMod, o.shown(s.dir))}
	}
	if o.module == "" {
		inner := module
		if rel, err := filepath.Rel(s.around, s.dir); err == nil {
			inner += "/" + filepath.ToSlash(rel)
		}
		return &problem{code: exitGuard,
			wayOut: there + "; or make it a module of its own in here: wsgen init --module " + shellWord(inner),
			fact:   fmt.Sprintf("%s lies in the module %s (%s)", o.shown(s.dir), module, goMod)}
	}
	return nil
}

// moduleAround returns the nearest folder above dir with a go.mod, as far as the repository of dir reaches.
func moduleAround(dir string) (string, error) {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return "", nil // what stands above belongs to somebody else
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
		info, err := os.Stat(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && info.Mode().IsRegular():
			return dir, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", failure(err, "", "looking for a module around the folder")
		}
	}
}

// firstGoFile returns a Go file in dir or below it that belongs to the same module as dir, or "".
func firstGoFile(dir string) (file string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case path == dir:
			return nil
		case strings.HasPrefix(name, "."), strings.HasPrefix(name, "_"): // which the go command does not look at
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir():
			if _, err := os.Lstat(filepath.Join(path, "go.mod")); err == nil || name == "testdata" || name == "node_modules" {
				return fs.SkipDir
			}
		case strings.HasSuffix(name, ".go"):
			file = path
			return fs.SkipAll
		}
		return nil
	})
	return file, err
}

// findWorkspace looks for the go.work that rules in the folder, as the go command does: GOWORK names it, or it stands further
// up.
func (s *site) findWorkspace() error {
	file := s.getenv("GOWORK")
	switch file {
	case "off":
		return nil
	case "":
		for dir := s.dir; ; dir = filepath.Dir(dir) {
			if info, err := os.Stat(filepath.Join(dir, "go.work")); err == nil && info.Mode().IsRegular() {
				file = filepath.Join(dir, "go.work")
				break
			}
			if dir == filepath.Dir(dir) {
				return nil
			}
		}
	}
	text, err := readRegular(file)
	if err != nil {
		return failure(err, "set GOWORK right, or to off", "the workspace")
	}
	work, err := modfile.ParseWork(s.shown(file), text, nil)
	if err != nil {
		return &problem{code: exitGuard, fact: fmt.Sprintf("the workspace cannot be read: %v", err), wayOut: "mend it, or set GOWORK=off"}
	}
	s.workspace = file
	for _, use := range work.Use {
		path := filepath.FromSlash(use.Path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		s.listed = s.listed || sameFolder(path, s.dir)
	}
	return nil
}

func sameFolder(a, b string) bool {
	one, errA := os.Stat(a)
	other, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(one, other)
}

// vendored says whether the go command takes the modules of this one from its folder vendor.
func (s *site) vendored() bool {
	_, err := os.Stat(filepath.Join(s.dir, "vendor", "modules.txt"))
	return err == nil
}

// holds says whether something of that name stands in the folder.
func (s *site) holds(name string) bool {
	_, err := os.Lstat(filepath.Join(s.dir, name))
	return err == nil
}

// notes returns what else the user has to do about the module, and why.
func (s *site) notes(m *model.Project) (notes []string) {
	if s.around != "" {
		notes = append(notes, fmt.Sprintf("%s is a module of its own, %s: what runs in %s with ./... leaves it out",
			s.shown(s.dir), m.Module, s.shown(s.around)))
	}
	if s.workspace != "" && !s.listed {
		notes = append(notes, fmt.Sprintf("%s does not name this module, and the go command refuses to work in here until it does: go work use .",
			s.shown(s.workspace)))
	}
	if s.vendored() {
		notes = append(notes, "vendor lacks the modules of the service, and the go command refuses to build until it has them: go mod vendor (from the module cache, else from the network)")
	}
	notes = append(notes, s.replaced...)
	for _, m := range s.unhashed {
		notes = append(notes, fmt.Sprintf("go.sum has no hash of %s, which the service needs now: go mod tidy (from the module cache, else from the network)", m))
	}
	return notes
}

// first returns the beginning of a command line that does what notes ask for.
func (s *site) first() (commands string) {
	if s.workspace != "" && !s.listed {
		commands += "go work use . && "
	}
	if len(s.unhashed) > 0 {
		commands += "go mod tidy && "
	}
	if s.vendored() {
		commands += "go mod vendor && "
	}
	return commands
}

// fitName returns the name of the folder as the name of a service, or another where nothing of it can be used.
func (s *site) fitName() string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(filepath.Base(s.dir)))
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' })
	for i, word := range words {
		words[i] = strings.Trim(word, "_")
	}
	name = strings.TrimLeft(strings.Join(words, "-"), "0123456789-")
	const longest = 40
	name = strings.TrimRight(name[:min(len(name), longest)], "-_")
	for _, fit := range []string{name, name + "-service", "service", "ws-service"} {
		if model.ServiceName(fit) == nil && !s.holds(fit) {
			return fit
		}
	}
	return defaultName
}
