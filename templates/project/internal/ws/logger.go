package ws

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
)

// NewLogger returns the service's logger: lines of text for a person, which is in debug and where w is a terminal, and JSON
// for a machine otherwise.
func NewLogger(w io.Writer, level slog.Leveler, debug bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if debug || isTerminal(w) {
		shared := &lockedWriter{w: w}
		return slog.New(&stackHandler{Handler: slog.NewTextHandler(shared, options), w: shared})
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

// stackKey is the attribute that holds the stack of a panic.
const stackKey = "stack"

// stackHandler writes the stack of a panic below its line, as Go prints it: a slog.TextHandler makes one quoted line of it. All
// else stays quoted, since a client may have a part in it, and could forge lines.
type stackHandler struct {
	slog.Handler
	w io.Writer // what Handler writes to
}

// Handle implements slog.Handler.
func (h *stackHandler) Handle(ctx context.Context, r slog.Record) error {
	stack := ""
	line := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == stackKey {
			stack = a.Value.String()
		} else {
			line.AddAttrs(a)
		}
		return true
	})
	if err := h.Handler.Handle(ctx, line); err != nil || stack == "" {
		return err
	}
	_, err := io.WriteString(h.w, stack)
	return err
}

// WithAttrs implements slog.Handler.
func (h *stackHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &stackHandler{Handler: h.Handler.WithAttrs(attrs), w: h.w}
}

// WithGroup implements slog.Handler.
func (h *stackHandler) WithGroup(name string) slog.Handler {
	return &stackHandler{Handler: h.Handler.WithGroup(name), w: h.w}
}

// lockedWriter lets one write at a time through.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
