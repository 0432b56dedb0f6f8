package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wsgen/golden/cutproxy"
)

// mutant is a fault that is put into an emitted service, and what the checker has to say of it.
type mutant struct {
	name  string
	edits []edit
	run   func(l *lab) []string
	want  string // a part of one of the faults
}

// edit replaces the one place in a file where a text stands.
type edit struct{ file, old, new string }

// broken returns a condition that holds in the mutant alone.
func broken(name string) string { return `(os.Getenv("MUTANT") == "` + name + `")` }

// mutants lists the faults. All of them are built into one binary, and the environment chooses.
func mutants() []mutant {
	stormy := func(l *lab) []string {
		l.rules.Whole = true
		return stormFaults(l, 2_000)
	}
	return []mutant{
		{
			"replay leaves a message out",
			[]edit{{"internal/ws/pump.go", "if e.Offset <= p.at.Offset {", "if e.Offset <= p.at.Offset || " + broken("replay leaves a message out") + " && e.Offset%41 == 0 {"}},
			stormy, "1 messages are missing, unsaid",
		},
		{
			"live before the replay is complete",
			[]edit{
				{"internal/ws/pump.go", `return p.reason == "" && p.at == Position{`,
					`return ` + broken("live before the replay is complete") + ` || p.reason == "" && p.at == Position{`},
				{"internal/ws/follow.go", "case t.epoch == f.at.Epoch && t.top > f.at.Offset:",
					"case !" + broken("live before the replay is complete") + " && t.epoch == f.at.Epoch && t.top > f.at.Offset:"},
			},
			stormy, "are missing, unsaid",
		},
		{
			"the epoch is not looked at",
			[]edit{{"internal/ws/pump.go", "\t\tp.reason = resetRestarted\n\tcase page.Top < p.at.Offset:",
				"\t\tif p.reason = resetRestarted; " + broken("the epoch is not looked at") + " {\n\t\t\tp.reason, p.at.Epoch = \"\", page.Epoch\n\t\t}\n\tcase page.Top < p.at.Offset:"}},
			func(l *lab) []string {
				l.rules.Resets = []string{"restarted"}
				return killedFaults(l, 3, 500)
			}, "of another start of the service, unsaid",
		},
		{
			"nobody asks how far back the history goes",
			[]edit{{"internal/ws/pump.go", "case page.Since > p.at.Offset:", "case !" + broken("nobody asks how far back the history goes") + " && page.Since > p.at.Offset:"}},
			func(l *lab) []string {
				l.rules.Resets = []string{"trimmed"}
				return fullRingFaults(l)
			}, "are missing, unsaid",
		},
		{
			"a command counts as done though its handler gave up",
			[]edit{{"internal/ws/command.go", "!s.gaveUp(err)", broken("a command counts as done though its handler gave up") + " || !s.gaveUp(err)"}},
			stormy, "was acknowledged and took no effect",
		},
		{
			"commands that were done are forgotten",
			[]edit{{"internal/ws/command.go", "return done, nil", "return map[bool]turn{true: run, false: done}[" +
				broken("commands that were done are forgotten") + "], nil"}},
			stormy, "took effect again",
		},
		{
			"the client forgets where it stands",
			[]edit{{"client/streams.js", "...this.#positions.get(said.name)", "...(process.env.MUTANT === \"the client forgets where it stands\" ? {} : this.#positions.get(said.name))"}},
			func(l *lab) []string {
				l.env = nil
				l.nodeEnv = []string{"MUTANT=the client forgets where it stands"}
				return stormy(l)
			}, "came again",
		},
	}
}

// The checker is worth something: it finds each fault that is put into the service.
func TestCutsFindFaults(t *testing.T) {
	dir := emitCut(t)
	for _, m := range mutants() {
		for _, e := range m.edits {
			e.apply(t, dir)
		}
	}
	bin := build(t, dir)
	t.Run("none", func(t *testing.T) {
		l := newLab(t, dir, bin, cutproxy.Storm(5_000))
		l.rules.Whole = true
		l.report(stormFaults(l, 2_000))
	})
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			// Most take a coincidence to show.
			for range 5 {
				l := newLab(t, dir, bin, cutproxy.Storm(5_000), "MUTANT="+m.name)
				l.patient = patience / 60
				faults := m.run(l)
				if strings.Contains(strings.Join(faults, "\n"), m.want) {
					return
				}
				t.Logf("not this time: %q", faults)
			}
			t.Errorf("nobody notices; want %q", m.want)
		})
	}
}

// apply makes the edit. The files are those of the test.
func (e edit) apply(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, filepath.FromSlash(e.file))
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), e.old); n != 1 {
		t.Fatalf("%s holds %d times what a fault is to be put into; bring mutants up to date:\n%s", e.file, n, e.old)
	}
	after := strings.Replace(string(text), e.old, e.new, 1)
	if strings.Contains(e.new, "os.Getenv") && !strings.Contains(after, "\n\t\"os\"\n") {
		after = strings.Replace(after, "import (\n", "import (\n\t\"os\"\n", 1)
	}
	if err := os.WriteFile(name, []byte(after), 0o644); err != nil {
		t.Fatal(err)
	}
}
