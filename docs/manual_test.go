//go:build unix

// Package docs holds the manual. Its tests run what the manual says: see CONTRIBUTING.md, "Documentation".
package docs

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience bounds a command of the manual, so that one that hangs is seen. It is no measure of speed.
const patience = 4 * time.Minute

// TestManual runs every page: a block marked console is a session, whose lines after "$ " are commands and whose other lines
// are what they print; a block whose first line names a file in a comment is written to that file. One page is one session
// in an empty folder, with wsgen on the PATH.
func TestManual(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := buildWsgen(t)
	for _, page := range append(pages, filepath.Join("..", "README.md")) {
		blocks := readBlocks(t, page)
		if len(blocks) == 0 {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			s := newSession(t, bin)
			if filepath.Base(page) == "README.md" {
				s.checkout(t)
			}
			for _, b := range blocks {
				s.run(t, b)
			}
		})
	}
}

// TestHook puts the hook of ci.md into a repository whose project lies in a subfolder, and commits in the ways that git knows: the hook
// looks at what is committed and at nothing else, and names what is wrong by a path that is good in the repository.
func TestHook(t *testing.T) {
	s := newSession(t, buildWsgen(t))
	s.env = append(s.env, "TMPDIR="+t.TempDir())
	for _, b := range readBlocks(t, "ci.md") {
		if b.file == "pre-commit.sh" {
			s.run(t, b)
		}
	}
	const slip = "sed -i.bak 's/echo: sync/echo: snyc/' wsgen.yaml"
	const wrong = "services/updater/wsgen.yaml:…: error …\n…\nnext: correct services/updater/wsgen.yaml, then: wsgen check"
	for _, step := range []struct{ command, prints string }{
		{"git init -q -b main && git config user.email you@example.com && git config user.name you", ""},
		{"mkdir other && echo text > other/file && wsgen new project updater --dir services/updater -q", ""},
		{"sed 's,^project=.,project=services/updater,' pre-commit.sh > .git/hooks/pre-commit && chmod 755 .git/hooks/pre-commit", ""},
		{"git add . && git commit -q -m begin", "services/updater/wsgen.yaml and the project agree…\n…"},

		{"cd services/updater", ""},
		{slip + " && git commit -q -a -m all # exits 1", wrong},
		{"git commit -q -m one wsgen.yaml # exits 1", wrong},
		{"git add wsgen.yaml && git commit -q -m staged # exits 1", wrong},
		{"git reset -q && echo more >> ../../other/file && git commit -q -m elsewhere ../../other/file", ""},
		{"git checkout -q . && wsgen add consumer chat -q && git add wsgen.yaml && git commit -q -m part # exits 1", "services/updater/client/index.d.ts: pending: …\n…"},
		{"git add . && git commit -q -m whole", ""},

		{"git worktree add -q ../../../tree -b tree && cd ../../../tree/services/updater", ""},
		{slip + " && git commit -q -a -m worktree # exits 1", wrong},
		{"git checkout -q . && git commit -q --allow-empty -m worktree", ""},
		{"cd ../.. && git sparse-checkout set other && test ! -e services", ""},
		{"echo sparse >> other/file && git commit -q -a -m sparse", ""},
		{"git sparse-checkout set services/updater/consumers && test ! -e services/updater/routing && cd services/updater", ""},
		{slip + " && git commit -q -a -m sparse # exits 1", wrong},
		{`test -z "$(ls -A "$TMPDIR")"`, ""},
	} {
		var want []string // anything
		if step.prints != "" {
			want = strings.Split(step.prints, "\n")
		}
		s.compare(t, step.command, want, s.exec(t, step.command, step.command))
	}
}

// TestLinks holds every link between the pages, and to files of the repository, to something that is there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, page := range append(pages, top...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			seen++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), string(m[1]))); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
	if seen == 0 {
		t.Error("no link found in any page: the pattern no longer fits them")
	}
}

// block is one fenced block of a page that the tests act upon.
type block struct {
	page  string
	line  int    // of the fence
	file  string // for a block that is written to a file
	lines []string
}

var (
	fence     = regexp.MustCompile("^```(\\w*)$")
	fileNamed = regexp.MustCompile(`^(?://|#|<!--) (\S+\.\w+)(?: -->)?$`)
)

func readBlocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	var open *block
	var kind string
	for i, line := range strings.Split(string(text), "\n") {
		switch m := fence.FindStringSubmatch(line); {
		case m != nil && open == nil:
			open, kind = &block{page: page, line: i + 1}, m[1]
		case m != nil:
			if len(open.lines) > 0 && kind != "console" {
				if name := fileNamed.FindStringSubmatch(open.lines[0]); name != nil {
					open.file = name[1]
				}
			}
			if kind == "console" || open.file != "" {
				blocks = append(blocks, *open)
			}
			open = nil
		case open != nil:
			open.lines = append(open.lines, line)
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block is never closed", page, open.line)
	}
	return blocks
}

