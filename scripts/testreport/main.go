// Testreport reads what `go test -json` writes and prints what `go test` prints: a line for each package, and the output of
// the tests that failed, or had not ended when their process did. It differs in one thing: a test that was skipped is named,
// and fails the run. Of `go test` alone one only learns of it among thousands of lines.
//
//	go test -json ./... | go run ./scripts/testreport
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := report(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
}

// event is one line of `go test -json`, see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string // empty for what is said of the package
	Output  string
}

// report copies the report and returns an error where a test failed or was skipped, or nothing was tested.
func report(in io.Reader, out io.Writer) error {
	r := reporter{out: bufio.NewWriter(out), held: make(map[string]*strings.Builder)}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		r.line(line)
		if errors.Is(err, io.EOF) {
			return errors.Join(r.out.Flush(), r.verdict())
		}
		if err != nil {
			return errors.Join(r.out.Flush(), err)
		}
	}
}

// reporter is what is known of a run so far.
type reporter struct {
	out    *bufio.Writer               // keeps its first error until Flush
	held   map[string]*strings.Builder // the output of the tests that still run, by package and name
	passed int
	failed []string // tests and packages
	missed []string // tests that were skipped
}

// line takes one line of the input, or nothing.
func (r *reporter) line(line string) {
	var e event
	if line == "" {
		return
	}
	if json.Unmarshal([]byte(line), &e) != nil {
		e = event{Action: "output", Output: line} // what the go command itself has to say
	}
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Test == "":
		if e.Output != "PASS\n" {
			_, _ = r.out.WriteString(e.Output) // Flush reports the error
		}
		_ = r.out.Flush() // kept, and reported by the last Flush
	case e.Action == "output":
		r.hold(e)
	case e.Action == "pass", e.Action == "fail", e.Action == "skip":
		r.end(e)
	}
}

// hold keeps a line of a test until it is known how the test ends.
func (r *reporter) hold(e event) {
	name := e.name()
	if r.held[name] == nil {
		r.held[name] = new(strings.Builder)
	}
	r.held[name].WriteString(e.Output)
}

// end notes how a test or a package ended.
func (r *reporter) end(e event) {
	name, text := e.name(), r.held[e.name()]
	delete(r.held, name)
	switch {
	case e.Action == "fail":
		r.failed = append(r.failed, name)
		if e.Test == "" {
			r.unended(e.Package)
		}
	case e.Test == "": // a package that passed, or has no tests
		return
	case e.Action == "skip":
		r.missed = append(r.missed, name)
	default:
		r.passed++
		return
	}
	if text != nil {
		_, _ = r.out.WriteString(text.String()) // Flush reports the error
	}
}

// unended prints what the tests of a package that failed have said and whose end nobody told: a panic and a timeout end the
// process, and their goroutines are in the output of a test that was running.
func (r *reporter) unended(pkg string) {
	for _, name := range slices.Sorted(maps.Keys(r.held)) {
		if !strings.HasPrefix(name, pkg+" ") {
			continue
		}
		for line := range strings.Lines(r.held[name].String()) {
			if !strings.HasPrefix(line, "=== ") { // all that a test says that only waits for its turn
				_, _ = r.out.WriteString(line) // Flush reports the error
			}
		}
		delete(r.held, name)
	}
}

// name returns the package and, where there is one, the test.
func (e event) name() string { return strings.TrimSpace(e.Package + " " + e.Test) }

// verdict says what is wrong with the run.
func (r *reporter) verdict() error {
	switch {
	case len(r.failed) > 0:
		return fmt.Errorf("failed:\n\t%s", strings.Join(r.failed, "\n\t"))
	case len(r.missed) > 0:
		return fmt.Errorf("these tests were skipped, and nothing may be left out:\n\t%s", strings.Join(r.missed, "\n\t"))
	case r.passed == 0:
		return errors.New("no test has run")
	}
	return nil
}
