package cmd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhereARouteLeads: on a terminal the consumer is asked for, and the command that asks nothing is printed.
func TestWhereARouteLeads(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "updater", "--consumer", "chat", "--consumer", "tick")
	project := filepath.Join(dir, "updater")
	p, out, errs, code := atTerminal(t, []string{"tick"}, "add", "route", "/ws/{n:int}", "-C", project)
	if code != exitDone || !slices.Equal(p.asked, []string{"Consumer of /ws/{n:int}"}) {
		t.Fatalf("asked %q, exit code %d: %s", p.asked, code, errs)
	}
	if want := "the same without questions:\n  wsgen add route '/ws/{n:int}' --to tick"; !strings.Contains(out, want) {
		t.Errorf("%q is not in\n%s", want, out)
	}
	if spec := read(t, filepath.Join(project, "wsgen.yaml")); !strings.Contains(spec, "  /ws/{n:int}: tick\n") {
		t.Errorf("the route is not in\n%s", spec)
	}

	before, err := describe(project)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, code := atTerminal(t, nil, "add", "route", "/ws/other", "-C", project); code != exitInterrupted {
		t.Errorf("leaving the question exits with %d", code)
	}
	if now, err := describe(project); err != nil || now != before {
		t.Errorf("something was written (%v)", err)
	}
}

// TestNothingToLeadTo: where the spec has no consumer nothing is asked, and the command that adds one is named.
func TestNothingToLeadTo(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "updater")
	project := filepath.Join(dir, "updater")
	text := "version: 1\nservice: updater\nmodule: example.com/updater\n"
	if err := os.WriteFile(filepath.Join(project, "wsgen.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, _, errs, code := atTerminal(t, nil, "add", "route", "/ws/other", "-C", project)
	if code != exitUsage || len(p.asked) > 0 || !strings.Contains(errs, "wsgen add consumer NAME --path /ws/other") {
		t.Errorf("asked %q, exit code %d: %s", p.asked, code, errs)
	}
}
