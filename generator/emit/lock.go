package emit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
)

const (
	lockPath   = localDir + "/lock"
	ignorePath = localDir + "/.gitignore"
	holderPath = localDir + "/holder" // who holds the lock, beside it: on Windows a locked file cannot be read
)

// lockAttempts bounds how often a lock is sought that its former holder removed in the meantime.
const lockAttempts = 10

// lock is the right to write to a project. The operating system takes it back from a process that dies.
type lock struct {
	file *flock.Flock
	disk *disk
}

// lock takes the project's lock, or returns a *[LockedError] at once when somebody else holds it.
func (d *disk) lock(dir string) (*lock, error) {
	for range lockAttempts {
		l, err := d.tryLock(dir)
		if err != nil || l != nil {
			return l, err
		}
	}
	return nil, &LockedError{Dir: dir}
}

// tryLock is one attempt. It returns neither a lock nor an error when the lock's file or its folder was removed meanwhile.
func (d *disk) tryLock(dir string) (*lock, error) {
	switch err := d.mkdirAll(localDir); {
	case errors.Is(err, fs.ErrExist) && d.localMayBe():
		return nil, nil
	case err != nil:
		return nil, err
	}
	// The lock's file is opened by its whole path, outside the root's protection: no part of it may be a link.
	for _, p := range []string{wsgenDir, localDir, lockPath} {
		info, err := d.root.Lstat(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if t := info.Mode().Type(); t != 0 && t != fs.ModeDir {
			return nil, fmt.Errorf("%s: a link or a device stands where wsgen keeps its lock: remove it", filepath.Join(dir, filepath.FromSlash(p)))
		}
	}
	// Before the lock, so that git never sees what a run that dies here leaves; again once it is held, since its last holder
	// may be clearing up.
	switch err := d.ignoreLocal(); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil && !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	file := flock.New(filepath.Join(dir, filepath.FromSlash(lockPath)), flock.SetPermissions(0o644))
	got, err := file.TryLock()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !got:
		return nil, &LockedError{Dir: dir, Holder: holder(d.root)}
	}
	if err := d.before("lock", lockPath); err != nil {
		return nil, errors.Join(err, file.Unlock())
	}
	if !isAt(file, d.root) {
		return nil, file.Unlock()
	}
	l := &lock{file: file, disk: d}
	if err := l.sign(); err != nil {
		return nil, errors.Join(err, l.unlock())
	}
	return l, nil
}

// localMayBe reports whether nothing but a folder stands where wsgen keeps its lock. One that could not be made since it was there,
// and that was gone when it was looked at, has been cleared up by the last holder of the lock.
func (d *disk) localMayBe() bool {
	info, err := d.root.Lstat(localDir)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir()
}

// isAt says whether the locked file is still the one at the lock's path: its former holder may have removed it between our
// opening and our locking it, and the next run would then lock another.
func isAt(file *flock.Flock, root *os.Root) bool {
	locked, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := root.Lstat(lockPath)
	return err == nil && os.SameFile(locked, there)
}

// sign notes who holds the lock, for the message of a run that finds it taken, and keeps git from all of this.
func (l *lock) sign() error {
	if err := l.disk.remove(holderPath); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := l.disk.create(holderPath, fmt.Appendf(nil, "process %d\n", os.Getpid()), 0o644); err != nil {
		return err
	}
	return l.disk.ignoreLocal()
}

// holder returns who holds the lock, or "" where that cannot be told.
func holder(root *os.Root) string {
	text, err := readOwn(root, holderPath)
	if err != nil || len(text) > 64 {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// unlock gives the lock back and leaves no trace of it. What cannot be removed is git-ignored and harmless, and the next
// run takes it over: on Windows a file that is open cannot be removed.
func (l *lock) unlock() error {
	l.disk.clearLocal() // first of all: without the lock, another run may already count on it
	_ = l.disk.remove(holderPath)
	_ = l.disk.remove(lockPath)
	l.disk.removeEmpty(localDir)
	l.disk.removeEmpty(wsgenDir)
	return l.file.Unlock()
}

// ignoreLocal makes git overlook what is of this machine alone: the project's .gitignore may be older than wsgen.
func (d *disk) ignoreLocal() error {
	info, err := d.root.Lstat(ignorePath)
	switch {
	case err == nil && info.Mode().IsRegular() && info.Size() == 0: // left by a run that died here
		if err := d.remove(ignorePath); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	case err == nil:
		return nil // somebody has their reasons
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return d.create(ignorePath, []byte("*\n"), 0o644)
}

// clearLocal removes what is of use only beside something else, where there is nothing else.
func (d *disk) clearLocal() {
	names, err := d.names(localDir)
	if err != nil || slices.ContainsFunc(names, func(name string) bool {
		return !slices.Contains([]string{ignorePath, lockPath, holderPath}, path.Join(localDir, name))
	}) {
		return
	}
	_ = d.remove(ignorePath)
}

// lockedBy says whether somebody holds the project's lock, and who. It changes nothing.
func lockedBy(root *os.Root, dir string) (held bool, who string) {
	if info, err := root.Lstat(lockPath); err != nil || !info.Mode().IsRegular() {
		return false, ""
	}
	file := flock.New(filepath.Join(dir, filepath.FromSlash(lockPath)), flock.SetFlag(os.O_RDONLY))
	got, err := file.TryRLock()
	if err != nil || !got {
		return err == nil, holder(root)
	}
	return file.Unlock() != nil, ""
}
