//go:build !unix

package ws

// canReadNow says whether readNow reads: here a read that does not wait is not to be had.
const canReadNow = false

// readNow is not called.
func readNow(uintptr, []byte) (int, error) { return 0, errNothing }
