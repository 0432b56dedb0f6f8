package cmd

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestChangeWithoutManifest: a command that changes the spec works where the manifest is lost, as where it is not, and leaves what
// it leaves then.
func TestChangeWithoutManifest(t *testing.T) {
	for _, args := range [][]string{
		{"add", "consumer", "room"},
		{"add", "route", "/ws/more", "--to", "chat"},
		{"remove", "consumer", "chat"},
		{"remove", "route", "/ws/chat"},
		{"rename", "consumer", "chat", "room"},
	} {
		t.Run(args[0]+" "+args[1], func(t *testing.T) {
			var trees [2]string
			for i := range trees {
				dir := t.TempDir()
				must(t, "new", "updater", "-q", "-C", dir)
				project := filepath.Join(dir, "updater")
				must(t, "add", "consumer", "chat", "-q", "-C", project)
				if i == 1 {
					if err := os.Remove(filepath.Join(project, ".wsgen", "manifest.json")); err != nil {
						t.Fatal(err)
					}
				}
				must(t, append(args, "-q", "-C", project)...)
				trees[i] = treeOf(t, project)
			}
			sameTree(t, "without the manifest", trees[1], trees[0])
		})
	}
}

// TestChangeOfAnOlderProject: a command that changes the spec of a project that an older wsgen wrote says, as generate does, that
// files of the user's are left behind: it records this version, and check finds nothing more.
func TestChangeOfAnOlderProject(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "upgrade", "project.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	const stub = "consumers/chat_consumer.go"
	for _, c := range []struct {
		line string
		left int // the stub of chat, .github/workflows/ci.yml, Makefile, README.md, web/index.html
	}{
		{"add consumer room", 5},
		{"add route /ws/more --to chat", 5},
		{"remove route /ws/updates/{job}", 5},
		{"remove consumer ver_update", 5},
		{"remove consumer chat", 4},
		{"rename consumer chat room", 5},
		{"rename consumer ver_update room", 5},
	} {
		t.Run(c.line, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range archive.Files {
				put(t, filepath.Join(dir, filepath.FromSlash(f.Name)), string(f.Data))
			}
			// The stub as a still older template would have had it, and nobody has edited it.
			old := read(t, filepath.Join(dir, stub)) + "\n// ChatConsumer is done.\n"
			write(t, dir, stub, old)
			write(t, dir, ".wsgen/base/"+stub, old)
			line := regexp.MustCompile(`("path":"` + stub + `","owner":"yours","sha256":)"[0-9a-f]+"`)
			manifest := read(t, filepath.Join(dir, ".wsgen", "manifest.json"))
			write(t, dir, ".wsgen/manifest.json", line.ReplaceAllString(manifest, fmt.Sprintf(`$1"%x"`, sha256.Sum256([]byte(old)))))

			args := append(strings.Fields(c.line), "-C", dir)
			if out, errs := must(t, append(args, "-n")...); strings.Contains(out, "left as") || strings.Contains(errs, "next: wsgen upgrade") {
				t.Errorf("a dry run leaves nothing behind:\n%s%s", out, errs)
			}
			out, errs := must(t, args...)
			want := fmt.Sprintf("%d files of yours left as wsgen 0.1.0 wrote: wsgen upgrade merges into them what is new\n", c.left)
			if !strings.Contains(out, want) || !strings.HasSuffix(errs, "next: wsgen upgrade\n") {
				t.Errorf("%q is not in\n%s%s", want, out, errs)
			}
			must(t, "upgrade", "-C", dir)
			must(t, "upgrade", "--check", "-C", dir)
			if out, errs := must(t, append(strings.Fields("add consumer last"), "-C", dir)...); strings.Contains(out+errs, "upgrade") {
				t.Errorf("once upgraded: %s%s", out, errs)
			}
		})
	}
}
