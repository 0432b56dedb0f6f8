//go:build unix

package ws

import (
	"io"
	"syscall"
)

// canReadNow says whether readNow reads.
const canReadNow = true

// readNow reads what has come on a connection, which does not block, or returns errNothing.
func readNow(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return 0, errNothing
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}
