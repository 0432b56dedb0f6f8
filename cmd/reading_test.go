package cmd

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestLargeFilesHoldNoStub: a file that is larger than any that people write is not read, to bound the memory.
func TestLargeFilesHoldNoStub(t *testing.T) {
	const source = "package consumers\n\ntype ChatConsumer struct{}\n"
	path := filepath.Join(t.TempDir(), "chat_consumer.go")
	for size, want := range map[int]int{largestFile: 1, largestFile + 1: 0} {
		put(t, path, source+strings.Repeat("\n", size-len(source)))
		if types := readGo(path).declares; len(types) != want {
			t.Errorf("%d types in %d bytes, want %d", len(types), size, want)
		}
	}
}
