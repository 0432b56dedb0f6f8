package golden

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"wsgen/golden/wireclient"
	"wsgen/golden/witness"
)

// nodePage is a subscriber with the emitted client, in a process of Node.
type nodePage struct {
	name  string
	cmd   *exec.Cmd
	stdin io.Closer
	text  buffer // what it complains of
	over  chan struct{}
}

// subscribeNode adds a subscriber with the emitted client, which sends so many commands meanwhile.
func (l *lab) subscribeNode(name, consumer string, commands int, streams ...string) *subscriber {
	l.Helper()
	client := filepath.Join(l.dir, "client", "index.js")
	p := &nodePage{name: name, over: make(chan struct{})}
	p.cmd = exec.Command(need(l.T, "node"), filepath.Join("testdata", "cut.mjs"))
	p.cmd.Env = append(append(os.Environ(), l.nodeEnv...), "CLIENT="+client, "WS="+filepath.Join(npmPackage(l.T, "ws"), "wrapper.mjs"), "BASE_URL="+l.proxy.URL(),
		"CONSUMER="+consumer, "TOPICS="+strings.Join(streams, ","), "NAME="+name, "COMMANDS="+strconv.Itoa(commands))
	p.cmd.Stderr = &p.text
	stdin, err := p.cmd.StdinPipe()
	l.must(err)
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	l.must(err)
	l.must(p.cmd.Start())
	s := &subscriber{Log: witness.NewLog(name, streams...), page: p, over: p.over}
	_, cancel := context.WithCancel(l.Context())
	s.cancel = func() { cancel(); _ = p.cmd.Process.Kill() } // an error means that it has ended
	go func() {
		defer close(p.over)
		s.err = p.read(stdout, s.Log)
	}()
	l.keep(s)
	return s
}

// read takes the events that the page prints, until it ends.
func (p *nodePage) read(stdout io.Reader, log *witness.Log) error {
	lines := json.NewDecoder(bufio.NewReader(stdout))
	for {
		var e wireclient.Event
		if err := lines.Decode(&e); err == io.EOF {
			return p.cmd.Wait()
		} else if err != nil {
			_ = p.cmd.Process.Kill() // an error means that it has ended
			_ = p.cmd.Wait()
			return fmt.Errorf("%s: %w", p.name, err)
		}
		log.Add(e)
	}
}

// end has the page end by itself once its commands are acknowledged, and returns what went wrong with it.
func (p *nodePage) end(patient time.Duration) (faults []string) {
	_ = p.stdin.Close() // an error means that it has ended
	select {
	case <-p.over:
	case <-time.After(patient):
		return []string{p.name + ": the page does not end; are its commands acknowledged?"}
	}
	if !p.cmd.ProcessState.Success() {
		return []string{fmt.Sprintf("%s: the page ended with %v:\n%s", p.name, p.cmd.ProcessState, p.text.String())}
	}
	return nil
}
