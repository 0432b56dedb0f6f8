//go:build !linux && !darwin && !freebsd

package cmd

import (
	"errors"
	"os"
)

// freeSpace is not told here.
func freeSpace(string) (bytes, files uint64, err error) { return 0, 0, errors.ErrUnsupported }

// mayWrite goes by the read-only attribute.
func mayWrite(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o200 == 0 {
		return os.ErrPermission
	}
	return err
}

// mayRead tries it.
func mayRead(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}
