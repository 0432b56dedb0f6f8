package main

import (
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
	"time"
)

// patience bounds what is waited for, so that something stuck is an error. It is no measure of speed.
const patience = 20 * time.Second

// A peer is one of the services compared.
type peer struct {
	name   string   // as the report has it
	client string   // the module in subscribers/ that is its page
	server []string // the command that starts its server
}

// A workshop is where everything is built.
type workshop struct {
	dir   string // of what is built, temporary
	peers []peer
}

// build installs and compiles what the peers of these names need; none: all.
func build(ctx context.Context, dir string, only string) (*workshop, error) {
	w := &workshop{dir: dir, peers: []peer{
		{name: "socket.io", client: "socketio", server: []string{"node", "socketio/server.js"}},
		{name: "centrifuge", client: "centrifuge", server: []string{filepath.Join(dir, "centrifuge")}},
		{name: "emitted by wsgen", client: "wsgen", server: []string{filepath.Join(dir, "bench", "bench")}},
	}}
	if only != "" {
		var kept []peer
		for _, p := range w.peers {
			if p.client == only {
				kept = append(kept, p)
			}
		}
		if kept == nil {
			return nil, fmt.Errorf("-only %s: want socketio, centrifuge or wsgen", only)
		}
		w.peers = kept
	}
	if _, err := os.Stat("node_modules"); errors.Is(err, os.ErrNotExist) {
		if err := command(ctx, ".", "npm", "ci", "--no-audit", "--no-fund"); err != nil {
			return nil, err
		}
	}
	for _, p := range w.peers {
		var err error
		switch p.client {
		case "centrifuge":
			err = command(ctx, ".", "go", "build", "-o", p.server[0], "./centrifuge")
		case "wsgen":
			err = w.emit(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// emit makes the service of testdata/emitted with this checkout's wsgen, and builds it.
func (w *workshop) emit(ctx context.Context) error {
	tool, project := filepath.Join(w.dir, "wsgen"), w.project()
	spec, err := filepath.Abs("testdata/emitted/wsgen.yaml")
	if err != nil {
		return err
	}
	if err := command(ctx, filepath.Join("..", "..", ".."), "go", "build", "-o", tool, "."); err != nil {
		return err
	}
	if err := command(ctx, w.dir, tool, "new", "project", "bench", "--spec", spec); err != nil {
		return err
	}
	for _, name := range []string{"main.go", "consumers/feed_consumer.go"} {
		text, err := os.ReadFile(filepath.Join("testdata/emitted", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(project, name), text, 0o644); err != nil {
			return err
		}
	}
	return command(ctx, project, "go", "build", "-o", "bench", ".")
}

// project returns the folder of the emitted service.
func (w *workshop) project() string { return filepath.Join(w.dir, "bench") }

// command runs a program to its end.
func command(ctx context.Context, dir, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", filepath.Base(name), args, err, out)
	}
	return nil
}

// A server is the running server of a peer.
type server struct {
	cmd *exec.Cmd
}

// start starts it at this address and returns when it answers.
func (p peer) start(ctx context.Context, addr string, log io.Writer) (*server, error) {
	c := exec.CommandContext(ctx, p.server[0], p.server[1:]...)
	c.Env = append(os.Environ(), "ADDR="+addr, "ALLOWED_ORIGINS=*", "LOG_LEVEL=warn",
		"HISTORY="+strconv.Itoa(history), "HISTORY_MS="+inMillis(historyTime),
		"PING_INTERVAL="+pingInterval.String(), "PING_INTERVAL_MS="+inMillis(pingInterval),
		"PONG_TIMEOUT="+pongTimeout.String(), "PONG_TIMEOUT_MS="+inMillis(pongTimeout))
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: c}
	ctx, cancel := context.WithTimeout(ctx, patience) // of the waiting; the server lives on
	defer cancel()
	for {
		err := call(ctx, http.MethodGet, addr, "/healthz", nil)
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			s.kill()
			return nil, fmt.Errorf("%s does not answer at %s: %w", p.name, addr, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// call makes an HTTP request and wants a 200.
func call(ctx context.Context, method, addr, path string, body io.Reader) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, body)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return nil
}

// kill ends the server at once, as kill -9 does.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // an error would mean that it has ended
	_ = s.cmd.Wait()         // it ended by a signal: no news
}

// freeAddress returns an address of loopback that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// pagesOf are the settings that subscribers/main.js takes.
type pagesOf struct {
	Peer     string `json:"peer"`
	Ports    []int  `json:"ports"`
	Client   string `json:"client"`
	Backoff  int64  `json:"backoff"`
	Grace    int64  `json:"grace"`
	Patience int64  `json:"patience"`
}

// arguments returns the command line of the pages.
func (p pagesOf) arguments() ([]string, error) {
	text, err := json.Marshal(p)
	return []string{"subscribers/main.js", string(text)}, err
}

// inMillis returns a duration as a number of milliseconds.
func inMillis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
