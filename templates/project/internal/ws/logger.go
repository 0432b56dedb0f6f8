package ws

import (
	"io"
	"log/slog"
	"os"
)

// NewLogger returns the service's logger: lines of text for a person, which is in debug and where w is a terminal, and JSON
// for a machine otherwise.
func NewLogger(w io.Writer, level slog.Leveler, debug bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if debug || isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// isTerminal reports whether w is a character device, which a terminal is and a pipe or a file is not.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
