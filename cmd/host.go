package cmd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/mattn/go-isatty"
)

// host is the world as a command sees it: what a test replaces.
type host struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	stdinIsTerminal  bool
	stdoutIsTerminal bool
	stderrIsTerminal bool

	getenv   func(string) string
	prompter Prompter
	// become ends the process and goes on as the program, where the system can do that; else it runs the program, passes
	// signals on, and returns when it ends.
	become func(program, dir string, env []string) error
	// fault, in tests, is called before each change of a project's files; its error stands for the change's.
	fault func(op, path string) error
}

func newHost(stdin io.Reader, stdout, stderr io.Writer) *host {
	return &host{
		stdin:            stdin,
		stdout:           stdout,
		stderr:           stderr,
		stdinIsTerminal:  isTerminal(stdin),
		stdoutIsTerminal: isTerminal(stdout),
		stderrIsTerminal: isTerminal(stderr),
		getenv:           os.Getenv,
		prompter:         newSurveyPrompter(stdin, stdout, stderr),
		become:           become,
	}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && f != nil && isatty.IsTerminal(f.Fd())
}

// stream is one of the two outputs. It is buffered, remembers the first error, and takes a reader that has gone away (as
// in "wsgen routes | head -1") for a reader that has seen enough.
type stream struct {
	w   *bufio.Writer
	err error
}

func newStream(w io.Writer) *stream { return &stream{w: bufio.NewWriter(w)} }

// Write never fails: a command goes on with its work although nobody listens.
func (s *stream) Write(p []byte) (int, error) {
	if s.err == nil {
		_, s.err = s.w.Write(p)
	}
	return len(p), nil
}

// flush hands everything on and returns the first error there was, a closed pipe aside.
func (s *stream) flush() error {
	if s.err == nil {
		s.err = s.w.Flush()
	}
	if errors.Is(s.err, syscall.EPIPE) {
		return nil
	}
	return s.err
}

// patiently waits for a read, and gives up when ctx ends. A read that was given up stays behind until its stream has something
// to say, which the end of the process cuts short.
func patiently(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read()
		done <- result{data, err}
	}()
	select {
	case got := <-done:
		return got.data, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
