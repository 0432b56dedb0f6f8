package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// fakePrompter answers from a script; "" takes the default. A question without an answer is an interrupt.
type fakePrompter struct {
	answers []string
	asked   []string
}

func (p *fakePrompter) next(question, preset string) (string, error) {
	p.asked = append(p.asked, question)
	if len(p.answers) == 0 {
		return "", errInterrupted
	}
	answer := p.answers[0]
	p.answers = p.answers[1:]
	if answer == "" {
		answer = preset
	}
	return answer, nil
}

func (p *fakePrompter) Text(_ context.Context, question, preset string, check func(string) error) (string, error) {
	for {
		answer, err := p.next(question, preset)
		if err != nil || check(answer) == nil {
			return answer, err
		}
	}
}

func (p *fakePrompter) Choose(_ context.Context, question string, options []string, preset string) (string, error) {
	answer, err := p.next(question, preset)
	if err == nil && !slices.Contains(options, answer) {
		err = errors.New("no such option: " + answer)
	}
	return answer, err
}

func (p *fakePrompter) Confirm(_ context.Context, question string, preset bool) (bool, error) {
	answer, err := p.next(question, map[bool]string{true: "yes", false: "no"}[preset])
	return answer == "yes", err
}

// atTerminal runs wsgen in this process, with a person at a terminal who gives the answers.
func atTerminal(t *testing.T, answers []string, args ...string) (p *fakePrompter, stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	p = &fakePrompter{answers: answers}
	h := &host{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		stdinIsTerminal: true, stdoutIsTerminal: true,
		getenv: func(string) string { return "" }, prompter: p,
		become: func(string, string, []string) error { return errors.New("this test becomes nothing") },
	}
	code = run(t.Context(), args, h)
	return p, out.String(), errs.String(), code
}

// The questions for what decides which packages a project has.
const (
	layerQuestion = "Messages to groups go through"
	authQuestion  = "Users are known by"
)

func TestQuestions(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    []string
		answers []string
		asked   []string
		same    string // the command that gives the same without a question
	}{
		{
			"all defaults", []string{"new"}, []string{"", "", "", "", "", "", "", ""},
			[]string{"Name of the project", "Go module", "Name of a consumer", "Mode of echo", "Path of echo", "Another consumer?", layerQuestion, authQuestion},
			"wsgen new project project --module example.com/project --consumer echo:sync:/ws/echo",
		},
		{
			"the default module follows the name", []string{"new"}, []string{"updater", "", "", "", "", "", "", ""},
			[]string{"Name of the project", "Go module", "Name of a consumer", "Mode of echo", "Path of echo", "Another consumer?", layerQuestion, authQuestion},
			"wsgen new project updater --module example.com/updater --consumer echo:sync:/ws/echo",
		},
		{
			"two consumers, a name taken, a path taken", []string{"new", "updater", "--module", "a.example/b"},
			[]string{"chat", "async", "", "yes", "Chat", "tick", "", "/ws/chat", "/ws/{x}", "no", "nats", "session"},
			[]string{"Name of a consumer", "Mode of chat", "Path of chat", "Another consumer?", "Name of a consumer", "Name of a consumer", "Mode of tick", "Path of tick", "Path of tick", "Another consumer?", layerQuestion, authQuestion},
			"wsgen new project updater --module a.example/b --layer nats --auth session --consumer chat:async:/ws/chat --consumer 'tick:sync:/ws/{x}'",
		},
		{
			"what is said is not asked", []string{"new", "updater", "--consumer", "chat"}, []string{""},
			[]string{"Go module"},
			"wsgen new project updater --module example.com/updater --consumer chat:sync:/ws/chat",
		},
		{
			"the layer is said, the auth is asked", []string{"new", "updater", "--module", "a.example/b", "--layer", "memory"},
			[]string{"", "", "", "", "jwt"},
			[]string{"Name of a consumer", "Mode of echo", "Path of echo", "Another consumer?", authQuestion},
			"wsgen new project updater --module a.example/b --auth jwt --consumer echo:sync:/ws/echo",
		},
		{
			"an example has its consumers", []string{"new", "--example", "updates"}, []string{"", ""},
			[]string{"Name of the project", "Go module"},
			"wsgen new project updater --module example.com/updater --example updates",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			p, out, errs, code := atTerminal(t, c.answers, append(c.args, "-C", dir)...)
			if code != exitDone {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			if !slices.Equal(p.asked, c.asked) {
				t.Errorf("asked %q, want %q", p.asked, c.asked)
			}
			if want := c.same + " -C " + shellWord(dir); !strings.Contains(out, "the same without questions:\n  "+want+"\n") {
				t.Errorf("%q is not in\n%s", want, out)
			}
		})
	}
}

