package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lives is how many random lives TestLives leads, and lifeSteps how many commands each of them has.
const (
	lives     = 6
	longLives = 300 // with -long
	lifeSteps = 8
)

// long asks for the tests at full length, as scripts/test-long.sh does.
var long = flag.Bool("long", false, "run the tests at full length")

// TestLives leads projects through random sequences of commands, with edits of a user between them, and holds every command to
// what all commands promise; see life.do. FuzzLives goes on with it for as long as it is let.
func TestLives(t *testing.T) {
	count := uint64(lives)
	if *long {
		count = longLives
	}
	for seed := range count {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 6))
			choices := make([]byte, 12*lifeSteps)
			for i := range choices {
				choices[i] = byte(random.Uint32())
			}
			lead(t, choices)
		})
	}
}

// FuzzLives is TestLives for every sequence of choices.
func FuzzLives(f *testing.F) {
	for i := range byte(3) {
		f.Add(bytes.Repeat([]byte{i + 3, i * 7}, 3))
	}
	f.Fuzz(lead)
}

// lead leads one life.
func lead(t *testing.T, choices []byte) {
	l := &life{t: t, dir: filepath.Join(t.TempDir(), "p"), choices: choices}
	l.begin()
	steps := []func(){
		l.addAndRemove, l.addAndRemove, l.addRoute, l.rename, l.undoes, l.grow, l.grow, l.editStub, l.editSpec, l.tamper,
		l.removeEdited, l.lay, l.upgrade, l.vanish,
	}
	for range lifeSteps {
		if len(l.choices) == 0 || t.Failed() {
			return
		}
		steps[l.choose(len(steps))]()
		l.settled()
	}
}

// life is a project, and what its user knows of it.
type life struct {
	t       *testing.T
	dir     string
	choices []byte
	told    []string // what happened so far, for the message of a failure
	marks   []string // lines that the user wrote into files: none of them is ever lost
	loose   bool     // a stub that was edited stands there without a consumer
	named   int      // consumers named so far
}

// choose takes the next choice among n, the first one when there are no more.
func (l *life) choose(n int) int {
	if len(l.choices) == 0 {
		return 0
	}
	c := int(l.choices[0]) % n
	l.choices = l.choices[1:]
	return c
}

// begin makes the project, with a spec of one of the layouts that people use.
func (l *life) begin() {
	head := "version: 1\nservice: p\nmodule: example.com/p\n"
	layouts := []string{
		head + "\n# where\nroutes:\n  /ws/echo: echo # the first\n\nconsumers:\n  echo: sync\n",
		head + "routes:\n    /ws/echo: echo\n    # below\nconsumers:\n    echo: {mode: async, concurrency: 4}",
		"consumers:\n  echo:\n    mode: sync\n    outbound: latest\n  # the end\n" + head + "routes: {}\n",
		head + "routes:\nconsumers: # none yet",
		head,
		strings.ReplaceAll(head+"routes: {} # soon\n\n# who\nconsumers: {}\nsettings:\n  layer: memory\n", "\n", "\r\n"),
		head + "routes:\n  '/ws/echo/{room:slug}': \"echo\"\n  /ws/also: echo\nconsumers:\n  \"echo\": sync\nstreams:\n  job: {history: 10}\n",
	}
	layout := layouts[l.choose(len(layouts))]
	l.write("../spec.yaml", layout)
	if got := l.wsgen("new", "project", "--spec", filepath.Join(filepath.Dir(l.dir), "spec.yaml"), "--dir", l.dir); got.ExitCode != exitDone {
		l.t.Fatalf("new: %s", got.Error)
	}
	l.told = append(l.told, fmt.Sprintf("%q", layout))
}

// wsgen runs one command in this process and returns what it reports.
func (l *life) wsgen(args ...string) report {
	l.t.Helper()
	var out, errs bytes.Buffer
	h := &host{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		getenv: func(string) string { return "" }, prompter: &fakePrompter{},
		become: func(string, string, []string) error { return errors.New("this test becomes nothing") },
	}
	code := run(l.t.Context(), append([]string{"--json"}, args...), h)
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		l.t.Fatalf("wsgen %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	if r.ExitCode != code {
		l.t.Errorf("wsgen %s exits with %d, and reports %d", strings.Join(args, " "), code, r.ExitCode)
	}
	return r
}

