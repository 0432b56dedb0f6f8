package cmd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestNewRun is the README's first command: the project is made, built and started, the URL printed, the page served;
// Ctrl-C drains the service and the command ends with 0.
func TestNewRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a console process cannot be interrupted from a test on Windows")
	}
	dir := t.TempDir()
	address := freeAddress(t)
	c := wsgen(t, dir, "new", "project", "updater", "--run")
	c.Env = append(c.Env, "DEBUG=", "ALLOWED_ORIGINS=", "ADDR="+address, "GOPROXY=off", "GOFLAGS=-mod=readonly", "PORT=")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // it has ended already where the test passes

	url, with := "", ""
	lines := bufio.NewScanner(out)
	for with == "" && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "with ") {
			with = lines.Text()
		}
		if after, found := strings.CutPrefix(lines.Text(), "open "); found {
			url, _, _ = strings.Cut(after, " ")
		}
	}
	if want := "http://" + address; url != want {
		t.Fatalf("the URL printed is %q, want %q", url, want)
	}
	if want := "with DEBUG=true ALLOWED_ORIGINS=same-host, as in make run"; with != want {
		t.Errorf("%q is printed, want %q", with, want)
	}
	page := fetch(t, url+"/")
	if !strings.Contains(page, "<html") {
		t.Errorf("the page is %q", page)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	mustRun(t, filepath.Join(dir, "updater"), "check")
	if program, err := exec.LookPath("git"); err == nil {
		checkClean(t, program, filepath.Join(dir, "updater"))
	}
}

// checkClean fails where git would take in what --run built.
func checkClean(t *testing.T, git, dir string) {
	t.Helper()
	for _, args := range [][]string{{"init", "-q"}, {"check-ignore", "-q", "bin/updater"}} {
		c := exec.CommandContext(t.Context(), git, args...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// fetch asks until the service answers.
func fetch(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			body, readErr := io.ReadAll(response.Body)
			if err := errors.Join(readErr, response.Body.Close()); err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s does not answer: %v", url, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// freeAddress returns an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// TestRunIsForTryingOut: what --run starts lets its own page in, whatever the spec allows in production, unless the user says
// otherwise.
func TestRunIsForTryingOut(t *testing.T) {
	for _, c := range []struct {
		set  map[string]string
		want []string
	}{
		{nil, []string{"DEBUG=true", "ALLOWED_ORIGINS=same-host"}},
		{map[string]string{"DEBUG": "false", "ALLOWED_ORIGINS": ""}, []string{"ALLOWED_ORIGINS=same-host"}},
		{map[string]string{"DEBUG": "0", "ALLOWED_ORIGINS": "*"}, nil},
	} {
		a := newApp(&host{getenv: func(name string) string { return c.set[name] }})
		if got := a.tryOut(); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.set, got, c.want)
		}
	}
}

func TestServiceURL(t *testing.T) {
	for _, c := range []struct{ addr, port, want string }{
		{"", "", "http://localhost:8080"},
		{"", "9000", "http://localhost:9000"},
		{":9000", "9001", "http://localhost:9000"},
		{"0.0.0.0:80", "", "http://localhost:80"},
		{"[::]:80", "", "http://localhost:80"},
		{"[::1]:80", "", "http://[::1]:80"},
		{"example.com:80", "", "http://example.com:80"},
		{"127.0.0.1:0", "", ""},
		{"nonsense", "", ""},
	} {
		if got := serviceURL(c.addr, c.port); got != c.want {
			t.Errorf("serviceURL(%q, %q) = %q, want %q", c.addr, c.port, got, c.want)
		}
	}
}
