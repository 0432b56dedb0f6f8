package cmd

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"

	"wsgen/generator/spec"
)

// inProcess runs wsgen in this process, off a terminal, and returns what it prints and its exit code.
func inProcess(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, newHost(strings.NewReader(""), &out, &errs))
	return out.String(), errs.String(), code
}

// must is inProcess for a command that is to end with 0.
func must(t testing.TB, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, code := inProcess(t, args...)
	if code != exitDone {
		t.Fatalf("wsgen %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout, stderr
}

// treeOf returns a line for everything below dir but .wsgen/local: name, mode and hash of the content.
func treeOf(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := eachFile(dir, func(name string, d fs.DirEntry) error {
		if name == ".wsgen/local" {
			return filepath.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %s", name, info.Mode())
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %x", sha256.Sum256(text))
		}
		b.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sameTree fails the test, and says where, unless a tree is as it was.
func sameTree(t testing.TB, what, now, before string) {
	t.Helper()
	if now != before {
		t.Errorf("%s: the tree differs from what it was:\n%s", what, udiff.Unified("before", "now", before, now))
	}
}

// write puts a text into a file of a project.
func write(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// reversible are specs to which a consumer and a route can be added: in every way that an addition finds or makes its place.
func reversible() map[string]string {
	const head = "version: 1\nservice: updater\nmodule: example.com/updater\n"
	return map[string]string{
		"as new":               head + "\n# paths\nroutes:\n  /ws/echo: echo\n\n# consumers\nconsumers:\n  echo: sync\n",
		"nothing":              head,
		"bare":                 head + "routes:\nconsumers:\n",
		"braces":               head + "routes:   { } # none\n\nconsumers: {}\n",
		"null":                 head + "routes: null\nconsumers: ~ # nobody",
		"no final newline":     head + "consumers:\n  echo: sync\nroutes:\n  /ws/echo: echo",
		"CRLF":                 strings.ReplaceAll(head+"routes: {}\nconsumers:\n  echo: sync\n", "\n", "\r\n"),
		"CRLF, cut off":        strings.ReplaceAll(head+"routes:\n  /ws/echo: echo\nconsumers:\n  echo: sync", "\n", "\r\n"),
		"odd indentation":      head + "routes:\n     '/ws/echo': \"echo\"   # in\n\n     # far\n\n\nconsumers:\n echo:\n    mode: sync\n    # inside\n\n # last\n# at the margin\n",
		"a section is missing": head + "consumers:\n  echo: sync\n\n# the end",
		"deeper comment":       head + "routes:\n    # later\nconsumers:\n  # nobody\nsettings: {layer: memory}\n",
		"document end":         "---\n" + head + "routes: {}\n... # over\n",
		"blank lines":          head + "\nroutes:\n\n\nconsumers:\n\n  echo: sync\n\n\n",
		"byte order mark":      "\ufeff" + head + "routes: {}\n",
	}
}

// TestRemoveRestores: to add and to remove again restores every byte of the tree, .wsgen/local aside.
func TestRemoveRestores(t *testing.T) {
	dir := t.TempDir()
	must(t, "new", "updater", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	wsgen := func(args ...string) string {
		out, errs := must(t, append(args, "-C", project)...)
		return out + errs
	}
	for name, source := range reversible() {
		t.Run(name, func(t *testing.T) {
			write(t, project, "wsgen.yaml", source)
			wsgen("generate")
			before := treeOf(t, project)
			wsgen("add", "consumer", "chat", "--path", "/ws/chat/{room:slug}", "--mode", "async")
			withChat, text := treeOf(t, project), read(t, filepath.Join(project, "wsgen.yaml"))
			if withChat == before {
				t.Fatal("nothing was added")
			}
			wsgen("add", "route", "/ws/room", "--to", "chat")
			wsgen("remove", "route", "/ws/room")
			if now := read(t, filepath.Join(project, "wsgen.yaml")); now != text {
				t.Errorf("add route and remove route leave\n%q\nwas\n%q", now, text)
			}
			sameTree(t, "add route and remove route", treeOf(t, project), withChat)
			wsgen("add", "route", "/ws/a", "--to", "chat")
			wsgen("add", "route", "/ws/b", "--to", "chat")
			wsgen("remove", "consumer", "chat")
			if now := read(t, filepath.Join(project, "wsgen.yaml")); now != source {
				t.Errorf("add consumer and remove consumer leave\n%q\nwas\n%q", now, source)
			}
			sameTree(t, "add consumer and remove consumer", treeOf(t, project), before)
		})
	}
}

// TestRemoveRestoresAnEmptyConsumer: the first route of a consumer gives its stub a test, and the last takes it along.
func TestRemoveRestoresAnEmptyConsumer(t *testing.T) {
	dir := t.TempDir()
	must(t, "new", "updater", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	write(t, project, "wsgen.yaml", "version: 1\nservice: updater\nmodule: example.com/updater\nconsumers:\n  tick: sync\n")
	must(t, "generate", "-C", project)
	before := treeOf(t, project)
	must(t, "add", "route", "/ws/tick", "--to", "tick", "-C", project)
	if now := treeOf(t, project); !strings.Contains(now, "tick_consumer_test.go") {
		t.Fatalf("there is no test in\n%s", now)
	}
	out, _ := must(t, "remove", "route", "/ws/tick", "-C", project)
	sameTree(t, "add route and remove route", treeOf(t, project), before)
	if want := "tick has no route any more; its stub consumers/tick_consumer.go stays"; !strings.Contains(out, want) {
		t.Errorf("%q is not in\n%s", want, out)
	}
}

// TestRemoveKeepsWhatStoodThere: a file that was there before the consumer is no stub that wsgen wrote, and stays.
func TestRemoveKeepsWhatStoodThere(t *testing.T) {
	dir := t.TempDir()
	must(t, "new", "updater", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	write(t, project, "consumers/chat_consumer.go", "package consumers\n\nfunc NewChatConsumer() {} // mine\n")
	before := treeOf(t, project)
	must(t, "add", "consumer", "chat", "-C", project)
	must(t, "remove", "consumer", "chat", "-C", project)
	sameTree(t, "add consumer and remove consumer", treeOf(t, project), before)
}

// TestRemoveAfterAnEdit: what was changed in the spec since the addition stays, whether or not the history can be followed.
func TestRemoveAfterAnEdit(t *testing.T) {
	const head = "version: 1\nservice: updater\nmodule: example.com/updater\n"
	dir := t.TempDir()
	must(t, "new", "updater", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	for name, tc := range map[string]struct{ before, edited, after string }{
		"elsewhere": {head + "routes: {}\nconsumers: {}\n", "# new\n" + head + "routes:\n  /ws/chat: chat\nconsumers:\n  chat: sync\n",
			"# new\n" + head + "routes: {}\nconsumers: {}\n"},
		"next to it": {head + "routes: {}\nconsumers: {}\n", head + "# new\nroutes:\n  /ws/chat: chat\nconsumers:\n  chat: sync\nsettings: {layer: memory}\n",
			head + "# new\nroutes:\nconsumers:\nsettings: {layer: memory}\n"},
		"above it": {head + "routes: {}\nconsumers: {}\n", head + "routes:\n  # to chat\n  /ws/chat: chat\nconsumers:\n  # chat\n  chat: sync # one\n",
			head + "routes:\n  # to chat\nconsumers:\n  # chat\n"},
		"another path": {head, head + "routes:\n  /ws/talk: chat\n  /ws/b: chat\nconsumers:\n  chat: sync\n", head + "routes:\nconsumers:\n"},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, project, "wsgen.yaml", tc.before)
			must(t, "generate", "-C", project)
			must(t, "add", "consumer", "chat", "-C", project)
			write(t, project, "wsgen.yaml", tc.edited)
			must(t, "generate", "-C", project)
			must(t, "remove", "consumer", "chat", "-C", project)
			if got := read(t, filepath.Join(project, "wsgen.yaml")); got != tc.after {
				t.Errorf("left is\n%s\nwant\n%s", got, tc.after)
			}
		})
	}
}

// TestRemoveOnAnotherClone: where the history that add left is not there, the entry's own lines go all the same, and with them the
// line end that add had to put before them. What stood in their place does not come back: a section that was empty is its bare key.
func TestRemoveOnAnotherClone(t *testing.T) {
	dir := t.TempDir()
	must(t, "new", "updater", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	gaveWay := map[string]bool{ // a section that is missing, {} or null
		"nothing": true, "braces": true, "null": true, "CRLF": true, "a section is missing": true, "document end": true, "byte order mark": true,
	}
	for name, source := range reversible() {
		t.Run(name, func(t *testing.T) {
			write(t, project, "wsgen.yaml", source)
			must(t, "generate", "-C", project)
			must(t, "add", "consumer", "chat", "-C", project)
			if err := os.RemoveAll(filepath.Join(project, ".wsgen", "local")); err != nil {
				t.Fatal(err)
			}
			must(t, "remove", "consumer", "chat", "-C", project)
			got := read(t, filepath.Join(project, "wsgen.yaml"))
			if got != source && !(gaveWay[name] && spec.Same([]byte(got), []byte(source))) {
				t.Errorf("left is\n%q\nwant\n%q", got, source)
			}
		})
	}
}
