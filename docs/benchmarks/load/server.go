package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// patience bounds what is waited for, so that something stuck is an error. It is no measure of speed.
const patience = 30 * time.Second

// A pinging is how a server pings: how often, and how long it waits for the answer.
type pinging struct{ interval, timeout time.Duration }

// often is five times as often as the emitted service pings by itself, so that pings can be seen in little time.
func often() pinging { return pinging{5 * time.Second, 4 * time.Second} }

// usual is what the emitted service does by itself. No ping shows in a few seconds who does not read.
func usual() pinging { return pinging{25 * time.Second, 8 * time.Second} }

// A server is one that runs.
type server struct {
	addr string
	cmd  *exec.Cmd
	log  *bytes.Buffer
}

// start starts the server of a contestant, on this address or, where it is "", on one of its own, and returns when it answers.
func (w *workshop) start(ctx context.Context, c contestant, pings pinging, addr string) (*server, error) {
	if addr == "" {
		var err error
		if addr, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	args := w.commandOf(c.server)
	s := &server{addr: addr, cmd: exec.CommandContext(ctx, args[0], args[1:]...), log: &bytes.Buffer{}}
	s.cmd.Env = append(os.Environ(), "ADDR="+addr, "ALLOWED_ORIGINS=*", "LOG_LEVEL=warn",
		"PING_INTERVAL="+pings.interval.String(), "PONG_TIMEOUT="+pings.timeout.String())
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		_, err := s.get("/healthz")
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			s.kill()
			return nil, ctx.Err()
		}
		if time.Since(begin) > patience {
			s.kill()
			return nil, fmt.Errorf("%s does not answer at %s: %w\n%s", c.server, addr, err, s.log)
		}
	}
}

// get makes a request and returns the body of the answer.
func (s *server) get(path string) ([]byte, error) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + s.addr + path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %s", path, response.Status, text)
	}
	return text, nil
}

// kill ends the server at once, as kill -9 does.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // an error would mean that it has ended
	_ = s.cmd.Wait()         // it ended by a signal: no news
}

// stats are what a server in Go tells of itself.
type stats struct {
	Goroutines, Mallocs float64 // numbers
	Heap, Stacks        float64 // bytes in use
	Slow                float64 // connections for which more waited than is allowed, where the server tells it
}

// stats asks for them.
func (s *server) stats() (stats, error) {
	var found stats
	text, err := s.get("/stats")
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	return found, err
}

// profile takes a profile from net/http/pprof, into a file.
func (s *server) profile(name, path string) error {
	text, err := s.get("/debug/pprof/" + name)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// writes returns how often the server has called the kernel to write, to whatever file.
func (s *server) writes() (float64, error) {
	text, err := os.ReadFile(s.proc("io"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "syscw: ")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(line)
	return float64(n), err
}

// cpu returns the processor time that the server has used, in user mode and in the kernel. Linux counts it in ticks of 10 ms.
func (s *server) cpu() (time.Duration, error) {
	text, err := os.ReadFile(s.proc("stat"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before it may have spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("unexpected: %s", text)
	}
	user, err1 := strconv.Atoi(fields[11]) // fields 14 and 15 of proc_pid_stat(5)
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// rss returns what the server has in memory, in bytes.
func (s *server) rss() (float64, error) {
	text, err := os.ReadFile(s.proc("statm"))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("unexpected: %s", text)
	}
	pages, err := strconv.Atoi(fields[1])
	return float64(pages * os.Getpagesize()), err
}

// files returns how many files the server has open: its connections, and a few.
func (s *server) files() (int, error) {
	entries, err := os.ReadDir(s.proc("fd"))
	return len(entries), err
}

func (s *server) proc(name string) string {
	return filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), name)
}

// freeAddress returns an address of loopback that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
