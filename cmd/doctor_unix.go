//go:build linux || darwin || freebsd

package cmd

import "syscall"

// freeSpace returns how much of the file system that dir lies in is left to this user: bytes, and files. A file system that does
// not count its files has any number of them.
func freeSpace(dir string) (bytes, files uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	files = uint64(s.Ffree)
	if s.Files == 0 {
		files = 1
	}
	return uint64(s.Bavail) * uint64(s.Bsize), files, nil
}

// mayWrite returns why this process may not change the folder or file, or nil: its rights, or a file system that is read-only.
func mayWrite(path string) error { return syscall.Access(path, 2) }

// mayRead returns why this process may not read the folder or file, or nil.
func mayRead(path string) error { return syscall.Access(path, 4) }
