package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A fleet is two processes of a service, and the server that both work over.
type fleet struct {
	store    *process
	services [2]*process
}

// start starts the processes of a contestant. What the store keeps is in the folder, which is new.
func (w *workshop) start(ctx context.Context, c contestant, stream bool, folder string) (*fleet, error) {
	f := &fleet{}
	env, err := f.startStore(ctx, w, c, stream, folder)
	for i := range f.services {
		if err == nil {
			f.services[i], err = w.startService(ctx, c, env)
		}
	}
	if err != nil {
		f.kill()
		return nil, err
	}
	return f, nil
}

// startStore starts Redis or NATS, and returns what tells a service where it is.
func (f *fleet) startStore(ctx context.Context, w *workshop, c contestant, stream bool, folder string) (env []string, err error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if c.store == redis {
		f.store, err = begin(ctx, addr, addr, append([]string{w.redis}, redisArguments(addr, folder, stream, c.synced)...), nil)
		return []string{"REDIS_URL=redis://" + addr}, err
	}
	monitor, err := freeAddress()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "nats.conf")
	if err := os.WriteFile(path, []byte(natsSettings(addr, monitor, folder, c.synced)), 0o600); err != nil {
		return nil, err
	}
	f.store, err = begin(ctx, addr, "http://"+monitor+"/healthz", []string{w.nats, "--config", path}, nil)
	return []string{"NATS_URL=nats://" + addr}, err
}

// redisArguments are those of a redis-server. Where it has to keep something, that is as compose.yaml of an emitted project has it:
// written through once a second, or else after each command.
func redisArguments(addr, folder string, keep, synced bool) []string {
	host, port, _ := strings.Cut(addr, ":")
	args := []string{"--bind", host, "--port", port, "--dir", folder, "--save", "", "--loglevel", "warning"}
	switch {
	case keep && synced:
		args = append(args, "--appendonly", "yes", "--appendfsync", "always")
	case keep:
		args = append(args, "--appendonly", "yes", "--appendfsync", "everysec")
	}
	return args
}

// natsSettings are those of a nats-server. Synced is as compose.yaml of an emitted project has it: what is kept is written through at
// once. Without it a nats-server does that every two minutes.
func natsSettings(addr, monitor, folder string, synced bool) string {
	sync := ""
	if synced {
		sync = ", sync_interval: always"
	}
	return fmt.Sprintf("listen: %q\nhttp: %q\nmax_payload: 8MB\njetstream: {store_dir: %q%s}\n", addr, monitor, folder, sync)
}

// startService starts one process of a contestant.
func (w *workshop) startService(ctx context.Context, c contestant, env []string) (*process, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(filepath.Join("servers", djangoOwned))
	if err != nil {
		return nil, err
	}
	env = append([]string{
		"ADDR=" + addr, "ALLOWED_ORIGINS=*", "LOG_LEVEL=warn",
		"CHANNEL_LAYER=" + c.channelLayer, "PYTHONPATH=" + folder, "PYTHONDONTWRITEBYTECODE=1",
	}, env...)
	return begin(ctx, addr, "http://"+addr+"/healthz", w.commandOf(c.server, addr), env)
}

// kill ends all of them.
func (f *fleet) kill() {
	for _, p := range append(f.services[:], f.store) {
		if p != nil {
			p.kill()
		}
	}
}

// addrs returns where the services listen.
func (f *fleet) addrs() [2]string { return [2]string{f.services[0].addr, f.services[1].addr} }

// said returns what the processes have written.
func (f *fleet) said() string {
	return fmt.Sprintf("the services wrote:\n%s%sthe server behind them wrote:\n%s", f.services[0].log, f.services[1].log, f.store.log)
}

// cpu returns the processor time that both services together, and the store, have used.
func (f *fleet) cpu() (services, store time.Duration, err error) {
	first, err1 := f.services[0].cpu()
	second, err2 := f.services[1].cpu()
	store, err3 := f.store.cpu()
	return first + second, store, errors.Join(err1, err2, err3)
}
