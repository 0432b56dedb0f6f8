package ws

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"
)

func TestNewLogger(t *testing.T) {
	var out bytes.Buffer
	NewLogger(&out, slog.LevelInfo, false).Info("hello", "n", 1)
	var line struct {
		Msg string
		N   int
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Msg != "hello" || line.N != 1 {
		t.Errorf("outside debug: %q is not the line as JSON (%v)", out.String(), err)
	}

	out.Reset()
	NewLogger(&out, slog.LevelInfo, true).Info("hello", "n", 1)
	if !strings.Contains(out.String(), "msg=hello n=1") {
		t.Errorf("in debug: %q is not the line as text", out.String())
	}

	out.Reset()
	NewLogger(&out, slog.LevelError, true).Warn("hello")
	if out.Len() > 0 {
		t.Errorf("%q was logged below the level", out.String())
	}
}

func TestIsTerminal(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if isTerminal(f) || isTerminal(&bytes.Buffer{}) {
		t.Error("a file or a buffer passes for a terminal")
	}
}
