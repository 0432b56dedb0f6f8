package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childVariable makes the test's own binary the service.
const childVariable = "WSGEN_TEST_RUNS_THE_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is the service in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	logs *bufio.Scanner // its standard error
	seen bytes.Buffer   // what was read of it
}

// command returns the service with an environment, on a free port unless told otherwise.
func command(t *testing.T, environ ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=1", "ADDR=127.0.0.1:0", "DEBUG=", "LOG_LEVEL=", "ALLOWED_ORIGINS=")
	cmd.Env = append(cmd.Env, environ...)
	return cmd
}

func start(t *testing.T, environ ...string) *process {
	t.Helper()
	cmd := command(t, environ...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{t: t, cmd: cmd, logs: bufio.NewScanner(stderr)}
}

// logged waits for a line with this message and returns the URL in it.
func (p *process) logged(msg string) (url string) {
	p.t.Helper()
	for p.logs.Scan() {
		p.seen.WriteString(p.logs.Text() + "\n")
		var line struct{ Msg, URL string }
		if err := json.Unmarshal(p.logs.Bytes(), &line); err != nil {
			p.t.Fatalf("the log is not JSON: %s", p.logs.Text())
		}
		if line.Msg == msg {
			return line.URL
		}
	}
	p.t.Fatalf("the service ended without the line %q:\n%s", msg, p.seen.String())
	return ""
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait returns how the process ended.
func (p *process) wait() *os.ProcessState {
	for p.logs.Scan() {
		p.seen.WriteString(p.logs.Text() + "\n")
	}
	_ = p.cmd.Wait() // an error is how the process ended, which the state says better
	return p.cmd.ProcessState
}

func TestServiceServesAndStops(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			p := start(t)
			url := p.logged("listening")
			for path, want := range map[string]string{
				"/":                 "text/html; charset=utf-8",
				"/client/socket.js": "text/javascript; charset=utf-8",
				"/healthz":          "text/plain; charset=utf-8",
				"/readyz":           "text/plain; charset=utf-8",
			} {
				resp, err := http.Get(url + path)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.Body.Close() != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != want || len(body) == 0 {
					t.Errorf("GET %s: %s, %s, %d bytes; want 200 and %s", path, resp.Status, resp.Header.Get("Content-Type"), len(body), want)
				}
			}
			p.signal(s)
			p.logged("stopped")
			if state := p.wait(); state.ExitCode() != 0 {
				t.Errorf("after %v: %v, want exit code 0\n%s", s, state, p.seen.String())
			}
		})
	}
}

// A person who presses Ctrl-C twice does not want to wait for the drain.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	p := start(t, "DRAIN_DELAY=1h")
	p.logged("listening")
	p.signal(syscall.SIGTERM)
	p.logged("stopping")
	ended := make(chan *os.ProcessState, 1)
	go func() { ended <- p.wait() }()
	for { // the first signal's watcher may still be about to let go
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails once the process has ended, as it should
		select {
		case state := <-ended:
			if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signal() != syscall.SIGTERM {
				t.Errorf("the service ended with %v, want it killed by the second signal", state)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestStartThatFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	addr := taken.Addr().String()
	tests := map[string]struct{ environ, want string }{
		"taken address": {"ADDR=" + addr, "address " + addr + " is in use: set ADDR, for example ADDR=127.0.0.1:"},
		"bad setting":   {"DEBUG=maybe", "settings: the environment has bad values:\n  DEBUG=\"maybe\": want true or false\n"},
		"bad origin":    {"ALLOWED_ORIGINS=*.a.test", `write ".a.test"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := command(t, tt.environ)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("the service ended with %v, want exit code 1", cmd.ProcessState)
			}
			if !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("standard error:\n%s\nwant in it:\n%s", stderr.String(), tt.want)
			}
		})
	}
}
