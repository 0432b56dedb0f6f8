package emit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// maxOwn bounds what is read of a record of wsgen's own, in bytes: hundreds of thousands of files take less.
const maxOwn = 64 << 20

// notOwn is what is said of something that is no file in the place of a record.
const notOwn = "not a regular file, though wsgen keeps a record of its own there: remove it"

// linkOwn is what is said of a link in the place of a record. Where it leads a run would not follow: it puts a new file in its place.
const linkOwn = "a symbolic link, though wsgen keeps a record of its own there: put what it leads to in its place"

// readOwn reads a record of wsgen's own. It may have come with the repository: a pipe would keep wsgen waiting for ever, and a
// device would fill the memory.
func readOwn(root *os.Root, p string) ([]byte, error) {
	info, err := root.Lstat(p)
	switch {
	case errors.Is(err, syscall.ENOTDIR): // a file stands where the folder belongs
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, &PathError{p, linkOwn}
	case !info.Mode().IsRegular():
		return nil, &PathError{p, notOwn}
	case info.Size() > maxOwn:
		return nil, &PathError{p, fmt.Sprintf("larger than any record of wsgen's own (%d MiB): remove it", maxOwn>>20)}
	}
	return root.ReadFile(p)
}
