package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"wsgen/generator/spec"
)

// runWith runs wsgen in this process; terminal says whether its errors go to one.
func runWith(t *testing.T, terminal bool, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	h := &host{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs, stderrIsTerminal: terminal,
		getenv: func(name string) string { return map[string]string{"NO_COLOR": "1"}[name] },
	}
	code = run(t.Context(), args, h)
	return out.String(), errs.String(), code
}

// TestExplainEveryCode explains every code, in each of its spellings, within a screen's width and height.
func TestExplainEveryCode(t *testing.T) {
	for _, e := range spec.Explanations() {
		want, stderr, code := runWith(t, true, "explain", e.Code)
		if code != exitDone || stderr != "next: wsgen validate\n" {
			t.Fatalf("explain %s exits with %d: %s", e.Code, code, stderr)
		}
		for _, part := range []string{e.Code + ": " + e.Title, "\nWrong:\n", "wsgen.yaml:", " " + e.Code + ": ", "\nRight:\n\n    version: 1\n"} {
			if !strings.Contains(want, part) {
				t.Errorf("explain %s lacks %q:\n%s", e.Code, part, want)
			}
		}
		if n := strings.Count(want, "\n"); n > 60 || len(want) > 5000 {
			t.Errorf("explain %s prints %d lines and %d bytes", e.Code, n, len(want))
		}
		if strings.ContainsFunc(want, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }) {
			t.Errorf("explain %s prints what a terminal obeys: %q", e.Code, want)
		}
		for _, arg := range []string{strings.ToLower(e.Code), e.Code[2:], strings.TrimLeft(e.Code[2:], "0")} {
			if got, _, _ := runWith(t, true, "explain", arg); got != want {
				t.Errorf("explain %s is not explain %s:\n%s", arg, e.Code, got)
			}
		}
	}
}

// TestExplainIsSuggested tells a person, once and last, how to hear more of the first error; a log is left alone.
func TestExplainIsSuggested(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "wsgen.yaml")
	if err := os.WriteFile(broken, []byte("version: 2\nservice: updater\nmodule: net/x\nmore: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const line = "next: wsgen explain WS0105\n"
	_, stderr, code := runWith(t, true, "validate", broken)
	if code != exitSpec || !strings.HasSuffix(stderr, "\n"+line) || strings.Count(stderr, "wsgen explain") != 1 {
		t.Errorf("on a terminal, exit %d:\n%s", code, stderr)
	}
	for _, args := range [][]string{{"validate", broken, "-q"}, {"validate", broken, "--json"}} {
		if _, stderr, _ := runWith(t, true, args...); strings.Contains(stderr, "explain") {
			t.Errorf("wsgen %s:\n%s", strings.Join(args, " "), stderr)
		}
	}
	if _, stderr, _ := runWith(t, false, "validate", broken); strings.Contains(stderr, "explain") {
		t.Errorf("into a file:\n%s", stderr)
	}
}
