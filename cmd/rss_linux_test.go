package cmd

import (
	"os"
	"syscall"
)

// residentKiB returns the largest resident set of a process that has ended.
func residentKiB(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss // in KiB on Linux alone, see getrusage(2)
	}
	return 0
}
