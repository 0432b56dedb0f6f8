package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// weigh measures a service as a program: what it weighs, and how long its developer waits for it. The modules that it needs are there.
func (r *run) weigh(ctx context.Context, w *workshop) (err error) {
	home, err := os.MkdirTemp(w.dir, "weigh-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	p := developer{ctx: ctx, r: r, home: home, folder: filepath.Join(home, "first")}
	if p.main, err = w.unpack(ctx, r.c, p.folder); err != nil {
		return err
	}
	if err := p.build("build, cold", "binary", ""); err != nil {
		return err
	}
	if err := p.build("", "binary, stripped", "-s -w"); err != nil {
		return err
	}
	again := filepath.Join(home, "again") // in another folder its own packages are compiled anew, and all else is not
	if err := os.Rename(p.folder, again); err != nil {
		return err
	}
	p.folder = again
	if err := p.build("build, warm", "", ""); err != nil || r.c.name != emitted { // the hub has no tests
		return err
	}
	if err := p.run("tests, first", "test", "./..."); err != nil {
		return err
	}
	return p.run("tests, again", "test", "-count=1", "./...")
}

// A developer builds and tests a program, with a cache that is empty at first.
type developer struct {
	ctx          context.Context
	r            *run
	home, folder string // the program is in folder
	main         string // its package
}

// build builds the program, and adds how long that took and what came of it, where these figures have names.
func (d *developer) build(took, weight, linker string) error {
	binary := filepath.Join(d.home, "binary")
	if err := d.run(took, "build", "-tags", "bare", "-ldflags", linker, "-o", binary, d.main); err != nil || weight == "" {
		return err
	}
	about, err := os.Stat(binary)
	if err != nil {
		return err
	}
	d.r.add(weight, float64(about.Size())/(1<<20))
	return nil
}

// run runs the go command, and adds how long that took.
func (d *developer) run(took string, args ...string) error {
	c := exec.CommandContext(d.ctx, "go", args...)
	c.Dir = d.folder
	c.Env = append(os.Environ(), "GOCACHE="+filepath.Join(d.home, "cache"), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off")
	begin := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", args, err, out)
	}
	if took != "" {
		d.r.add(took, time.Since(begin).Seconds())
	}
	return nil
}

// unpack puts the sources of a service into a new folder, without what lets the driver look into it, and returns where its main is there.
func (w *workshop) unpack(ctx context.Context, c contestant, folder string) (string, error) {
	if c.name == emitted {
		parent, name := filepath.Split(folder)
		return ".", command(ctx, parent, filepath.Join(w.dir, "wsgen"), "new", "project", name)
	}
	if err := os.CopyFS(filepath.Join(folder, "servers"), os.DirFS("servers")); err != nil {
		return "", err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return "", err
		}
	}
	return "./servers/" + c.server, nil
}
