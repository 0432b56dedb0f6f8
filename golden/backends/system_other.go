//go:build !linux

package backends

import "syscall"

// A pause is made on Linux alone; elsewhere the server goes on.
const (
	pauseSignal  = syscall.Signal(0)
	resumeSignal = syscall.Signal(0)
)

// childAttr has nothing to say where a process cannot be tied to the life of another.
func childAttr() *syscall.SysProcAttr { return nil }

// stands has nothing to wait for.
func stands(int) bool { return true }
