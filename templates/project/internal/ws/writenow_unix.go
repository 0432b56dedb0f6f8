//go:build unix

package ws

import "syscall"

// writeNow writes to a connection, which does not block, and returns how much it has taken.
func writeNow(fd uintptr, data []byte) int {
	for {
		n, err := syscall.Write(int(fd), data)
		if err != syscall.EINTR {
			return max(n, 0) // it is -1 beside an error
		}
	}
}
