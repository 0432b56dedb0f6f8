//go:build linux && smalldisk

package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk names a folder on a file system of a few megabytes of its own, which this test may fill. scripts/test-long.sh mounts one.
const smallDisk = "WSGEN_SMALL_DISK"

// TestSmallDisk runs every command that writes on a disk with less and less room, and holds each to this: where it fails, it says so
// and every file is as it was; once there is room again, the same command does its work.
func TestSmallDisk(t *testing.T) {
	disk := os.Getenv(smallDisk)
	if disk == "" {
		t.Fatal("needs a small disk of its own, named by " + smallDisk + ": scripts/test-long.sh has one")
	}
	for _, c := range []struct{ before, command string }{
		{"", "add consumer chat"},
		{"add consumer chat", "remove consumer chat"},
		{"add consumer chat", "rename consumer chat room"},
		{"add consumer chat", "undo"},
		{"add consumer chat", "add route /ws/more --to chat"},
	} {
		t.Run(c.command, func(t *testing.T) {
			refusals := 0
			for spare := int64(0); ; spare += 4 << 10 {
				done := onFullDisk(t, disk, spare, strings.Fields(c.before), strings.Fields(c.command))
				if done {
					break
				}
				refusals++
			}
			if refusals == 0 {
				t.Error("the disk was never full")
			}
			t.Logf("%d times there was not enough room", refusals)
		})
	}
}

// onFullDisk runs a command in a new project with the given number of bytes to spare, and says whether they were enough.
func onFullDisk(t *testing.T, disk string, spare int64, prepare, command []string) (enough bool) {
	t.Helper()
	dir, err := os.MkdirTemp(disk, "p")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}()
	work := filepath.Join(dir, "p")
	mustRun(t, dir, "new", "project", "p")
	if len(prepare) > 0 {
		mustRun(t, work, prepare...)
	}
	before := texts(t, work)
	filler := fill(t, dir, spare)
	out, code := runFor(t, work, command...)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if code == exitDone {
		return true
	}
	if !strings.Contains(out, "no space left") {
		t.Fatalf("with %d bytes to spare it exits with %d:\n%s", spare, code, out)
	}
	if !maps.Equal(before, texts(t, work)) {
		t.Fatalf("with %d bytes to spare it failed, and changed files:\n%s", spare, out)
	}
	mustRun(t, work, command...)
	mustRun(t, work, "check")
	return false
}

// fill takes all the room of a disk but for some bytes.
func fill(t *testing.T, dir string, spare int64) (filler string) {
	t.Helper()
	var room syscall.Statfs_t
	if err := syscall.Statfs(dir, &room); err != nil {
		t.Fatal(err)
	}
	free := int64(room.Bavail)*room.Bsize - spare
	if free < 0 || free > 64<<20 {
		t.Fatalf("%d bytes are free in %s: that is no small disk", free+spare, dir)
	}
	filler = filepath.Join(dir, "filler")
	err := os.WriteFile(filler, bytes.Repeat([]byte{1}, int(free)), 0o600)
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(fmt.Errorf("fill %s: %w", dir, err))
	}
	return filler
}
