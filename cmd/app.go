package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"wsgen/generator/spec"
)

// app is one run of the command line: the world, the global flags, and the output.
type app struct {
	*host
	flags  globals
	stdout *stream
	stderr *stream
	report report
	next   string // the next useful command, printed at the end
	done   bool   // the output is complete
}

func newApp(h *host) *app {
	return &app{host: h, stdout: newStream(h.stdout), stderr: newStream(h.stderr)}
}

// prepare checks the global flags against each other, once they are parsed.
func (a *app) prepare(cmd *cobra.Command) error {
	a.report.Command = commandName(cmd)
	a.report.DryRun = a.flags.dryRun
	if a.flags.quiet && a.flags.verbose {
		return usage("give one of them", "--quiet and --verbose contradict each other")
	}
	if dir := a.flags.chdir; dir != "" {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return usage("-C names the folder to work in", "there is no folder %s", dir)
		case err != nil:
			return failure(err, "", "-C %s", dir)
		case !info.IsDir():
			return usage("-C names the folder to work in", "%s is not a folder", dir)
		}
	}
	return nil
}

// path returns where a path of the command line leads: relative ones start at -C.
func (a *app) path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(a.flags.chdir, p)
}

// shown returns how to write an absolute path to the user: relative to the working directory where that is shorter.
func (a *app) shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return oneLine(path)
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || len(rel) > len(path) {
		return oneLine(path)
	}
	return oneLine(rel)
}

// oneLine is harmless for the name of a file, which may hold line ends as well: a line of its own that begins with "::" is a
// command to a GitHub workflow run.
func oneLine(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return utf8.RuneError
		}
		return r
	}, harmless(name))
}

// harmless replaces every character that would move the cursor or colour the text: the name of a file may hold them, and is
// not allowed to draw on the terminal. Line ends and tabs stay.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, text)
}

// mayAsk reports whether there is somebody to ask who did not ask to be left alone.
func (a *app) mayAsk() bool {
	return a.stdinIsTerminal && a.stdoutIsTerminal && !a.inCI() && !a.flags.noInput && !a.flags.yes && !a.flags.json
}

// inCI reports whether the variable CI, which every CI service sets, is on.
func (a *app) inCI() bool {
	switch strings.ToLower(a.getenv("CI")) {
	case "", "0", "false":
		return false
	}
	return true
}

// coloured reports whether a stream gets colours.
func (a *app) coloured(isTerminal bool) bool {
	switch a.flags.color.value {
	case "always":
		return true
	case "never":
		return false
	}
	return isTerminal && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}

// paint returns text for stdout in a colour, where stdout gets colours.
func (a *app) paint(attribute color.Attribute, text string) string {
	c := color.New(attribute)
	c.DisableColor()
	if a.coloured(a.stdoutIsTerminal) {
		c.EnableColor()
	}
	return c.Sprint(text)
}

// resultf prints what the command was asked for: text on stdout, also with --quiet, but not beside JSON.
func (a *app) resultf(format string, args ...any) {
	if !a.flags.json {
		fmt.Fprintf(a.stdout, format, args...)
	}
}

// notef prints what is good to know: text on stdout, unless --quiet or --json is given.
func (a *app) notef(format string, args ...any) {
	if !a.flags.quiet && !a.flags.json {
		fmt.Fprintf(a.stdout, format, args...)
	}
}

// warnf prints a warning on stderr, unless --quiet is given.
func (a *app) warnf(format string, args ...any) {
	if !a.flags.quiet {
		fmt.Fprintf(a.stderr, "wsgen: warning: "+format+"\n", args...)
	}
}

// warn prints the warnings among the findings on a spec, unless --quiet is given; in JSON they are in the object.
func (a *app) warn(f *spec.File, ds spec.Diagnostics) {
	a.report.addDiagnostics(f.Name, ds)
	if !a.flags.quiet && !a.flags.json && len(ds) > 0 {
		fmt.Fprint(a.stderr, ds.Format(f, a.coloured(a.stderrIsTerminal)))
	}
}

// suggest names the next useful command. It is printed at the end, on stderr, so that stdout can be piped.
func (a *app) suggest(format string, args ...any) { a.next = fmt.Sprintf(format, args...) }

// finish completes the output and returns the exit code. Only the first call prints.
func (a *app) finish(err error) int {
	code := exitCode(err)
	if a.done {
		return code
	}
	a.done = true
	if a.flags.json {
		a.report.finish(err, code)
		if encodeErr := a.report.write(a.stdout); encodeErr != nil && code == exitDone {
			err, code = failure(encodeErr, "", "JSON output"), exitInternal
		}
	}
	if flushErr := a.stdout.flush(); flushErr != nil && code == exitDone {
		err, code = failure(flushErr, "what the command had to do is done; only its output is lost", "standard output"), exitInternal
	}
	a.printError(err)
	a.suggestExplain(err)
	if a.next != "" && !a.flags.quiet && !a.flags.json {
		fmt.Fprintf(a.stderr, "next: %s\n", a.next)
	}
	if flushErr := a.stderr.flush(); flushErr != nil && code == exitDone {
		code = exitInternal
	}
	return code
}

// printError prints place, fact and way out.
func (a *app) printError(err error) {
	if err == nil {
		return
	}
	var invalid *specError
	if errors.As(err, &invalid) {
		fmt.Fprint(a.stderr, invalid.diagnostics.Format(invalid.file, a.coloured(a.stderrIsTerminal)))
	}
	text := err.Error()
	if exitCode(err) == exitInterrupted {
		text = "interrupted: every file is as it was before or as it should be, and whole"
	}
	if wayOut := wayOutOf(err); wayOut != "" {
		text += "\n  " + wayOut
	}
	fmt.Fprintf(a.stderr, "wsgen: %s\n", harmless(text))
}

// wayOutOf adds to an error of another package what only the command line can say.
func wayOutOf(err error) string {
	var told *problem
	switch {
	case errors.As(err, &told) && told.wayOut != "":
		return ""
	case errors.Is(err, fs.ErrPermission):
		return "see to whom it belongs (ls -ld), and run the command as a user who may do this"
	case errors.Is(err, syscall.ENOSPC):
		return "make room on the disk, then run the command again"
	}
	return ""
}

// counted returns "1 file", "2 files".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// shellWord returns an argument as it is typed into a shell.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,@%+=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	if runtime.GOOS == "windows" {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
