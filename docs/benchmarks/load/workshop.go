package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A contestant is a server, and one way to use it.
type contestant struct {
	name        string // as the report has it
	server      string // what is started: contestants may share one
	echo, group string // paths
	dialect     dialect
	disorder    bool // handlers overlap, so that messages of one sender may pass each other
	slow        bool // the server tells when a connection is too slow for it
}

// The names that the report speaks of.
const (
	hub     = "gorilla hub"
	emitted = "emitted"
)

// peers are the servers compared; the first is what the others are measured by.
func peers() []contestant {
	all := []contestant{
		{name: hub, server: "gorilla", slow: true},
		{name: emitted, server: "emitted", echo: "/echo/sync", group: "/group/sync", dialect: wsgen1(false), slow: true},
		{name: "gws", server: "gws"},
		{name: "melody", server: "melody"},
		{name: "centrifuge", server: "centrifuge", echo: "/ws", group: "/ws", dialect: centrifugal()},
		{name: "coder", server: "coder", slow: true},
		{name: "Node ws", server: "node"},
	}
	for i, c := range all {
		if c.echo == "" {
			all[i].echo, all[i].group, all[i].dialect = "/echo", "/group", plain()
		}
	}
	return all
}

// forms are the other ways to use the emitted service: the first of peers that is named so is wsgen.1 sync.
func forms() []contestant {
	return []contestant{
		{name: "wsgen.1 async", server: "emitted", echo: "/echo/async", group: "/group/async", dialect: wsgen1(false), disorder: true},
		{name: "raw sync", server: "emitted", echo: "/echo/sync", group: "/group/sync", dialect: plain()},
		{name: "raw async", server: "emitted", echo: "/echo/async", group: "/group/async", dialect: plain(), disorder: true},
		{name: "wsgen.1 acks", server: "emitted", echo: "/echo/sync", dialect: commands()},
		{name: "stream", server: "emitted", group: "/stream", dialect: wsgen1(true)},
	}
}

// A workshop is where the servers are built.
type workshop struct {
	dir string // temporary
}

// build builds the servers that these contestants need.
func build(ctx context.Context, dir string, of []contestant) (*workshop, error) {
	w := &workshop{dir: dir}
	done := map[string]bool{}
	for _, c := range of {
		if done[c.server] {
			continue
		}
		done[c.server] = true
		var err error
		switch c.server {
		case "node":
			if _, missing := os.Stat("node_modules"); errors.Is(missing, os.ErrNotExist) {
				err = command(ctx, ".", "npm", "ci", "--no-audit", "--no-fund")
			}
		case "emitted":
			err = w.emit(ctx)
		default:
			err = command(ctx, ".", "go", "build", "-o", filepath.Join(dir, c.server), "./servers/"+c.server)
		}
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// project returns the folder of the emitted service.
func (w *workshop) project() string { return filepath.Join(w.dir, "bench") }

// emit makes the service of testdata/emitted with this checkout's wsgen, and builds it.
func (w *workshop) emit(ctx context.Context) error {
	const ours = "testdata/emitted"
	tool, project := filepath.Join(w.dir, "wsgen"), w.project()
	spec, err := filepath.Abs(filepath.Join(ours, "wsgen.yaml"))
	if err != nil {
		return err
	}
	if err := command(ctx, filepath.Join("..", "..", ".."), "go", "build", "-o", tool, "."); err != nil {
		return err
	}
	if err := command(ctx, w.dir, tool, "new", "project", "bench", "--spec", spec); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(ours, "consumers", "*.go"))
	if err != nil {
		return err
	}
	for _, path := range append(files, filepath.Join(ours, "main.go")) {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(project, strings.TrimPrefix(filepath.ToSlash(path), ours)), text, 0o600); err != nil {
			return err
		}
	}
	return command(ctx, project, "go", "build", "-o", "bench", ".")
}

// commandOf returns the command that starts a server.
func (w *workshop) commandOf(server string) []string {
	switch server {
	case "node":
		return []string{"node", "servers/node/server.js"}
	case "emitted":
		return []string{filepath.Join(w.project(), "bench")}
	}
	return []string{filepath.Join(w.dir, server)}
}

// command runs a program to its end.
func command(ctx context.Context, dir, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", filepath.Base(name), args, err, out)
	}
	return nil
}
