package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"wsgen/generator/emit"
)

// lookAtGit looks whether git leaves out what it should keep: a checkout without the manifest or a base is one that no upgrade and
// no check can work with.
func (e *examination) lookAtGit(ctx context.Context) error {
	const name = "git"
	if !inRepository(e.dir) {
		e.well(name, "no repository around the project")
		return nil
	}
	git, err := exec.LookPath("git")
	if err != nil {
		e.ill(name, "install git, or add it to PATH", "the project lies in a repository, and git is not in PATH: whether it ignores what wsgen recorded cannot be told")
		return nil
	}
	ignored, err := e.ignored(ctx, git, e.recorded())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		e.ill(name, "run it by hand: "+enter(e.shown(e.dir))+"git status", "git cannot be asked about %s: %v", e.shown(e.dir), err)
		return nil
	}
	told := map[string]bool{}
	for _, file := range ignored { // one rule may be about all of them
		if !told[file.rule] {
			told[file.rule] = true
			e.illAt(name, file.path, "take that line out, or add !"+file.path+" after it; then commit what it hid",
				"git ignores it (%s), so that others and CI can neither check nor upgrade", file.rule)
		}
	}
	if len(ignored) == 0 {
		e.well(name, "%s keeps what wsgen recorded", git)
	}
	return nil
}

// inRepository says whether dir, or a folder above it, holds a repository.
func inRepository(dir string) bool {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
		dir = filepath.Dir(dir)
	}
}

// recorded returns the files that wsgen keeps and that are to be committed.
func (e *examination) recorded() []string {
	files := []string{emit.ManifestPath}
	_ = filepath.WalkDir(filepath.Join(e.dir, filepath.FromSlash(baseFolder)), func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what cannot be read is told elsewhere
		}
		if rel, err := filepath.Rel(e.dir, p); err == nil {
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	return files
}

// ignoredFile is a file that git ignores, and the rule that makes it.
type ignoredFile struct {
	path string
	rule string // "file:line: pattern"
}

// ignored asks git which of the files it ignores. Source of the form: git-check-ignore(1), "OUTPUT": with -v and -z each is told
// in four fields, the file of the rule, its line, the pattern and the path. Exit code 1 says that there is none. The file system
// monitor that a repository may name is not started.
func (e *examination) ignored(ctx context.Context, git string, files []string) (found []ignoredFile, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := exec.CommandContext(ctx, git, "-c", "core.fsmonitor=false", "check-ignore", "-v", "-z", "--stdin")
	c.Dir = e.dir
	c.Stdin = strings.NewReader(strings.Join(files, "\x00") + "\x00")
	c.WaitDelay = time.Second
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return nil, nil
	}
	if err != nil {
		if text := strings.TrimSpace(errs.String()); text != "" {
			err = errors.New(text)
		}
		return nil, err
	}
	fields := strings.Split(string(out), "\x00")
	for ; len(fields) >= 4; fields = fields[4:] {
		if !strings.HasPrefix(fields[2], "!") { // a pattern that takes the file back in
			found = append(found, ignoredFile{path: fields[3], rule: fields[0] + ":" + fields[1] + ": " + fields[2]})
		}
	}
	return found, nil
}
