package merge

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// git answers what git merge-file makes of three texts, on this machine and now.
type git struct {
	path, dir string
}

// newGit skips the test where there is no git, and fails it in CI, where there is to be one.
func newGit(t testing.TB) *git {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("git is not installed, and CI must compare with it")
		}
		t.Skip("git is not installed")
	}
	return &git{path, t.TempDir()}
}

// merge runs in a folder of its own, with no configuration but the defaults.
func (g *git) merge(base, ours, theirs []byte) (Result, error) {
	for name, text := range map[string][]byte{"base": base, "ours": ours, "theirs": theirs} {
		if err := os.WriteFile(filepath.Join(g.dir, name), text, 0o600); err != nil {
			return Result{}, err
		}
	}
	cmd := exec.Command(g.path, "merge-file", "-p", "-L", labels.Ours, "-L", "base", "-L", labels.Theirs, "ours", "base", "theirs")
	cmd.Dir = g.dir
	cmd.Env = []string{"HOME=" + g.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES=" + filepath.Dir(g.dir)}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return Result{Text: text}, nil
	case errors.As(err, &exit) && stderr.Len() == 0 && exit.ExitCode() > 0 && exit.ExitCode() < 128:
		return Result{text, exit.ExitCode()}, nil // the number of conflicts, 127 for more
	default:
		return Result{}, errors.Join(err, errors.New(stderr.String()))
	}
}

// same compares two results as far as git tells.
func (g *git) same(a, b Result) bool {
	return bytes.Equal(a.Text, b.Text) && min(a.Conflicts, 127) == min(b.Conflicts, 127)
}
