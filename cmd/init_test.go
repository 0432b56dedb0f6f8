package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// goTool runs the go command in a folder, with the modules that building wsgen has brought and without a network.
func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	goToolWith(t, dir, []string{"GOFLAGS=-mod=readonly", "GOWORK=off"}, args...)
}

func goToolWith(t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", args...)
	c.Dir = dir
	c.Env = append(append(os.Environ(), "GOPROXY=off", "GOTOOLCHAIN=local"), env...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go %s in %s: %v\n%s", strings.Join(args, " "), dir, err, out)
	}
}

// unpack writes the files of a txtar archive into a folder of the test.
func unpack(t *testing.T, archive string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		put(t, filepath.Join(dir, filepath.FromSlash(f.Name)), string(f.Data))
	}
	return dir
}

// shop is a Go module as one may come upon it: a package with a test and a command, dependencies that the service has as well,
// one of them as an indirect one and two in go.sum only in another version, and a toolchain.
const shop = `
-- tools.go --
//go:build tools

package tools

import _ "example.com/shop/price"
-- go.mod --
module example.com/shop // of ours

go 1.25.0

toolchain go1.25.1

require github.com/gorilla/websocket v1.5.3 // indirect
-- go.sum --
github.com/caarlos0/env/v11 v11.0.0/go.mod h1:2RC3HQu8BQqtEK3V4iHPxj0jOdWdbPpWJ6pOueeU1xM=
github.com/gorilla/websocket v1.5.3/go.mod h1:YR8l580nyteQvAITg2hZ9XVh4b55+EU/adAjf1fMHhE=
golang.org/x/sys v0.0.1/go.mod h1:4GL1E5IUh+htKOUEOaiffhrAeqysfVGipDYzABqnCmw=
-- README.md --
# shop
-- price/price.go --
package price

// Of returns a price.
func Of(n int) int { return 2 * n }
-- price/price_test.go --
package price

import "testing"

func TestOf(t *testing.T) {
	if Of(2) != 4 {
		t.Error("wrong")
	}
}
-- cmd/shop/main.go --
package main

import (
	"fmt"

	"example.com/shop/price"
)

func main() { fmt.Println(price.Of(1)) }
`

// TestInitBuilds: what init makes of a module builds, is vetted and passes its tests, together with what was there.
func TestInitBuilds(t *testing.T) {
	dir := unpack(t, shop)
	mustRun(t, dir, "init", "--layer", "redis", "--consumer", "chat:async:/ws/chat/{room:slug}", "--consumer", "tick")
	goTool(t, dir, "vet", "./...")
	goTool(t, dir, "test", "./...")
	goTool(t, dir, "build", "-o", filepath.Join(t.TempDir(), "service"), ".")
	mod := read(t, filepath.Join(dir, "go.mod"))
	for _, line := range []string{"module example.com/shop // of ours\n", "toolchain go1.25.1\n", "\nrequire github.com/gorilla/websocket v1.5.3 // indirect\n"} {
		if !strings.Contains(mod, line) {
			t.Errorf("%q is no longer in\n%s", line, mod)
		}
	}
	mustRun(t, dir, "check")
}

// TestInitWayOut: the commands that init names where the go command would refuse do what it takes.
func TestInitWayOut(t *testing.T) {
	t.Run("workspace", func(t *testing.T) {
		root := unpack(t, "-- go.work --\ngo 1.24.0\n\nuse ./other\n-- other/go.mod --\nmodule example.com/other\n\ngo 1.24.0\n-- ws/README.md --\n")
		dir := filepath.Join(root, "ws")
		if out := mustRun(t, dir, "init"); !strings.Contains(out, "next: go work use . && go run .") {
			t.Errorf("what is to be done is not in\n%s", out)
		}
		env := []string{"GOFLAGS=", "GOWORK="}
		goToolWith(t, dir, env, "work", "use", ".")
		goToolWith(t, dir, env, "vet", "./...")
		if out := mustRun(t, dir, "doctor", "-v"); !strings.Contains(out, "nothing is wrong") {
			t.Errorf("doctor finds\n%s", out)
		}
	})
	t.Run("vendor", func(t *testing.T) {
		dir := unpack(t, shop+"-- vendor/modules.txt --\n")
		if out := mustRun(t, dir, "init"); !strings.Contains(out, "next: go mod vendor && go run .") {
			t.Errorf("what is to be done is not in\n%s", out)
		}
		env := []string{"GOFLAGS=", "GOWORK=off"}
		goToolWith(t, dir, env, "mod", "vendor")
		goToolWith(t, dir, env, "vet", "./...")
		mustRun(t, dir, "check")
		if out := mustRun(t, dir, "doctor", "-v"); !strings.Contains(out, "nothing is wrong") {
			t.Errorf("doctor finds\n%s", out)
		}
	})
}

