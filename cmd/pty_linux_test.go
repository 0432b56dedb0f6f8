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
	t        *testing.T
	control  *os.File // what the person sees and types
	terminal *os.File // what wsgen reads and prints
	mode     uint32   // of the terminal, before wsgen started
	command  *exec.Cmd
	ended    chan error

	mu   sync.Mutex
	seen []byte
	more chan struct{}
}

// onConsole starts wsgen in dir with all three streams on a pseudo-terminal.
func onConsole(t *testing.T, dir string, env []string, args ...string) *console {
	t.Helper()
	return startOnConsole(t, wsgen(t, dir, args...), env)
}

// startOnConsole starts a program with all three streams on a pseudo-terminal.
func startOnConsole(t *testing.T, command *exec.Cmd, env []string) *console {
	t.Helper()
	control, name := openPTY(t)
	terminal, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	c := &console{
		t: t, control: control, terminal: terminal, command: command,
		ended: make(chan error, 1), more: make(chan struct{}, 1),
	}
	c.mode = terminalMode(t, c)
	c.command.Env = append(c.command.Env, append([]string{"TERM=xterm"}, env...)...)
	c.command.Stdin, c.command.Stdout, c.command.Stderr = terminal, terminal, terminal
	c.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.command.Start(); err != nil {
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

// cursorQuestion asks a terminal where its cursor is: "device status report", ECMA-48.
const cursorQuestion = "\x1b[6n"

// cursorAnswered stands in what was seen where that question stood.
const cursorAnswered = "<cursor>"

// read collects what wsgen prints, and answers the question for the cursor as a terminal does.
func (c *console) read() {
	buf := make([]byte, 4096)
	for {
		n, err := c.control.Read(buf)
		c.mu.Lock()
		c.seen = append(c.seen, buf[:n]...)
		for bytes.Contains(c.seen, []byte(cursorQuestion)) {
			// The answer goes out before anybody can see that the question was put, and type into it.
			_, _ = c.control.WriteString("\x1b[24;80R") // a failure shows as a question that is never put
			c.seen = bytes.Replace(c.seen, []byte(cursorQuestion), []byte(cursorAnswered), 1)
		}
		c.mu.Unlock()
		select {
		case c.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// awaits waits until text was printed, and forgets everything up to it.
func (c *console) awaits(text string) {
	c.t.Helper()
	if !c.sees(text, time.Minute) {
		c.t.Fatalf("%q was not printed, but %q", text, c.printed())
	}
}

// sees is awaits with a patience of its own: it reports whether text was printed in time.
func (c *console) sees(text string, patience time.Duration) bool {
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		i := bytes.Index(c.seen, []byte(text))
		if i >= 0 {
			c.seen = c.seen[i+len(text):]
		}
		c.mu.Unlock()
		if i >= 0 {
			return true
		}
		select {
		case <-c.more:
		case <-deadline:
			return false
		}
	}
}

// isAsked waits for a question of one line with its default, and until the prompt takes keys. What is typed while the prompt
// reads where the cursor is may be lost, so a letter is typed until it shows, and taken back as often.
func (c *console) isAsked(question, preset string) {
	c.t.Helper()
	c.awaits(question)
	c.awaits(preset)
	c.awaits(cursorAnswered) // how large is the terminal?
	c.awaits(cursorAnswered) // where does the answer begin?
	const attempts = 100
	for n := 1; n <= attempts; n++ {
		c.types("z")
		if c.sees("z", 200*time.Millisecond) {
			c.types(strings.Repeat("\x7f", n)) // on an empty line it does nothing
			return
		}
	}
	c.t.Fatalf("%q takes no keys", question)
}

// printed returns what was printed and not yet awaited.
func (c *console) printed() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.seen)
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
	case <-time.After(time.Minute):
		c.t.Fatalf("wsgen does not end; it printed %q", c.printed())
		return -1
	}
}

func TestPromptsOnATerminal(t *testing.T) {
	dir := t.TempDir()
	c := onConsole(t, dir, nil, "new", "project")
	c.isAsked("Name of the project", "(project)")
	c.types("a b\r")
	c.awaits("cannot name a binary and a folder") // and the question is put again
	c.isAsked("Name of the project", "(project)")
	c.types("updater\r")
	c.isAsked("Go module", "(example.com/updater)")
	c.types("\r")
	c.isAsked("Name of a consumer", "(echo)")
	c.types("ChatRoom\r")
	c.awaits("Mode of chat_room")
	c.awaits("async")
	c.types("\x1b[B\r") // arrow down: async
	c.isAsked("Path of chat_room", "(/ws/chat_room)")
	c.types("/healthz\r")
	c.awaits("/healthz")
	c.isAsked("Path of chat_room", "(/ws/chat_room)")
	c.types("/ws/chat/{room:slug}\r")
	c.isAsked("Another consumer?", "(y/N)")
	c.types("\r")
	c.awaits(layerQuestion)
	c.awaits("nats")
	c.types("\x1b[B\r") // arrow down: redis
	c.awaits(authQuestion)
	c.awaits("jwt")
	c.types("\r") // none
	c.awaits("the same without questions:")
	same := "wsgen new project updater --module example.com/updater --layer redis --consumer 'chat_room:async:/ws/chat/{room:slug}'"
	c.awaits(same)
	if code := c.exits(); code != exitDone {
		t.Fatalf("exit code %d", code)
	}

	// The command that was printed gives the same project.
	again := t.TempDir()
	mustRun(t, again, "new", "project", "updater", "--module", "example.com/updater", "--layer", "redis",
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
			if out := c.printed(); strings.Contains(out, "?") {
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
			c.isAsked("Name of the project", "(project)")
			way.leave(c)
			if code := c.exits(); code != exitInterrupted {
				t.Errorf("exit code %d, want %d", code, exitInterrupted)
			}
			if after := terminalMode(t, c); after != c.mode {
				t.Errorf("the terminal was %+v and is %+v", c.mode, after)
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