// do runs a command in the project, first dry, and holds it to what every command promises: a dry run changes no byte and exits as
// the real one; a command that fails changes none either; a file that changes was announced; what the user wrote is somewhere.
func (l *life) do(args ...string) report {
	l.t.Helper()
	l.told = append(l.told, "wsgen "+strings.Join(args, " "))
	args = append([]string{"-C", l.dir}, args...)
	before := l.snapshot()
	dry := l.wsgen(append(slices.Clone(args), "--dry-run")...)
	l.same(before, "a dry run")
	real := l.wsgen(args...)
	if dry.ExitCode != real.ExitCode {
		l.failf("the dry run exits with %d (%s), the real one with %d (%s)", dry.ExitCode, dry.Error, real.ExitCode, real.Error)
	}
	if real.ExitCode != exitDone && !(real.Command == "upgrade" && real.Applied) {
		l.same(before, "a command that failed")
	}
	l.announced(real, before, l.snapshot())
	l.nothingLost()
	return real
}

// must is do for a command that has to succeed.
func (l *life) must(args ...string) report {
	l.t.Helper()
	r := l.do(args...)
	if r.ExitCode != exitDone {
		l.failf("exits with %d: %s", r.ExitCode, r.Error)
	}
	return r
}

// failf fails the test, and tells the whole life.
func (l *life) failf(format string, args ...any) {
	l.t.Helper()
	l.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(l.told, "\n"))
}

// snapshot returns the mode and the text of each file but those of .wsgen/local.
func (l *life) snapshot() map[string]string {
	all := l.files()
	maps.DeleteFunc(all, func(name, _ string) bool { return strings.HasPrefix(name, ".wsgen/local/") })
	return all
}

func (l *life) files() map[string]string {
	all := map[string]string{}
	err := eachFile(l.dir, func(name string, d fs.DirEntry) error {
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(l.dir, filepath.FromSlash(name)))
		all[name] = fmt.Sprintf("%v\n%s", info.Mode(), text)
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

// same fails where the project is not what it was.
func (l *life) same(before map[string]string, after string) {
	l.t.Helper()
	if changed := changedFiles(before, l.snapshot()); len(changed) > 0 {
		l.failf("after %s these files are not what they were: %s", after, strings.Join(changed, ", "))
	}
}

func changedFiles(before, after map[string]string) []string {
	all := maps.Clone(before)
	maps.Copy(all, after)
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if old, now := before[name], after[name]; old != now {
			changed = append(changed, name)
		}
	}
	return changed
}

// announced fails where a file changed that is not in the plan.
func (l *life) announced(r report, before, after map[string]string) {
	l.t.Helper()
	for _, name := range changedFiles(before, after) {
		said := slices.ContainsFunc(r.Ops, func(op opReport) bool { return op.Path == name && op.Action != "keep" })
		if !said && !strings.HasPrefix(name, ".wsgen/") {
			l.failf("%s changed, and the plan did not say so", name)
		}
	}
}

// nothingLost fails where a line that the user wrote is in no file any more.
func (l *life) nothingLost() {
	l.t.Helper()
	var all strings.Builder
	for _, text := range l.files() {
		all.WriteString(text)
	}
	for _, mark := range l.marks {
		if !strings.Contains(all.String(), mark) {
			l.failf("%q, which the user wrote, is lost", mark)
		}
	}
}

// settled holds the project to its spec: generate has nothing to do, and check finds nothing, a stub apart that the user edited
// and took the consumer from.
func (l *life) settled() {
	l.t.Helper()
	l.must("generate")
	before := l.snapshot()
	for _, op := range l.must("generate").Ops {
		if op.Action != "keep" {
			l.failf("a second generate would %s %s", op.Action, op.Path)
		}
	}
	l.same(before, "a second generate")
	for _, f := range l.do("check").Findings {
		if f.Kind != "stale" || !l.loose {
			l.failf("check after generate finds %+v", f)
		}
	}
}

// write writes a file of the project's.
func (l *life) write(name, text string) {
	path := filepath.Join(l.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// mark appends a line of the user's to a file.
func (l *life) mark(name, comment string) {
	line := fmt.Sprintf("%s mine, number %d.", comment, len(l.marks))
	text := read(l.t, filepath.Join(l.dir, filepath.FromSlash(name)))
	l.write(name, text+"\n"+line+"\n")
	l.marks = append(l.marks, line)
	l.told = append(l.told, "the user edits "+name)
}
