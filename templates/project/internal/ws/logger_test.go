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

// TestStackIsReadable: below the line of its panic in debug, and quoted for machines. Nothing else breaks the line.
func TestStackIsReadable(t *testing.T) {
	for _, debug := range []bool{true, false} {
		var out bytes.Buffer
		log := NewLogger(&out, slog.LevelInfo, debug).With("service", "s").WithGroup("g")
		log.Error("panic", "panic", "a\nb", stackKey, "goroutine 1\n\tmain.go:1\n", "n", 1)
		want := `msg=panic service=s g.panic="a\nb" g.n=1` + "\ngoroutine 1\n\tmain.go:1\n"
		if !debug {
			want = `"g":{"panic":"a\nb","stack":"goroutine 1\n\tmain.go:1\n","n":1}}` + "\n"
		}
		if !strings.HasSuffix(out.String(), want) {
			t.Errorf("debug %v: %s\nwant the end: %s", debug, out.String(), want)
		}
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
