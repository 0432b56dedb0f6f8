//go:build unix

package cmd

import (
	"os"
	"os/signal"
	"syscall"
)

// become replaces this process by the program, working in dir, with env as its environment. It returns only where that fails.
func become(program, dir string, env []string) error {
	if err := os.Chdir(dir); err != nil {
		return err
	}
	return syscall.Exec(program, []string{program}, env)
}

// catchBrokenPipe makes a write to a closed pipe an error instead of the end of the process, which could come between two
// steps of a command. A signal that is caught, unlike one that is ignored, is back to normal in a program that we become.
func catchBrokenPipe() (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGPIPE)
	return func() { signal.Stop(c) }
}
