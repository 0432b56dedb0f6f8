package golden

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// service is a built golden project that runs as a process of its own, on a free port of the loopback interface.
type service struct {
	url    string      // "http://127.0.0.1:40123"
	header http.Header // of the handshakes of its test: the Origin of the service itself, and who has logged in
	cmd    *exec.Cmd
	log    *buffer
	exited chan error // what Wait returned; closed after
}

// buffer collects text from one goroutine for others to read and to wait for.
type buffer struct {
	mu      sync.Mutex
	text    strings.Builder // guarded by mu
	changed chan struct{}   // guarded by mu; closed at the next Write, nil while nobody waits
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
	return b.text.Write(p)
}

func (b *buffer) String() string {
	text, _ := b.watch()
	return text
}

// watch returns the text so far, and a channel that is closed when there is more.
func (b *buffer) watch() (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.text.String(), b.changed
}

// waitFor waits until the text holds each of the parts.
func (b *buffer) waitFor(t *testing.T, parts ...string) {
	t.Helper()
	timeout := time.After(patience / 4)
	for {
		text, changed := b.watch()
		missing := slices.IndexFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
		if missing < 0 {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("the text lacks %q:\n%s", parts[missing], text)
		}
	}
}

// printedURL is the URL in the line that the service prints when it listens.
var printedURL = regexp.MustCompile(`http://[^\s"]+`)

// start runs a binary that build made, with further variables of the environment, and waits until it listens. The process
// is ended with the test, whose failure shows its log.
func start(t *testing.T, bin string, env ...string) *service {
	t.Helper()
	s := &service{log: new(buffer), exited: make(chan error, 1)}
	s.cmd = exec.Command(bin)
	s.cmd.Dir = t.TempDir()
	s.cmd.Env = append([]string{"ADDR=127.0.0.1:0", "DRAIN_WINDOW=0s", "PATH=" + os.Getenv("PATH")}, env...)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan string, 1)
	go s.follow(stderr, listening)
	t.Cleanup(func() { s.end(t) })
	select {
	case s.url = <-listening:
		s.header = http.Header{"Origin": {s.url}}
	case err := <-s.exited:
		t.Fatalf("the service ended before it listened: %v\n%s", err, s.log)
	case <-time.After(patience):
		t.Fatalf("the service does not say that it listens:\n%s", s.log)
	}
	return s
}

// follow copies the service's log until it ends, tells the first URL in it, and then waits for the process.
func (s *service) follow(stderr io.Reader, listening chan<- string) {
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadString('\n')
		_, _ = io.WriteString(s.log, line) // a buffer in memory takes everything
		if url := printedURL.FindString(line); url != "" {
			select {
			case listening <- url:
			default: // told already
			}
		}
		if err != nil {
			break
		}
	}
	s.exited <- s.cmd.Wait()
	close(s.exited)
}

// end kills what still runs.
func (s *service) end(t *testing.T) {
	_ = s.cmd.Process.Kill() // an error means that it has ended
	select {
	case <-s.exited:
	case <-time.After(patience):
		t.Error("the service does not die")
	}
	if t.Failed() {
		t.Logf("the service's log:\n%s", s.log)
	}
}

// stop sends SIGTERM and reports the exit code.
func (s *service) stop(t *testing.T) int {
	t.Helper()
	if err := s.cmd.Process.Signal(terminate); err != nil {
		t.Fatal(err)
	}
	return s.wait(t)
}

// wait returns the exit code of a service that is stopping.
func (s *service) wait(t *testing.T) int {
	t.Helper()
	select {
	case err := <-s.exited:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatal("the service does not stop")
		return -1
	}
}

// deadline returns a context that bounds one conversation of a test.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// request sends an HTTP request and returns the response with its body read.
func (s *service) request(t *testing.T, method, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(deadline(t), method, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// dial opens a socket with a client that is not ours and fails the test when it is refused.
func (s *service) dial(t *testing.T, path string, o *websocket.DialOptions) *websocket.Conn {
	t.Helper()
	conn, resp, err := s.tryDial(t, path, o)
	if err != nil {
		t.Fatalf("dial %s: %v (%v)", path, err, status(resp))
	}
	return conn
}

// tryDial opens a socket, by default with the header of the service's test.
func (s *service) tryDial(t *testing.T, path string, o *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	if o == nil {
		o = &websocket.DialOptions{HTTPHeader: s.header}
	}
	conn, resp, err := websocket.Dial(deadline(t), "ws"+strings.TrimPrefix(s.url, "http")+path, o)
	if err == nil {
		t.Cleanup(func() { _ = conn.CloseNow() }) // whatever is left of it
	}
	return conn, resp, err
}

// status returns what an HTTP response says, for a message.
func status(resp *http.Response) string {
	if resp == nil {
		return "no response"
	}
	return resp.Status
}

// echoes fails the test unless the socket returns a text and a binary message as they were.
func echoes(t *testing.T, conn *websocket.Conn) {
	t.Helper()
	for _, m := range []struct {
		typ  websocket.MessageType
		data string
	}{{websocket.MessageText, "hello, wörld"}, {websocket.MessageBinary, "\x00\xff\x01"}, {websocket.MessageText, ""}} {
		if err := conn.Write(deadline(t), m.typ, []byte(m.data)); err != nil {
			t.Fatal(err)
		}
		typ, data, err := conn.Read(deadline(t))
		if err != nil {
			t.Fatalf("after %q: %v", m.data, err)
		}
		if typ != m.typ || string(data) != m.data {
			t.Fatalf("sent %v %q, got %v %q", m.typ, m.data, typ, data)
		}
	}
}

// closedWith reads until the socket ends and fails the test unless it was closed with the code.
func closedWith(t *testing.T, conn *websocket.Conn, want websocket.StatusCode) {
	t.Helper()
	for {
		_, _, err := conn.Read(deadline(t))
		if err == nil {
			continue // it was sent before the close
		}
		if got := websocket.CloseStatus(err); got != want {
			t.Errorf("the socket ended with %v (%v), want %v", got, err, want)
		}
		return
	}
}
