package emit

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"syscall"
)

// disk changes a project's directory. Nothing else in wsgen does. Its paths are slash-separated and relative to the root,
// which no path and no symbolic link can leave.
type disk struct {
	root *os.Root
	// fault, in tests, is called before each change, from several goroutines; its error stands for the change's.
	fault func(op, path string) error
}

func openDisk(dir string, fault func(op, path string) error) (*disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &disk{root: root, fault: fault}, nil
}

func (d *disk) close() error { return d.root.Close() }

// before asks the tests whether the change may take place.
func (d *disk) before(op, p string) error {
	if d.fault == nil {
		return nil
	}
	return d.fault(op, p)
}

// mkdirAll makes a folder and those on the way to it.
func (d *disk) mkdirAll(dir string) error {
	if err := d.before("mkdir", dir); err != nil {
		return err
	}
	return d.root.MkdirAll(dir, 0o755)
}

// create writes a new file. What stands at its path already is an error, a link too. After an error the file may be there
// in part, so callers create only where nobody takes a part for a whole: in the staging folder and in a new project's
// sibling folder.
func (d *disk) create(p string, text []byte, mode fs.FileMode) (err error) {
	if err := d.before("create", p); err != nil {
		return err
	}
	file, err := d.root.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := d.before("write", p); err != nil {
		return err
	}
	_, err = file.Write(text)
	return err
}

// chmod gives a file exactly the mode, whatever the process's umask.
func (d *disk) chmod(p string, mode fs.FileMode) error {
	if err := d.before("chmod", p); err != nil {
		return err
	}
	return d.root.Chmod(p, mode)
}

// rename moves a file or a folder, over another file if one stands there.
func (d *disk) rename(from, to string) error {
	if err := d.before("rename", to); err != nil {
		return err
	}
	return d.root.Rename(from, to)
}

// remove removes a file, or a link.
func (d *disk) remove(p string) error {
	if err := d.before("remove", p); err != nil {
		return err
	}
	return d.root.Remove(p)
}

// removeEmpty removes a folder if nothing is in it. That it stays is no error: callers use it to leave no folder behind that
// nobody needs. A file that took the folder's place is somebody's.
func (d *disk) removeEmpty(dir string) (removed bool) {
	info, err := d.root.Lstat(dir)
	return err == nil && info.IsDir() && d.remove(dir) == nil
}

// removeAll removes a folder with all that is in it. One that is not there is no error.
func (d *disk) removeAll(p string) error {
	if err := d.before("removeAll", p); err != nil {
		return err
	}
	return d.root.RemoveAll(p)
}

// put moves a staged file into place. Where another file system is mounted at the place, a copy beside it is renamed
// instead, so that the file is old or new and whole there too.
func (d *disk) put(staged, p string, number int) error {
	err := d.rename(staged, p)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	text, err := d.root.ReadFile(staged)
	if err != nil {
		return err
	}
	info, err := d.root.Stat(staged)
	if err != nil {
		return err
	}
	beside := path.Join(path.Dir(p), ".wsgen-new-"+strconv.Itoa(number))
	if err := d.remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a run that died here
		return err
	}
	if err := d.create(beside, text, info.Mode().Perm()); err != nil {
		return errors.Join(err, d.remove(beside))
	}
	if err := d.chmod(beside, info.Mode().Perm()); err != nil {
		return errors.Join(err, d.remove(beside))
	}
	if err := d.rename(beside, p); err != nil {
		return errors.Join(err, d.remove(beside))
	}
	return nil
}

// exists says whether something stands at the path, a link included.
func (d *disk) exists(p string) (bool, error) {
	_, err := d.root.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// within calls f with a disk whose root is the folder, which saves looking it up for each of many files.
func (d *disk) within(dir string, f func(*disk) error) (err error) {
	root, err := d.root.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return f(&disk{root: root, fault: d.fault})
}
