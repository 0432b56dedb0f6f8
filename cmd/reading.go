package cmd

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// largestRead bounds what is read of a file that the go command or a user wrote, in bytes: such files are far smaller.
const largestRead = 64 << 20

// readRegular reads a file that may be anything, since a repository can bring it along: a pipe would keep the command waiting for
// ever, and a device would fill the memory.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", path)
	case info.Size() > largestRead:
		return nil, fmt.Errorf("%s: larger than %d MiB", path, largestRead>>20)
	}
	return os.ReadFile(path)
}

// entriesOf returns what is in a folder, sorted by name: nothing where there is none, or something else, or it may not be read.
func entriesOf(folder string) []fs.DirEntry {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	return entries
}

// What is said of a spec that leadsOut.
const (
	factLink   = "a symbolic link that leads out of the project"
	wayOutLink = "put the file in its place"
)

// leadsOut says whether a file of the folder is a link that leads out of the folder. Whoever made the repository chose where to,
// and would have it shown in messages.
func leadsOut(folder, name string) bool {
	root, errRoot := filepath.EvalSymlinks(folder)
	file, errFile := filepath.EvalSymlinks(filepath.Join(folder, name))
	if errRoot != nil || errFile != nil {
		return false // there is nothing that could be shown
	}
	rel, err := filepath.Rel(root, file)
	return err != nil || !filepath.IsLocal(rel)
}