// TestNoEscapeCodesInAPipe: what goes to a terminal in colours goes into a pipe without.
func TestNoEscapeCodesInAPipe(t *testing.T) {
	dir := unpack(t, shop)
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"init", "--consumer", "chat"}, exitDone},
		{[]string{"add", "route", "/ws/more", "--to", "chat"}, exitDone},
		{[]string{"check"}, exitDrift},
		{[]string{"doctor", "-v"}, exitDrift},
		{[]string{"generate"}, exitDone},
	} {
		before := t.TempDir()
		if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		_, out, errs, code := atTerminal(t, nil, append(c.args, "--no-input", "-C", before)...)
		if code != c.code || !strings.Contains(out, "\x1b[") {
			t.Errorf("%q on a terminal: exit code %d, colours: %q", c.args, code, out+errs)
		}
		piped, err := wsgen(t, dir, c.args...).CombinedOutput()
		var exit *exec.ExitError
		if (err == nil) != (c.code == exitDone) || err != nil && (!errors.As(err, &exit) || exit.ExitCode() != c.code) || bytes.Contains(piped, []byte("\x1b")) {
			t.Errorf("%q into a pipe: %v: %q", c.args, err, piped)
		}
		if c.args[0] == "add" { // something to find for check and doctor, and to put right for generate
			if err := errors.Join(os.Remove(filepath.Join(dir, "client", "index.js")), os.Remove(filepath.Join(dir, ".wsgen", "base", "Makefile"))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestMount: the file that init prints for a main.go that is there compiles beside it, as it is, whatever layer and auth there is.
func TestMount(t *testing.T) {
	const served = `
-- go.mod --
module example.com/served

go 1.24.0
-- main.go --
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "mine") })
	http.HandleFunc("GET /login", http.NotFound)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := serveWebSockets(ctx, http.DefaultServeMux)
	fmt.Println(err)
}
`
	for _, flags := range [][]string{{}, {"--layer", "redis", "--auth", "session"}, {"--layer", "nats", "--auth", "jwt"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			dir := unpack(t, served)
			mounted(t, dir, flags...)
			goTool(t, dir, "vet", ".")
		})
	}
}

// TestMountBesideTakenNames: the printed file has names of its own where the user has given the usual ones to something else.
func TestMountBesideTakenNames(t *testing.T) {
	dir := unpack(t, `
-- go.mod --
module example.com/served

go 1.24.0
-- main.go --
package main

import (
	"context"
	"net/http"
)

var settings, serviceSettings = 1, 2

func routing() {}

func main() {
	routing()
	_ = settings + serviceSettings + ws
	_ = serviceServeWebSockets(context.Background(), http.DefaultServeMux)
}
-- files.go --
package main

import serveWebSockets "errors"

const ws = 3

type embed struct{ webSocketFiles error }

var webSocketFiles = embed{serveWebSockets.ErrUnsupported}
-- files_test.go --
package main

func consumers() {}
-- outside_test.go --
package main_test

func login() {}
-- tool.go --
//go:build ignore

package main

func context() {}
`)
	out, text := mounted(t, dir, "--auth", "session")
	goTool(t, dir, "vet", ".")
	for _, line := range []string{`	serviceSettings2 "example.com/served/settings"`, `	"example.com/served/login"`, `	"context"`, "var serviceWebSocketFiles serviceEmbed.FS"} {
		if !slices.Contains(strings.Split(text, "\n"), line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
	if want := "    err := serviceServeWebSockets(ctx, handler)\n"; !strings.Contains(out, want) {
		t.Errorf("%q is not in\n%s", want, out)
	}
}

// mounted adds a service to a module whose main.go is its user's, and the file that is printed to mount it. It returns what init
// prints in a dry run, and the file.
func mounted(t *testing.T, dir string, flags ...string) (out, text string) {
	t.Helper()
	out = mustRun(t, dir, append([]string{"init", "--dry-run"}, flags...)...)
	var answer bytes.Buffer
	c := wsgen(t, dir, append([]string{"init", "--json"}, flags...)...)
	c.Stdout = &answer
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	var object struct {
		Mount string `json:"mount"`
	}
	if err := json.Unmarshal(answer.Bytes(), &object); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(strings.Split(object.Mount, "\n"), "package main") {
		t.Fatalf("no file to mount the service with, but %q", object.Mount)
	}
	put(t, filepath.Join(dir, "websocket.go"), object.Mount)
	return out, object.Mount
}

// TestInitQuestions: init asks what new asks, but for the module where go.mod tells it.
func TestInitQuestions(t *testing.T) {
	for _, c := range []struct {
		name    string
		files   string
		args    []string
		answers []string
		asked   []string
		same    string
	}{
		{
			"a module", shop, nil, []string{"shop", "", "", "", "", "", ""},
			[]string{"Name of the service", "Name of a consumer", "Mode of echo", "Path of echo", "Another consumer?", layerQuestion, authQuestion},
			"wsgen init shop --consumer echo:sync:/ws/echo",
		},
		{
			"a folder", "-- README.md --\n", []string{"shop", "--layer", "nats"}, []string{"", "chat", "async", "", "", "jwt"},
			[]string{"Go module", "Name of a consumer", "Mode of chat", "Path of chat", "Another consumer?", authQuestion},
			"wsgen init shop --module example.com/shop --layer nats --auth jwt --consumer chat:async:/ws/chat",
		},
		{
			"all is said", shop, []string{"shop", "--consumer", "chat"}, nil, nil, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := unpack(t, c.files)
			p, out, errs, code := atTerminal(t, c.answers, append(append([]string{"init"}, c.args...), "-C", dir)...)
			if code != exitDone || !slices.Equal(p.asked, c.asked) {
				t.Fatalf("asked %q, exit code %d: %s", p.asked, code, errs)
			}
			want := "the same without questions:\n  " + c.same + " -C " + shellWord(dir) + "\n"
			if c.same == "" {
				want = "\n"
			}
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		})
	}
}

// TestInitAsksNothingInVain: where the service cannot be made nobody is asked what it is to be like.
func TestInitAsksNothingInVain(t *testing.T) {
	dir := unpack(t, shop+"-- server.go --\npackage main\n\nfunc main() {}\n")
	p, _, errs, code := atTerminal(t, []string{"shop"}, "init", "-C", dir)
	if code != exitGuard || !slices.Equal(p.asked, []string{"Name of the service"}) || !strings.Contains(errs, "server.go: line 3") {
		t.Errorf("asked %q, exit code %d: %s", p.asked, code, errs)
	}
}

// TestFitName: the folder's name becomes one that a service can have.
func TestFitName(t *testing.T) {
	for folder, want := range map[string]string{
		"updater": "updater", "My Shop.2": "my-shop-2", "2fast": "fast", "_x_": "x", "con": "con-service", "client": "client-service",
		"цены": "service", "a___b": "service", "--": "service", "Chat_Room": "chat_room", strings.Repeat("long-", 20): strings.Repeat("long-", 7) + "long",
	} {
		if got := (&site{dir: filepath.Join(t.TempDir(), folder)}).fitName(); got != want {
			t.Errorf("%s becomes %s, want %s", folder, got, want)
		}
	}
}
