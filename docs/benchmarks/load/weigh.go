package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// weigh measures the emitted service as a program: its size, and what its developer waits for.
func (w *workshop) weigh(ctx context.Context, f *figures) error {
	binary := filepath.Join(w.project(), "bench")
	about, err := os.Stat(binary)
	if err != nil {
		return err
	}
	f.Medians["weight"] = map[string]float64{"binary": float64(about.Size()) / (1 << 20)}
	again := w.project() + "-again" // in another folder its own packages are compiled anew, all else is not
	for _, s := range []struct {
		name, dir string
		args      []string
	}{
		{"build, cold", w.project(), []string{"build", "-o", "bench", "."}},
		{"build, warm", again, []string{"build", "-o", "bench", "."}},
		{"tests", again, []string{"test", "./..."}},
	} {
		if s.name == "build, warm" {
			if err := os.Rename(w.project(), again); err != nil {
				return err
			}
		}
		c := exec.CommandContext(ctx, "go", s.args...)
		c.Dir = s.dir
		c.Env = append(os.Environ(), "GOCACHE="+filepath.Join(w.dir, "cache"))
		begin := time.Now()
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("go %v: %w\n%s", s.args, err, out)
		}
		f.Medians["weight"][s.name] = time.Since(begin).Seconds()
	}
	return nil
}
