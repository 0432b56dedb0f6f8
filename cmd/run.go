package cmd

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// findGo returns the Go tool that builds the service.
func findGo() (string, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return "", failure(err, "nothing is written: install Go (https://go.dev/dl), or leave --run out", "--run needs the Go toolchain")
	}
	return path, nil
}

// runService builds the service in dir and becomes it. The program goes to the project's own bin folder, which its
// .gitignore names, and stays there: whoever becomes a program cannot delete it afterwards.
func (a *app) runService(ctx context.Context, goTool, dir, service string) error {
	program := filepath.Join(dir, "bin", service)
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	a.notef("building %s\n", a.shown(program))
	if err := a.stdout.flush(); err != nil {
		return failure(err, "", "standard output")
	}
	build := exec.CommandContext(ctx, goTool, "build", "-o", program, ".")
	build.Dir = dir
	// A go.work above the new project does not know of it, and would make the build fail.
	build.Env = append(os.Environ(), "GOWORK=off")
	build.Stdout, build.Stderr = a.host.stderr, a.host.stderr
	if err := build.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return failure(err, "the project is complete: try again with: "+enter(a.shown(dir))+"go run .",
			"the service could not be built")
	}
	if url := serviceURL(a.getenv("ADDR"), a.getenv("PORT")); url != "" {
		a.resultf("open %s (Ctrl-C stops the service)\n", url)
	}
	env := a.tryOut()
	if len(env) > 0 {
		a.notef("with %s, as in make run\n", strings.Join(env, " "))
	}
	a.finish(nil) // what follows does not return where the system can replace a process
	if err := a.become(program, dir, append(os.Environ(), env...)); err != nil {
		var child childExit
		if errors.As(err, &child) {
			return err
		}
		return failure(err, "", "the service could not be started")
	}
	return nil
}

// tryOut returns the variables of a service that is tried out on this machine, but for those that are set: its page may connect
// although the spec names the origins of production, and its log is for people. The emitted Makefile sets the same.
func (a *app) tryOut() []string {
	var env []string
	for _, v := range []struct{ name, value string }{{"DEBUG", "true"}, {"ALLOWED_ORIGINS", "same-host"}} {
		if a.getenv(v.name) == "" { // empty counts as unset, as in the service
			env = append(env, v.name+"="+v.value)
		}
	}
	return env
}

// serviceURL returns where a browser finds the service, from the variables that settings reads: ADDR, else PORT, else
// 8080. It is empty where that cannot be known before the start.
func serviceURL(addr, port string) string {
	if addr == "" && port != "" {
		addr = ":" + port
	}
	if addr == "" {
		addr = ":8080"
	}
	host, number, err := net.SplitHostPort(addr)
	if err != nil || number == "0" || number == "" {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, number)
}
