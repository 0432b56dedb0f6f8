package cmd

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// console is wsgen on a pseudo-terminal, and what a person in front of it sees and types.
type console struct {
	t       *testing.T
	control *os.File
	command *exec.Cmd
	ended   chan error

	mu   sync.Mutex
	seen []byte // without the cursor questions, which the console answers by itself
	more chan struct{}
}

// onConsole starts wsgen in dir with all three streams on a pseudo-terminal.
func onConsole(t *testing.T, dir string, env []string, args ...string) *console {
	t.Helper()
	control, name := openPTY(t)
	terminal, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &console{t: t, control: control, command: wsgen(t, dir, args...), ended: make(chan error, 1), more: make(chan struct{}, 1)}
	c.command.Env = append(c.command.Env, append([]string{"TERM=xterm"}, env...)...)
	c.command.Stdin, c.command.Stdout, c.command.Stderr = terminal, terminal, terminal
	c.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	go c.read()
	go func() { c.ended <- c.command.Wait() }()
	t.Cleanup(func() { _ = c.command.Process.Kill() }) // it has ended already where the test passes
	return c
}

// openPTY opens a pseudo-terminal, as pty(7) and ptmx(4) say: the control side, and the name of the other.
func openPTY(t *testing.T) (*os.File, string) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = control.Close() })
	var number, unlock uint32
	ioctl(t, control, syscall.TIOCGPTN, unsafe.Pointer(&number))
	ioctl(t, control, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	return control, "/dev/pts/" + strconv.FormatUint(uint64(number), 10)
}

func ioctl(t *testing.T, f *os.File, request uintptr, argument unsafe.Pointer) {
	t.Helper()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(argument)); errno != 0 {
		t.Fatal(errno)
	}
}

// read collects what wsgen prints, and answers "where is the cursor?" as a terminal does.
func (c *console) read() {
	question := []byte("\x1b[6n")
	buf := make([]byte, 4096)
	for {
		n, err := c.control.Read(buf)
		c.mu.Lock()
		c.seen = append(c.seen, buf[:n]...)
		asked := bytes.Count(c.seen, question)
		c.seen = bytes.ReplaceAll(c.seen, question, nil)
		c.mu.Unlock()
		select {
		case c.more <- struct{}{}:
		default:
		}
		for range asked {
			_, _ = c.control.WriteString("\x1b[24;80R") // a failure shows as a question that is never put
		}
		if err != nil {
			return
		}
	}
}

// awaits waits until text was printed, and forgets everything up to it.
func (c *console) awaits(text string) {
	c.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		i := bytes.Index(c.seen, []byte(text))
		if i >= 0 {
			c.seen = c.seen[i+len(text):]
		}
		all := string(c.seen)
		c.mu.Unlock()
		if i >= 0 {
			return
		}
		select {
		case <-c.more:
		case <-deadline:
			c.t.Fatalf("%q was not printed, but %q", text, all)
		}
	}
}

func (c *console) types(keys string) {
	c.t.Helper()
	if _, err := c.control.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// exits waits for the end and returns the exit code.
func (c *console) exits() int {
	c.t.Helper()
	select {
	case err := <-c.ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			c.t.Fatal(err)
		}
		return c.command.ProcessState.ExitCode()
	case <-time.After(20 * time.Second):
		c.t.Fatalf("wsgen does not end; it printed %q", c.seen)
		return -1
	}
}

func TestPromptsOnATerminal(t *testing.T) {
	dir := t.TempDir()
	c := onConsole(t, dir, nil, "new", "project")
	c.awaits("Name of the project")
	c.awaits("(project)")
	c.types("a b\r")
	c.awaits("a b")
	c.awaits("Name of the project") // the answer is refused and the question put again
	c.types("updater\r")
	c.awaits("Go module")
	c.awaits("(example.com/updater)")
	c.types("\r")
	c.awaits("Name of a consumer")
	c.awaits("(echo)")
	c.types("ChatRoom\r")
	c.awaits("Mode of chat_room")
	c.types("\x1b[B\r") // arrow down: async
	c.awaits("Path of chat_room")
	c.awaits("(/ws/chat_room)")
	c.types("/healthz\r")
	c.awaits("Path of chat_room")
	c.types("/ws/chat/{room:slug}\r")
	c.awaits("Another consumer?")
	c.types("\r")
	c.awaits("the same without questions:")
	same := "wsgen new project updater --module example.com/updater --consumer 'chat_room:async:/ws/chat/{room:slug}'"
	c.awaits(same)
	if code := c.exits(); code != exitDone {
		t.Fatalf("exit code %d", code)
	}

	// The command that was printed gives the same project.
	again := t.TempDir()
	mustRun(t, again, "new", "project", "updater", "--module", "example.com/updater",
		"--consumer", "chat_room:async:/ws/chat/{room:slug}")
	want, got := read(t, filepath.Join(dir, "updater", "wsgen.yaml")), read(t, filepath.Join(again, "updater", "wsgen.yaml"))
	if want != got {
		t.Errorf("the questions gave\n%s\nand the command\n%s", want, got)
	}
}

func TestNoPromptWhereNobodyWantsOne(t *testing.T) {
	for _, way := range []struct {
		name string
		env  string
		args []string
	}{
		{"CI", "CI=true", nil},
		{"no-input", "CI=", []string{"--no-input"}},
		{"yes", "CI=", []string{"-y"}},
		{"json", "CI=", []string{"--json"}},
		{"all is said", "CI=", []string{"--module", "example.com/x", "--consumer", "echo", "x"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			c := onConsole(t, t.TempDir(), []string{way.env}, append([]string{"new", "project"}, way.args...)...)
			if code := c.exits(); code != exitDone {
				t.Errorf("exit code %d", code)
			}
			if out := string(c.seen); strings.Contains(out, "?") {
				t.Errorf("asked: %q", out)
			}
		})
	}
}

func TestLeavingAPromptWritesNothing(t *testing.T) {
	for _, way := range []struct {
		name  string
		leave func(c *console)
	}{
		{"Ctrl-C", func(c *console) { c.types("\x03") }},
		{"SIGTERM", func(c *console) {
			if err := c.command.Process.Signal(syscall.SIGTERM); err != nil {
				c.t.Fatal(err)
			}
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			dir := t.TempDir()
			c := onConsole(t, dir, nil, "new", "project")
			before := terminalMode(t, c)
			c.awaits("(project)")
			way.leave(c)
			if code := c.exits(); code != exitInterrupted {
				t.Errorf("exit code %d, want %d", code, exitInterrupted)
			}
			if after := terminalMode(t, c); after != before {
				t.Errorf("the terminal was %+v and is %+v", before, after)
			}
			if found, err := os.ReadDir(dir); err != nil || len(found) > 0 {
				t.Errorf("there is %v, %v", found, err)
			}
		})
	}
}

// terminalMode returns the modes that a prompt changes: echo, line by line, signals.
func terminalMode(t *testing.T, c *console) uint32 {
	t.Helper()
	var mode syscall.Termios
	ioctl(t, c.control, syscall.TCGETS, unsafe.Pointer(&mode))
	return mode.Lflag & (syscall.ECHO | syscall.ICANON | syscall.ISIG)
}
