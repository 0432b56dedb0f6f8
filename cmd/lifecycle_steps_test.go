package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The steps of a life.

// name returns the name of a consumer that there never was.
func (l *life) name() string {
	l.named++
	return []string{"chat", "room_feed", "a1", "ver_update"}[l.choose(4)] + "_" + strings.Repeat("x", l.named)
}

// consumers returns the names of the project's consumers, and routes its paths, sorted.
func (l *life) consumers() []string {
	var names []string
	for _, r := range l.routesOf() {
		names = append(names, r.Consumer)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (l *life) routesOf() []routeReport {
	return l.wsgen("-C", l.dir, "routes").Routes
}

// addAndRemove: add and remove are each other's reverse.
func (l *life) addAndRemove() {
	before, name := l.snapshot(), l.name()
	args := []string{"add", "consumer", name}
	if l.choose(2) == 1 {
		args = append(args, "--path", "/ws/x/{id:int}/"+name, "--mode", "async")
	}
	l.must(args...)
	switch l.choose(3) {
	case 0: // as it is
	case 1:
		l.must("generate")
	case 2:
		l.must("add", "route", "/ws/second/"+name, "--to", name)
		l.must("remove", "route", "/ws/second/"+name)
	}
	l.must("remove", "consumer", name)
	l.same(before, "add and remove")
}

// addRoute: so are add route and remove route.
func (l *life) addRoute() {
	names := l.consumers()
	if len(names) == 0 {
		return
	}
	before := l.snapshot()
	path := fmt.Sprintf("/ws/more%d/{id}", l.choose(3))
	l.must("add", "route", path, "--to", names[l.choose(len(names))])
	l.must("remove", "route", path)
	l.same(before, "add route and remove route")
}

// rename: a consumer that was renamed there and back is what it was.
func (l *life) rename() {
	names := l.consumers()
	if len(names) == 0 {
		return
	}
	before, old, name := l.snapshot(), names[l.choose(len(names))], l.name()
	l.must("rename", "consumer", old, name)
	l.must("rename", "consumer", name, old)
	l.same(before, "rename there and back")
}

// undoes: each of a few operations is taken back by undo.
func (l *life) undoes() {
	before := l.snapshot()
	count := 1 + l.choose(3)
	for range count {
		l.must("add", "consumer", l.name())
	}
	for range count {
		l.must("undo")
	}
	l.same(before, "undo")
}

// grow: a consumer comes to stay.
func (l *life) grow() {
	l.must("add", "consumer", l.name())
}

// editStub: the user writes into a stub.
func (l *life) editStub() {
	if names := l.consumers(); len(names) > 0 {
		if file := l.stub(names[l.choose(len(names))]); l.exists(file) {
			l.mark(file, "//")
		}
	}
}

func (l *life) stub(consumer string) string { return "consumers/" + consumer + "_consumer.go" }

func (l *life) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(l.dir, filepath.FromSlash(name)))
	return err == nil
}

// editSpec: the user writes into the spec.
func (l *life) editSpec() { l.mark("wsgen.yaml", "#") }

// tamper: an edit of a generated file stops every command that would replace it, and --force keeps it in the trash.
func (l *life) tamper() {
	l.mark("routing/routing_gen.go", "//")
	if r := l.do("generate"); r.ExitCode != exitConflict {
		l.failf("exits with %d", r.ExitCode)
	}
	if r := l.do("add", "consumer", l.name()); r.ExitCode != exitConflict {
		l.failf("exits with %d", r.ExitCode)
	}
	l.must("generate", "--force")
}

// removeEdited: a stub that the user edited outlives its consumer, unless the user forces it.
func (l *life) removeEdited() {
	name := l.name()
	l.must("add", "consumer", name)
	l.mark(l.stub(name), "//")
	l.must("remove", "consumer", name)
	if !l.exists(l.stub(name)) {
		l.failf("the stub was edited, and is gone")
	}
	if l.choose(2) == 0 {
		l.must("remove", "consumer", name, "--force")
		if l.exists(l.stub(name)) {
			l.failf("remove --force leaves the stub")
		}
		return
	}
	l.loose = true
}

// lay: the canonical layout of the spec has every comment, and is its own.
func (l *life) lay() {
	l.must("fmt")
	before := l.snapshot()
	l.must("fmt", "--check")
	l.must("fmt")
	l.same(before, "a second fmt")
}

// upgrade: at the same version it merges what the spec changed into the user's files; abort takes it back.
func (l *life) upgrade() {
	before := l.snapshot()
	if r := l.do("upgrade"); r.ExitCode == exitConflict {
		l.must("upgrade", "--abort")
		l.same(before, "upgrade --abort")
	}
}

// vanish: the user deletes a stub; the project writes it again, since it is needed.
func (l *life) vanish() {
	names := l.consumers()
	if len(names) == 0 {
		return
	}
	stub := l.stub(names[l.choose(len(names))])
	if !l.exists(stub) {
		return
	}
	text := read(l.t, filepath.Join(l.dir, stub))
	l.marks = slices.DeleteFunc(l.marks, func(mark string) bool { return strings.Contains(text, mark) })
	if err := os.Remove(filepath.Join(l.dir, stub)); err != nil {
		l.t.Fatal(err)
	}
	l.told = append(l.told, "the user deletes "+stub)
	l.must("generate")
	if !l.exists(stub) {
		l.failf("generate does not write %s again", stub)
	}
}
