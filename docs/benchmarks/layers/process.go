package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// A process is a server that runs.
type process struct {
	addr string
	cmd  *exec.Cmd
	log  *bytes.Buffer
}

// begin starts a program as a server, which may also read in its environment what stands in env, and returns when health answers 200.
func begin(ctx context.Context, addr, health string, args, env []string) (*process, error) {
	p := &process{addr: addr, cmd: exec.CommandContext(ctx, args[0], args[1:]...), log: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := answers(health)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil || time.Since(begin) > patience {
			p.kill()
			return nil, errors.Join(ctx.Err(), fmt.Errorf("%s does not answer at %s: %w\n%s", args[0], health, err, p.log))
		}
	}
}

// answers asks by HTTP, or by a connection alone where the address is none of HTTP, whether somebody is there.
func answers(health string) error {
	if !strings.HasPrefix(health, "http") {
		c, err := net.Dial("tcp", health)
		if err != nil {
			return err
		}
		return c.Close()
	}
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(health)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return errors.Join(err, response.Body.Close())
}

// kill ends the process at once, as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // an error would mean that it has ended
	_ = p.cmd.Wait()         // it ended by a signal: no news
}

// cpu returns the processor time that the process has used, in user mode and in the kernel. Linux counts it in ticks of 10 ms.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "stat"))
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

// freeAddress returns an address of loopback that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
