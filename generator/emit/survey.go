package emit

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"syscall"
)

// presence says what stands at a path.
type presence int

const (
	absent  presence = iota
	regular          // a regular file
	link             // a symbolic link
	other            // a folder, a device: why says which
	walled           // a folder of the path is a file, or a link that leads nowhere or out of the project: why says which
)

// place is what was found at a path.
type place struct {
	presence presence
	why      string
}

// survey looks at a directory with one read per folder instead of one look per file, which is what makes a second run fast.
// Its methods are for one goroutine.
type survey struct {
	root    *os.Root // nil where there is no directory yet: then everything is absent
	folders map[string]*folder
}

// folder is what a folder holds.
type folder struct {
	entries map[string]fs.DirEntry
	folded  map[string]bool // the names as a case-insensitive file system compares them
	wall    string          // why the folder cannot be looked into; "" where it can, or where it is absent
}

func newSurvey(root *os.Root) *survey {
	return &survey{root: root, folders: make(map[string]*folder)}
}

// at says what stands at the path. An error is one of I/O.
func (s *survey) at(p string) (place, error) {
	if s.root == nil {
		return place{}, nil
	}
	dir, name := path.Split(p)
	f, err := s.folder(path.Clean(dir))
	if err != nil {
		return place{}, err
	}
	if f.wall != "" {
		return place{presence: walled, why: f.wall}, nil
	}
	if e, ok := f.entries[name]; ok {
		return placeOf(e.Type()), nil
	}
	if f.folded[fold(name)] { // on a case-insensitive file system it may be this file
		info, err := s.root.Lstat(p)
		if err == nil {
			return placeOf(info.Mode().Type()), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return place{}, err
		}
	}
	return place{}, nil
}

// twin returns the path of what differs from the path by the case of its name alone, or "" where there is no such thing. It is
// only asked for a path in whose folder [survey.at] has looked.
func (s *survey) twin(p string) string {
	dir, name := path.Split(p)
	f := s.folders[path.Clean(dir)]
	if f == nil || !f.folded[fold(name)] {
		return ""
	}
	for _, other := range slices.Sorted(maps.Keys(f.entries)) {
		if other != name && fold(other) == fold(name) {
			return dir + other
		}
	}
	return ""
}

// placeOf names what a file of the given type is.
func placeOf(mode fs.FileMode) place {
	switch {
	case mode.IsRegular():
		return place{presence: regular}
	case mode.IsDir():
		return place{presence: other, why: "a folder stands there"}
	case mode&fs.ModeSymlink != 0:
		return place{presence: link, why: "a symbolic link stands there"}
	default:
		return place{presence: other, why: "what stands there is not a regular file"}
	}
}

// folder reads a folder, once.
func (s *survey) folder(dir string) (*folder, error) {
	if f, ok := s.folders[dir]; ok {
		return f, nil
	}
	f, err := s.read(dir)
	if err != nil {
		return nil, err
	}
	s.folders[dir] = f
	return f, nil
}

func (s *survey) read(dir string) (*folder, error) {
	if info, err := s.root.Stat(dir); err != nil {
		return s.unreadable(dir, err)
	} else if !info.IsDir() {
		return s.unreadable(dir, syscall.ENOTDIR) // not opened: a pipe would keep us waiting
	}
	opened, err := s.root.Open(dir)
	if err != nil {
		return s.unreadable(dir, err)
	}
	entries, err := opened.ReadDir(-1)
	if closeErr := opened.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return s.unreadable(dir, err)
	}
	f := &folder{entries: make(map[string]fs.DirEntry, len(entries)), folded: make(map[string]bool, len(entries))}
	for _, e := range entries {
		f.entries[e.Name()] = e
		f.folded[fold(e.Name())] = true
	}
	return f, nil
}

// unreadable tells a folder that is absent from one that a file or a link stands in place of, and both from an error of I/O.
func (s *survey) unreadable(dir string, cause error) (*folder, error) {
	if dir == "." {
		return nil, cause
	}
	for _, prefix := range prefixes(dir) {
		info, err := s.root.Lstat(prefix)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return &folder{}, nil
		case err != nil:
			return nil, cause
		case info.Mode()&fs.ModeSymlink != 0:
			if target, err := s.root.Stat(prefix); err != nil || !target.IsDir() {
				return &folder{wall: fmt.Sprintf("%s is a symbolic link that leads to no folder of the project", prefix)}, nil
			}
		case !info.IsDir():
			return &folder{wall: fmt.Sprintf("%s is a file where a folder is needed", prefix)}, nil
		}
	}
	return nil, cause
}

// prefixes returns the folders on the way to dir, outermost first, dir included: "a/b" gives "a", "a/b".
func prefixes(dir string) []string {
	var all []string
	for i, r := range dir {
		if r == '/' {
			all = append(all, dir[:i])
		}
	}
	return append(all, dir)
}
