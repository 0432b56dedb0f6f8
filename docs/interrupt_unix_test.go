//go:build unix

package docs

import (
	"os/exec"
	"syscall"
	"testing"
)

// ownGroup gives the command a process group of its own, as a terminal does.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// interrupt signals the whole group, as a terminal does on Ctrl-C.
func interrupt(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Error(err)
	}
}