func TestLeavingAQuestion(t *testing.T) {
	dir := t.TempDir()
	_, _, errs, code := atTerminal(t, []string{"updater", "", "chat"}, "new", "-C", dir)
	if code != exitInterrupted || !strings.Contains(errs, "interrupted") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if found, err := os.ReadDir(dir); err != nil || len(found) > 0 {
		t.Errorf("there is %v, %v", found, err)
	}
}

// TestFullFolderIsRefusedFirst: nobody is asked about a project that cannot be made.
func TestFullFolderIsRefusedFirst(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "updater")
	for _, c := range []struct{ answers, args, asked []string }{
		{nil, []string{"new", "updater", "-C", dir}, nil},
		{[]string{"updater"}, []string{"new", "-C", dir}, []string{"Name of the project"}},
	} {
		p, _, errs, code := atTerminal(t, c.answers, c.args...)
		if code != exitGuard || !slices.Equal(p.asked, c.asked) || !strings.Contains(errs, "not empty") {
			t.Errorf("%q asked %q and exited with %d: %s", c.args, p.asked, code, errs)
		}
	}
}

// TestNamesDoNotDraw: a file's name may hold escape sequences, which stay out of the messages.
func TestNamesDoNotDraw(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names")
	}
	dir := filepath.Join(t.TempDir(), "a\x1b[31mb")
	put(t, filepath.Join(dir, "updater", "c\x1b[2Jd"), "")
	_, out, errs, code := atTerminal(t, nil, "new", "updater", "-C", dir, "--no-input")
	if code != exitGuard || strings.Contains(out+errs, "\x1b") || !strings.Contains(errs, "c\ufffd[2Jd") {
		t.Errorf("exit code %d: %q %q", code, out, errs)
	}
	put(t, filepath.Join(dir, "lines", "c\n::error::d"), "")
	_, out, errs, code = atTerminal(t, nil, "new", "lines", "-C", dir, "--no-input")
	if code != exitGuard || strings.Contains(out+errs, "\n::error") {
		t.Errorf("exit code %d: %q %q", code, out, errs)
	}
	_, out, errs, code = atTerminal(t, nil, "new", "other", "-C", dir, "--no-input", "--color", "never")
	if code != exitDone || strings.Contains(out+errs, "\x1b") {
		t.Errorf("exit code %d: %q %q", code, out, errs)
	}
}

// TestCancelledBeforeTheStart asks every writing command to stop before it began.
func TestCancelledBeforeTheStart(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "updater")
	project := filepath.Join(dir, "updater")
	text := strings.Replace(read(t, filepath.Join(project, "wsgen.yaml")), "/ws/echo", "/ws/other", 1)
	if err := os.WriteFile(filepath.Join(project, "wsgen.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{
		{"new", "second", "-C", dir}, {"generate", "-C", project}, {"add", "consumer", "chat", "-C", project},
	} {
		before, err := describe(dir)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		code := run(ctx, args, newHost(strings.NewReader(""), &out, &out))
		if code != exitInterrupted {
			t.Errorf("wsgen %v exited with %d\n%s", args, code, out.String())
		}
		after, err := describe(dir)
		if err != nil {
			t.Fatal(err)
		}
		if before != after {
			t.Errorf("wsgen %v: it was\n%s\nand is\n%s", args, before, after)
		}
	}
}

