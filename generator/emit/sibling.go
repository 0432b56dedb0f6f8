package emit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// sibling is a project that is being made beside its target.
type sibling struct {
	path string
	disk *disk
	lock *lock
}

// siblingPrefix begins the names of the siblings of dir. They lie in its folder, so that renaming one is a single step.
func siblingPrefix(dir string) string {
	const longest = maxSegment - len("..wsgen-12345678")
	name := filepath.Base(dir)
	return "." + name[:min(len(name), longest)] + ".wsgen-"
}

// newSibling makes an empty sibling and locks it, which tells other runs that its owner lives.
func newSibling(dir string, fault func(op, path string) error) (*sibling, error) {
	var err error
	for range lockAttempts {
		s := &sibling{path: filepath.Join(filepath.Dir(dir), siblingPrefix(dir)+fmt.Sprintf("%08x", rand.Uint32()))}
		if err = os.Mkdir(s.path, 0o755); err != nil {
			if errors.Is(err, fs.ErrExist) {
				continue
			}
			return nil, err
		}
		if s.disk, err = openDisk(s.path, fault); err == nil {
			if s.lock, err = s.disk.lock(s.path); err == nil {
				return s, nil
			}
			err = errors.Join(err, s.disk.close())
		}
		err = errors.Join(err, os.RemoveAll(s.path))
		var locked *LockedError
		if !errors.Is(err, fs.ErrNotExist) && !errors.As(err, &locked) { // else a run that clears siblings took it for dead
			return nil, err
		}
	}
	return nil, err
}

// entry is a file to be written into a folder.
type entry struct {
	name string
	text []byte
	mode fs.FileMode
}

// batch is what one goroutine writes at a time.
type batch struct {
	dir     string
	entries []entry
}

// batches returns every file of the plan, the base and the manifest, grouped by folder and sorted.
func batches(p *Plan) ([]batch, error) {
	text, err := p.manifest.encode()
	if err != nil {
		return nil, err
	}
	byDir := make(map[string][]entry)
	add := func(file string, text []byte, mode fs.FileMode) {
		dir, name := path.Dir(file), path.Base(file)
		byDir[dir] = append(byDir[dir], entry{name, text, mode})
	}
	add(ManifestPath, text, 0o644)
	for i := range p.Ops {
		op := &p.Ops[i]
		add(op.Path, op.New, op.Mode)
	}
	for file, text := range p.own {
		add(file, text, 0o644)
	}
	const size = 256
	var all []batch
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		slices.SortFunc(byDir[dir], func(a, b entry) int { return strings.Compare(a.name, b.name) })
		for part := range slices.Chunk(byDir[dir], size) {
			all = append(all, batch{dir, part})
		}
	}
	return all, nil
}

// fill writes the plan's files, the base and the manifest. Nobody looks in here yet, so each is written in place.
func (s *sibling) fill(ctx context.Context, p *Plan) error {
	all, err := batches(p)
	if err != nil {
		return err
	}
	for _, b := range slices.CompactFunc(slices.Clone(all), func(a, b batch) bool { return a.dir == b.dir }) {
		if err := s.disk.mkdirAll(b.dir); err != nil {
			return err
		}
	}
	return parallel(len(all), func(i int) error {
		return s.disk.within(all[i].dir, func(d *disk) error {
			for _, e := range all[i].entries {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := d.create(e.name, e.text, e.mode); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// rename moves the sibling to its target. Where the operating system allows it, the lock is held meanwhile: a run that
// clears siblings can then tell at every moment whether this one's owner lives.
func (s *sibling) rename(dir string) error {
	if err := s.disk.before("rename", "."); err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // which renames no folder in which a file is open
		if err := s.release(); err != nil {
			return err
		}
	}
	return os.Rename(s.path, dir)
}

// release gives the lock back. Calling it again does nothing.
func (s *sibling) release() error {
	if s.lock == nil {
		return nil
	}
	err := errors.Join(s.lock.unlock(), s.disk.close())
	s.lock = nil
	return err
}

// discard removes the sibling. It lets go of it first: Windows removes nothing that is open.
func (s *sibling) discard() error {
	var err error
	if s.lock != nil {
		err = errors.Join(s.lock.file.Unlock(), s.disk.close())
	}
	if fault := s.disk.before("removeAll", "."); fault != nil {
		return errors.Join(err, fault)
	}
	return errors.Join(err, os.RemoveAll(s.path))
}

// clearSiblings removes the siblings that dead runs of New left beside dir. That one cannot be removed is no reason to fail:
// it stands in nobody's way.
func clearSiblings(dir string) {
	parent, prefix := filepath.Dir(dir), siblingPrefix(dir)
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		suffix, ours := strings.CutPrefix(e.Name(), prefix)
		if _, err := strconv.ParseUint(suffix, 16, 32); ours && err == nil && len(suffix) == 8 && e.IsDir() {
			_ = clearSibling(filepath.Join(parent, e.Name()))
		}
	}
}

// clearSibling removes a sibling whose lock nobody holds: its name is random, so nobody takes it up again. One without a
// lock's file is removed only while it is empty, but for what goes before the lock: it is either a run that died at its very
// beginning, or one that lives and then makes another.
func clearSibling(p string) error {
	dead, err := isDead(p)
	if err != nil || !dead {
		return err
	}
	return os.RemoveAll(p)
}

func isDead(p string) (dead bool, err error) {
	d, err := openDisk(p, nil)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	locked, err := d.exists(lockPath)
	if err != nil {
		return false, err
	}
	if !locked {
		d.clearLocal()
		for _, empty := range []string{localDir, wsgenDir} {
			d.removeEmpty(empty)
		}
		return false, os.Remove(p)
	}
	held, _ := lockedBy(d.root, p)
	return !held, nil
}