// session is a folder and the environment that a page's commands run in.
type session struct {
	dir string
	env []string
	url string
}

func newSession(t *testing.T, bin string) *session {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	env := append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "ADDR="+addr, "GOBIN="+bin, "GOFLAGS=-mod=readonly", "NO_COLOR=1")
	return &session{dir: dir, env: env, url: "http://" + addr + "/"}
}

// checkout copies the files of this repository into the session's folder: the README is read in a clone.
func (s *session) checkout(t *testing.T) {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *session) run(t *testing.T, b block) {
	t.Helper()
	if b.file != "" {
		name := filepath.Join(s.dir, filepath.FromSlash(b.file))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Join(b.lines[1:], "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for i := 0; i < len(b.lines); i++ {
		command, ok := strings.CutPrefix(b.lines[i], "$ ")
		if !ok {
			t.Fatalf("%s:%d: output before any command", b.page, b.line+i+1)
		}
		at := fmt.Sprintf("%s:%d: %s", b.page, b.line+i+1, command)
		var want []string
		for i+1 < len(b.lines) && !strings.HasPrefix(b.lines[i+1], "$ ") {
			i++
			want = append(want, b.lines[i])
		}
		if command == "make test" {
			continue // it is what runs this test
		}
		if strings.HasSuffix(command, "# Ctrl-C stops it") {
			s.serve(t, at, command)
			continue
		}
		s.compare(t, at, want, s.exec(t, at, command))
	}
}

// exec runs one command in a shell and keeps the folder that it ends in for the next one. A command that is meant to fail
// says so with a trailing comment: "# exits 3".
func (s *session) exec(t *testing.T, at, command string) string {
	t.Helper()
	want := 0
	if m := regexp.MustCompile(`# exits (\d+)$`).FindStringSubmatch(command); m != nil {
		want, _ = strconv.Atoi(m[1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pwd := filepath.Join(t.TempDir(), "pwd")
	cmd := exec.CommandContext(ctx, "bash", "-c", "trap 'pwd >"+pwd+"' EXIT\n"+command+"\n")
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%s\ndid not end within %v\n%s", at, patience, out)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Fatalf("%s\nexit code %d (%v), the page says %d\n%s", at, got, err, want, out)
	}
	if dir, err := os.ReadFile(pwd); err == nil {
		s.dir = strings.TrimSpace(string(dir))
	}
	return string(out)
}

// compare holds the lines of the page against what was printed. A line "…" stands for any lines, and "…" within a line for any text; a
// command that the page shows without output may print what it likes.
func (s *session) compare(t *testing.T, at string, want []string, got string) {
	t.Helper()
	if len(want) == 0 {
		return
	}
	pattern := regexp.QuoteMeta(strings.TrimSpace(strings.Join(want, "\n")))
	pattern = regexp.MustCompile(`(?m)^…$`).ReplaceAllString(pattern, "(?s:.*)")
	pattern = strings.ReplaceAll(pattern, "…", ".*")
	if !regexp.MustCompile(`^` + pattern + `$`).MatchString(strings.TrimSpace(got)) {
		t.Errorf("%s\nthe page says:\n%s\nit printed:\n%s", at, strings.Join(want, "\n"), got)
	}
}

// serve runs a command that serves until it is interrupted: it waits for the page, and then does what Ctrl-C does.
func (s *session) serve(t *testing.T, at, command string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", command)
	cmd.Dir, cmd.Env = s.dir, s.env
	ownGroup(cmd)
	var out bytes.Buffer
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = cmd.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		fmt.Fprintln(&out, lines.Text())
		if strings.Contains(lines.Text(), "http://") && !stopped {
			s.get(t, at)
			interrupt(t, cmd)
			stopped = true
		}
	}
	err = cmd.Wait()
	if strings.Contains(command, "go run") && cmd.ProcessState.ExitCode() == 1 {
		err = nil // the go command's own answer to Ctrl-C, whatever its child says
	}
	if err != nil || !strings.Contains(out.String(), "stopped") {
		t.Fatalf("%s\nafter Ctrl-C: %v\n%s", at, err, out.String())
	}
}

// get waits until the page is there: the address is told before the service listens on it.
func (s *session) get(t *testing.T, at string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(s.url)
		if err == nil {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%s\nGET %s: %s", at, s.url, resp.Status)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s\n%v", at, err)
			return
		}
	}
}

// buildWsgen builds the tool from this checkout and returns the folder it is in.
func buildWsgen(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	cmd := exec.Command("go", "build", "-o", bin, "wsgen")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}