// blockedReader is a standard input that says nothing.
type blockedReader struct{ until context.Context }

func (r blockedReader) Read([]byte) (int, error) {
	<-r.until.Done()
	return 0, errors.New("the test has ended")
}

func TestInterruptWhileReadingStandardInput(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	var out bytes.Buffer
	if code := run(ctx, []string{"validate", "-"}, newHost(blockedReader{t.Context()}, &out, &out)); code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

func TestPanicIsAnInternalError(t *testing.T) {
	var out, errs bytes.Buffer
	h := newHost(strings.NewReader(""), &out, &errs)
	h.stdinIsTerminal, h.stdoutIsTerminal, h.prompter = true, true, nil
	h.getenv = func(string) string { return "" }
	code := run(t.Context(), []string{"new", "-C", t.TempDir()}, h)
	if code != exitInternal || !strings.Contains(errs.String(), "internal error") || !strings.Contains(errs.String(), "please report") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}

// TestJSONIsOneObject reads the output of every command as exactly one JSON object with the process's exit code.
func TestJSONIsOneObject(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"new", "project", "updater"}, {"new", "project", "updater"}, {"-C", "updater", "generate"}, {"-C", "updater", "check"},
		{"-C", "updater", "add", "consumer", "chat"}, {"-C", "updater", "add", "consumer", "chat", "--mode", "async"},
		{"-C", "updater", "diff"}, {"-C", "updater", "routes"}, {"-C", "updater", "routes", "--match", "/x"},
		{"-C", "updater", "validate"}, {"version"}, {"generate"}, {"new", "a b"}, {"new", "p", "--consumer", "c:sync:x"},
		{"generate", "--bogus"}, {"generate", "extra"}, {"nosuch"}, {"add"},
	} {
		var out, errs bytes.Buffer
		c := wsgen(t, dir, append(args, "--json")...)
		c.Stdout, c.Stderr = &out, &errs
		_ = c.Run() // its exit code is compared below
		var object struct {
			Command  string `json:"command"`
			ExitCode int    `json:"exit_code"`
			Error    string `json:"error"`
		}
		decoder := json.NewDecoder(&out)
		if err := decoder.Decode(&object); err != nil {
			t.Errorf("wsgen %v: %v", args, err)
			continue
		}
		if decoder.More() {
			t.Errorf("wsgen %v prints more than one object", args)
		}
		code := c.ProcessState.ExitCode()
		if object.ExitCode != code || (object.Error == "") != (code == exitDone) || (errs.Len() == 0) != (code == exitDone) {
			t.Errorf("wsgen %v: exit code %d, object %+v, stderr %q", args, code, object, errs.String())
		}
		if object.Command == "" {
			t.Errorf("wsgen %v: no command in the object", args)
		}
	}
}

func TestAnnotationEscapes(t *testing.T) {
	var out bytes.Buffer
	a := newApp(newHost(strings.NewReader(""), &out, &out))
	a.annotate(annotation{severity: "error", path: "a,b:c%.go", line: 3, column: 4, title: "x:y", message: "50%\r\nof: it, all"})
	if err := a.stdout.flush(); err != nil {
		t.Fatal(err)
	}
	want := "::error file=a%2Cb%3Ac%25.go,line=3,col=4,title=x%3Ay::50%25%0D%0Aof: it, all\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestShellWord(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows quotes in its own way")
	}
	for in, want := range map[string]string{
		"plain":               "plain",
		"/ws/{room}":          "'/ws/{room}'",
		"":                    "''",
		"it's":                `'it'\''s'`,
		"$(x)":                "'$(x)'",
		"chat:async:/ws/chat": "chat:async:/ws/chat",
	} {
		if got := shellWord(in); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", in, got, want)
		}
	}
}
