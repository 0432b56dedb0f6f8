package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"wsgen/generator/emit"
	"wsgen/generator/spec"
)

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, exitDone},
		{errors.New("anything"), exitInternal},
		{failure(fs.ErrPermission, "", "read"), exitInternal},
		{usage("", "a"), exitUsage},
		{fmt.Errorf("--mode: %w", usage("", "a")), exitUsage},
		{drift("", "a"), exitDrift},
		{&specError{file: &spec.File{}}, exitSpec},
		{&specError{file: &spec.File{}, argument: "--path x"}, exitUsage},
		{&emit.ConflictError{}, exitConflict},
		{&emit.NotEmptyError{}, exitGuard},
		{&emit.LockedError{}, exitGuard},
		{fmt.Errorf("wsgen.yaml: %w", &emit.ChangedError{Path: "wsgen.yaml"}), exitGuard},
		{&emit.TargetError{}, exitGuard},
		{&emit.Interrupted{}, exitGuard},
		{&spec.UnsafeSpliceError{}, exitGuard},
		{fmt.Errorf("stage: %w; no file was changed", context.Canceled), exitInterrupted},
		{errors.Join(errInterrupted, errors.New("the terminal is gone")), exitInterrupted},
		{childExit{7}, 7},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("exitCode(%T %v) = %d, want %d", c.err, c.err, got, c.want)
		}
	}
}
