//go:build !unix

package cmd

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// become runs the program in dir, with env as its environment, and waits for it: this system cannot replace a process. An interrupt typed on the console
// reaches the program by itself; the loop sees that it does not end wsgen first, and passes on what was sent to wsgen alone.
func become(program, dir string, env []string) error {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)

	child := exec.Command(program)
	child.Dir, child.Env = dir, env
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return childExit{exit.ExitCode()}
			}
			return err
		case s := <-interrupts:
			_ = child.Process.Signal(s) // not possible on Windows, where the console has told the program already
		}
	}
}

// catchBrokenPipe does nothing: a closed pipe is an error of the write here, not a signal.
func catchBrokenPipe() (stop func()) { return func() {} }
