// Package journal writes down what the service did, line by line, for a test to read when the service has been killed.
package journal

import (
	"errors"
	"fmt"
	"os"
	"strconv"
)

// Journal is a file that is only appended to. It is safe for concurrent use: each line is one write.
type Journal struct {
	file *os.File
	boot int
}

// Open opens the file that JOURNAL names. BOOT says which start of the service this is.
func Open() (*Journal, error) {
	boot, err := strconv.Atoi(os.Getenv("BOOT"))
	if err != nil {
		return nil, fmt.Errorf("BOOT: %w", err)
	}
	file, err := os.OpenFile(os.Getenv("JOURNAL"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &Journal{file: file, boot: boot}, nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

// Boot says which start of the service this is.
func (j *Journal) Boot() int { return j.boot }

// Published notes the nth message of a stream.
func (j *Journal) Published(stream, epoch string, offset uint64, n int) error {
	return j.line("p %s %s %d %d %d\n", stream, epoch, offset, j.boot, n)
}

// Unsure notes that nobody knows what became of the nth message of a stream: it was answered with an error.
func (j *Journal) Unsure(stream string, n int) error {
	return j.line("u %s %d %d\n", stream, j.boot, n)
}

// Effect notes that a client's command took effect.
func (j *Journal) Effect(client string, k int) error {
	if k < 1 {
		return errors.New("commands are counted from 1")
	}
	return j.line("e %s %d %d\n", client, j.boot, k)
}

func (j *Journal) line(format string, args ...any) error {
	_, err := fmt.Fprintf(j.file, format, args...)
	return err
}
