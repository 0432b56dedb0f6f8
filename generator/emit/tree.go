package emit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"wsgen/generator/render"
)

// Tree is a project's directory and what wsgen knows about it. It is for one goroutine, and for one command: a second plan
// after an Apply needs a Tree of its own.
type Tree struct {
	dir         string // absolute
	manifest    manifest
	raw         []byte // the manifest's file as it was read; nil where there is none
	damage      string // what is wrong with the manifest: "is lost"; "" where it is whole
	interrupted *Interrupted
	upgrading   *Upgrading
	fresh       bool                        // no project is expected in the directory
	absent      bool                        // there is no directory yet
	fault       func(op, path string) error // for tests: called before each change of the disk
}

// Interrupted is a run of wsgen that began to write and has not ended. As an error it says what to do about it.
type Interrupted struct {
	Dir       string
	Running   bool   // it is still at work: somebody holds the lock
	Holder    string // "process 1234", where it is running and known
	Committed bool   // it had begun to change files of the project
}

// Error says what was found, and the command that puts it right.
func (i *Interrupted) Error() string {
	switch {
	case i.Running:
		return (&LockedError{Dir: i.Dir, Holder: i.Holder}).Error()
	case i.Committed:
		return i.Dir + ": an earlier wsgen run was interrupted while it changed files: wsgen generate finishes it"
	default:
		return i.Dir + ": an earlier wsgen run was interrupted before it changed any file: wsgen generate clears it away"
	}
}

// Open reads what wsgen recorded in a project. It changes nothing. A manifest that is damaged is read as far as it goes, a
// lost one is made up from the base, and the plan says so; one of a newer format is a *[FormatError].
func Open(root string) (*Tree, error) {
	dir, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	t := &Tree{dir: dir}
	if err := t.load(); err != nil {
		return nil, err
	}
	return t, nil
}

// Begin is [Open] for a folder in which no project is expected, but may be: a manifest that is not there is nothing to mend.
func Begin(root string) (*Tree, error) {
	t, err := Open(root)
	if err != nil {
		return nil, err
	}
	t.fresh = true
	return t, nil
}

// Recorded returns the version of the wsgen that wrote the manifest, or "" where that is not known.
func (t *Tree) Recorded() string { return t.manifest.version }

// Interrupted returns the run that has begun and not ended, or nil.
func (t *Tree) Interrupted() *Interrupted { return t.interrupted }

// Inject has f called before each change of the disk that Apply and Recover make, from one goroutine; its error stands for that of
// the change. It is how a test ends a command at any of its steps. A nil f changes nothing.
func (t *Tree) Inject(f func(op, path string) error) { t.fault = f }

// load reads the manifest and looks for an interrupted run.
func (t *Tree) load() (err error) {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if t.interrupted, err = findRun(root, t.dir); err != nil {
		return err
	}
	if t.upgrading, err = readUpgrading(root); err != nil {
		return err
	}
	t.raw, err = readOwn(root, ManifestPath)
	if errors.Is(err, fs.ErrNotExist) {
		t.raw, t.damage = nil, "is lost"
		t.manifest = manifest{files: make(map[string]record)}
		return t.adoptBase(root)
	}
	if err != nil {
		return err
	}
	if t.manifest, t.damage, err = decodeManifest(t.raw); err != nil {
		return fmt.Errorf("%s: %w", t.dir, err)
	}
	if t.damage != "" {
		return t.adoptBase(root)
	}
	return nil
}

// adoptBase enters into a manifest that is lost or damaged what the base tells: each of its files was written once, and is
// the user's.
func (t *Tree) adoptBase(root *os.Root) error {
	err := fs.WalkDir(root.FS(), baseDir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		file := fromBase(p[len(baseDir)+1:])
		if _, known := t.manifest.files[file]; known || checkFile(file) != nil {
			return nil
		}
		text, err := root.ReadFile(p)
		if err != nil {
			return err
		}
		t.manifest.files[file] = record{owner: render.Yours, hashes: []string{hashText(text)}}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
