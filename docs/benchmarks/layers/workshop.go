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

// A workshop is where the services are built.
type workshop struct {
	dir         string // temporary
	redis, nats string // the programs
	python      string // that which has Channels
}

// build finds the programs that these contestants need, and builds their services.
func build(ctx context.Context, dir string, of []contestant) (*workshop, error) {
	w := &workshop{dir: dir}
	if err := w.find(ctx, of); err != nil {
		return nil, err
	}
	done := map[string]bool{djangoOwned: true} // Python builds nothing
	for _, c := range of {
		if done[c.server] {
			continue
		}
		done[c.server] = true
		var err error
		if c.server == centrifuge {
			err = command(ctx, ".", "go", "build", "-o", filepath.Join(dir, c.server), "./servers/"+c.server)
		} else {
			err = w.emit(ctx, c.store)
		}
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// find looks for what is needed beside Go, and tells all that is missing.
func (w *workshop) find(ctx context.Context, of []contestant) error {
	var errs [3]error
	for _, c := range of {
		if c.store == redis && w.redis == "" {
			w.redis, errs[0] = program("redis-server")
		}
		if c.store == nats && w.nats == "" {
			w.nats, errs[1] = program("nats-server")
		}
		if c.server == djangoOwned && w.python == "" {
			w.python, errs[2] = python(ctx)
		}
	}
	return errors.Join(errs[:]...)
}

// program looks for a program on the PATH, and in the folder bin of the repository.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	path, err := filepath.Abs(filepath.Join(repository, "bin", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return "", fmt.Errorf("%s is neither on the PATH nor in bin (scripts/tools.sh installs what is missing): %w", name, err)
	}
	return path, nil
}

// python returns a Python that has Channels: that of the distribution, where another one comes first on the PATH.
func python(ctx context.Context) (string, error) {
	var errs []error
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		err := command(ctx, ".", name, "-c", "import channels_redis, daphne")
		if err == nil {
			return name, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("no Python has channels_redis and daphne (on Debian: apt-get install python3-channels-redis daphne; or leave them out by -peers): %w", errors.Join(errs...))
}

// repository is where this checkout of wsgen is.
const repository = "../../.."

// project returns the folder of the emitted service for a store.
func (w *workshop) project(store string) string { return filepath.Join(w.dir, store, "bench") }

// emit makes the service of testdata/emitted for a store, with this checkout's wsgen, and builds it.
func (w *workshop) emit(ctx context.Context, store string) error {
	const ours = "testdata/emitted"
	tool, project := filepath.Join(w.dir, "wsgen"), w.project(store)
	spec, err := filepath.Abs(filepath.Join(ours, store+".yaml"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(project), 0o700); err != nil {
		return err
	}
	if err := command(ctx, repository, "go", "build", "-o", tool, "."); err != nil {
		return err
	}
	if err := command(ctx, filepath.Dir(project), tool, "new", "project", "bench", "--spec", spec); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(ours, "consumers", "*.go"))
	if err != nil {
		return err
	}
	for _, path := range files {
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

// commandOf returns the command that starts a service at an address.
func (w *workshop) commandOf(server, addr string) []string {
	switch server {
	case djangoOwned:
		host, port, _ := strings.Cut(addr, ":")
		return []string{w.python, "-m", "daphne", "-v", "0", "-b", host, "-p", port, "service:application"}
	case centrifuge:
		return []string{filepath.Join(w.dir, server)}
	}
	return []string{filepath.Join(w.project(strings.TrimPrefix(server, emitted)), "bench")}
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
