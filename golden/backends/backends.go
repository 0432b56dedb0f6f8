// Package backends starts the servers that layers work over, and a proxy, for tests: a redis-server, a nats-server and an nginx,
// each a process of its own on the loopback interface, with a folder that outlives the process. A test stops and kills them,
// starts them again with what they had kept, and empties them.
//
// A program is looked for on the PATH, and then in the repository's folder bin. Where it is missing the test is skipped, and
// fails with CI=true.
package backends

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what is waited for; it measures nothing.
const patience = 20 * time.Second

// server is a process that a test may stop and start again, at the same address and with the same folder. Its methods are for
// one goroutine at a time.
type server struct {
	t    testing.TB
	name string // of the program
	path string
	dir  string // where it keeps what outlives it
	addr string
	args []string
	// ready asks a running server whether it does its work.
	ready func(ctx context.Context) error

	process *exec.Cmd     // nil while none runs
	gone    chan struct{} // closed when the process has ended
	out     output
}

// output is the last that a process has said. It is safe for concurrent use.
type output struct {
	mu  sync.Mutex
	buf []byte
}

// outputBytes bounds what is kept of it.
const outputBytes = 8 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = append(o.buf, p...)
	if extra := len(o.buf) - outputBytes; extra > 0 {
		o.buf = append(o.buf[:0], o.buf[extra:]...)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.TrimSpace(o.buf))
}

// newServer finds the program and a free port, and has what it starts end with the test.
func newServer(t testing.TB, name string) *server {
	t.Helper()
	s := &server{t: t, name: name, path: find(t, name), dir: t.TempDir(), addr: freeAddr(t)}
	t.Cleanup(s.Kill)
	return s
}

// find returns where a program is.
func find(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	root, err := repository()
	if err == nil {
		var path string
		if path, err = exec.LookPath(filepath.Join(root, "bin", name)); err == nil {
			return path
		}
	}
	what := fmt.Sprintf("%s is not installed (scripts/tools.sh installs what is missing): %v", name, err)
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
	return ""
}

// repository returns the folder that holds go.mod, from the one that the test runs in upward.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		switch parent := filepath.Dir(dir); {
		case err == nil:
			return dir, nil
		case !errors.Is(err, fs.ErrNotExist) || parent == dir:
			return "", fmt.Errorf("look for the repository: %w", err)
		default:
			dir = parent
		}
	}
}

// freeAddr returns an address of the loopback interface at which nobody listens. A server has to have the same one after a
// restart, so it cannot choose for itself.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// port returns the port of the server's address.
func (s *server) port() string {
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	return port
}

// Addr returns the address at which the server listens, "127.0.0.1:40123".
func (s *server) Addr() string { return s.addr }

// Dir returns the folder of the server, with all that it keeps.
func (s *server) Dir() string { return s.dir }

// Start starts the server, with what it had kept, and returns when it is ready. Nothing happens where it runs.
func (s *server) Start() {
	s.t.Helper()
	if s.process != nil {
		return
	}
	c := exec.Command(s.path, s.args...)
	c.Dir, c.Stdout, c.Stderr = s.dir, &s.out, &s.out
	c.SysProcAttr = childAttr()
	started, gone := make(chan error), make(chan struct{})
	go func() {
		defer close(gone)
		runtime.LockOSThread() // the process dies with this thread
		defer runtime.UnlockOSThread()
		err := c.Start()
		started <- err
		if err == nil {
			_ = c.Wait() // how it ended is in its output
		}
	}()
	if err := <-started; err != nil {
		s.t.Fatalf("start %s: %v", s.name, err)
	}
	s.process, s.gone = c, gone
	s.await()
}

// await waits until the server is ready.
func (s *server) await() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := s.ready(ctx)
		if err == nil {
			return
		}
		select {
		case <-s.gone:
			s.t.Fatalf("%s ended at once:\n%s", s.name, &s.out)
		case <-ctx.Done():
			s.t.Fatalf("%s at %s is not ready: %v\n%s", s.name, s.addr, err, &s.out)
		case <-ticker.C:
		}
	}
}

// Kill ends the server as a crash does, without a chance to write anything. Nothing happens where it does not run.
func (s *server) Kill() { s.end(syscall.SIGKILL) }

// Stop ends the server in good order. Nothing happens where it does not run.
func (s *server) Stop() { s.end(syscall.SIGTERM) }

// Pause has the server stand still, as a machine does that is overloaded: its connections stay, and nothing is answered.
func (s *server) Pause() {
	s.t.Helper()
	s.signal(pauseSignal)
	for deadline := time.Now().Add(patience); !stands(s.Pid()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s does not stand still", s.name)
		}
	}
}

// Resume ends a pause.
func (s *server) Resume() { s.signal(resumeSignal) }

// Restart stops the server and starts it again.
func (s *server) Restart() {
	s.t.Helper()
	s.Stop()
	s.Start()
}

// signal sends a signal to a running server.
func (s *server) signal(sig syscall.Signal) {
	if s.process == nil || sig == 0 {
		return
	}
	if err := s.process.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("signal %s to %s: %v", sig, s.name, err)
	}
}

// end ends a running server.
func (s *server) end(sig syscall.Signal) {
	if s.process == nil {
		return
	}
	s.Resume() // it may have been paused
	s.signal(sig)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-s.gone:
	case <-timer.C:
		s.t.Errorf("%s does not end in good order:\n%s", s.name, &s.out)
		s.signal(syscall.SIGKILL)
		<-s.gone
	}
	s.process = nil
}

// empty drops all that a server has kept in its folder; the server does not run.
func (s *server) empty() {
	s.t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(s.dir, e.Name())); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Pid returns the id of the server's process, or 0 while none runs.
func (s *server) Pid() int {
	if s.process == nil {
		return 0
	}
	return s.process.Process.Pid
}

// converse opens a connection, writes a line and reads until the answer holds what is wanted.
func converse(ctx context.Context, addr, say, want string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := c.Write([]byte(say)); err != nil {
		return err
	}
	var answer []byte
	part := make([]byte, 4096)
	for !bytes.Contains(answer, []byte(want)) {
		n, err := c.Read(part)
		answer = append(answer, part[:n]...)
		if err != nil {
			return fmt.Errorf("%s instead of %s: %w", strconv.Quote(string(answer)), strconv.Quote(want), err)
		}
	}
	return nil
}
