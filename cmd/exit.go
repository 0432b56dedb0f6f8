package cmd

import (
	"context"
	"errors"
	"fmt"

	"wsgen/generator/emit"
	"wsgen/generator/spec"
)

// The exit codes of every command. A dry run exits as the real run would.
const (
	exitDone        = 0   // done, no drift, or already there exactly so
	exitInternal    = 1   // wsgen itself, the disk or another program failed
	exitUsage       = 2   // the command line is wrong, or a name exists otherwise
	exitSpec        = 3   // the spec is invalid
	exitDrift       = 4   // check and diff: the tree is not what the spec asks for
	exitConflict    = 5   // a command that writes met an edit of the user's; nothing is written, unless upgrade marks it in the file
	exitGuard       = 6   // a guard refused: target not empty, lock held, splice not safe, project of a newer wsgen
	exitInterrupted = 130 // interrupted; every file is old or new, and whole
)

// problem is an error that the command line itself finds: a fact (with its place) and a way out.
type problem struct {
	code   int
	fact   string
	wayOut string // may be empty where there is none
	cause  error  // may be nil
}

// Error returns the fact and, on a line of its own, the way out.
func (p *problem) Error() string {
	if p.wayOut == "" {
		return p.fact
	}
	return p.fact + "\n  " + p.wayOut
}

// Unwrap returns what the problem comes from, or nil.
func (p *problem) Unwrap() error { return p.cause }

// usage returns the problem of a command line that asks for what cannot be.
func usage(wayOut, format string, args ...any) error {
	return &problem{code: exitUsage, fact: fmt.Sprintf(format, args...), wayOut: wayOut}
}

// drift returns the problem of a tree that is not what its spec asks for.
func drift(wayOut, format string, args ...any) error {
	return &problem{code: exitDrift, fact: fmt.Sprintf(format, args...), wayOut: wayOut}
}

// failure returns the problem of a cause outside the command line, such as a disk or a missing program.
func failure(cause error, wayOut, format string, args ...any) error {
	fact := fmt.Sprintf(format, args...)
	if cause != nil {
		fact += ": " + cause.Error()
	}
	return &problem{code: exitInternal, fact: fact, wayOut: wayOut, cause: cause}
}

// specError is a spec with errors. Its text is the diagnostics themselves.
type specError struct {
	file        *spec.File
	diagnostics spec.Diagnostics
	// argument is set where the spec is sound and an argument of the command line would break it, which makes the fault
	// one of usage.
	argument string
}

// Error says how many errors there are; the diagnostics are printed before it.
func (e *specError) Error() string {
	n := 0
	for _, d := range e.diagnostics {
		if d.Severity == spec.Error {
			n++
		}
	}
	if e.argument != "" {
		return fmt.Sprintf("%s would make the spec invalid (%s); nothing is written", e.argument, counted(n, "error"))
	}
	return fmt.Sprintf("%s is not valid (%s)", e.file.Name, counted(n, "error"))
}

// childExit is the end of a program that wsgen started and waited for, where it cannot become it.
type childExit struct{ code int }

// Error says with which code the program ended.
func (e childExit) Error() string { return fmt.Sprintf("the service ended with exit code %d", e.code) }

// errInterrupted is what a prompt ends with when the user leaves it.
var errInterrupted = errors.New("interrupted")

// exitCode is the only place that turns an error into an exit code.
func exitCode(err error) int {
	var (
		p        *problem
		invalid  *specError
		child    childExit
		conflict *emit.ConflictError
		notEmpty *emit.NotEmptyError
		locked   *emit.LockedError
		changed  *emit.ChangedError
		target   *emit.TargetError
		path     *emit.PathError
		running  *emit.Interrupted
		unsafe   *spec.UnsafeSpliceError
		format   *emit.FormatError
		history  *emit.HistoryError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled), errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &child):
		return child.code
	case errors.As(err, &invalid):
		if invalid.argument != "" {
			return exitUsage
		}
		return exitSpec
	case errors.As(err, &conflict):
		return exitConflict
	case errors.As(err, &notEmpty), errors.As(err, &locked), errors.As(err, &changed), errors.As(err, &unsafe),
		errors.As(err, &target), errors.As(err, &path), errors.As(err, &running), errors.As(err, &format),
		errors.As(err, &history):
		return exitGuard
	case errors.As(err, &p):
		return p.code
	}
	return exitInternal
}
