package emit

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// strangeVersions are versions that no wsgen has, as a repository may bring them along.
func strangeVersions() []string {
	return []string{"\x1b]0;gotcha\a", "1.0.0\r\n::error::gotcha", "1.0.0 (mine)", strings.Repeat("9", 1<<20), "1.0.0\u202e", "\xff"}
}

// TestVersionsAreNotBelieved: what a manifest or the state of an upgrade names as the version of wsgen goes into messages.
func TestVersionsAreNotBelieved(t *testing.T) {
	for _, strange := range strangeVersions() {
		quoted, err := json.Marshal(strange)
		if err != nil {
			t.Fatal(err)
		}
		dir := project(t, sample())
		whole := read(t, dir, ManifestPath)
		write(t, dir, ManifestPath, strings.Replace(whole, `"`+testVersion+`"`, string(quoted), 1))
		write(t, dir, statePath, `{"from": `+string(quoted)+`, "to": `+string(quoted)+`, "files": ["main.go"]}`)
		tree := open(t, dir)
		if u := tree.Upgrading(); tree.Recorded() != "" || u.From != "" || u.To != "" {
			t.Errorf("%.30q is believed: recorded %.30q, from %.30q to %.30q", strange, tree.Recorded(), u.From, u.To)
		}
		p := plan(t, tree, sample())
		if o := op(t, p, ManifestPath); !strings.Contains(o.Reason, "names a version of wsgen that there cannot be") {
			t.Errorf("%.30q: %s", strange, o.Reason)
		}
		if err := tree.Apply(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if got := read(t, dir, ManifestPath); got != whole {
			t.Errorf("%.30q: not mended:\n%s", strange, got)
		}

		write(t, dir, ManifestPath, `{"format": 7, "wsgen": `+string(quoted)+`}`)
		var format *FormatError
		if _, err := Open(dir); !errors.As(err, &format) || format.Version != "" {
			t.Errorf("%.30q: %.200v", strange, err)
		}
	}
}

// TestUpgradeStateWithOneFileManyTimes tells of each place once.
func TestUpgradeStateWithOneFileManyTimes(t *testing.T) {
	dir := project(t, sample())
	write(t, dir, "main.go", "<<<<<<< yours\n=======\n>>>>>>> wsgen 2.0.0\n")
	write(t, dir, statePath, `{"from": "1.2.3", "to": "2.0.0", "files": ["main.go", "x.go"`+strings.Repeat(`, "main.go"`, 1000)+`]}`)
	if u := open(t, dir).Upgrading(); len(u.Open) != 1 || strings.Join(u.Files, " ") != "main.go x.go" {
		t.Errorf("%d places in %d files", len(u.Open), len(u.Files))
	}
}

// TestJournalThatNoRunWrote changes nothing, and says what to do about it.
func TestJournalThatNoRunWrote(t *testing.T) {
	for _, text := range []string{
		"", "\x1b[2J", "[]", `{"drops": -1}`, `{"drops": 9999999999999999999}`, `{"steps": [{"path": "../outside", "new": "x"}]}`,
		`{"dirs": ["/outside"]}`, `{"clear": [".git/hooks"]}`, `{"modes": {"..": 0}}`, `{"steps": [{"path": "a"}, {"path": "a"}]}`,
	} {
		for _, record := range []string{redoRecord, undoRecord} {
			dir := project(t, sample())
			write(t, dir, record, text)
			before := users(snapshot(t, dir))
			_, err := open(t, dir).Recover(t.Context())
			if path := (*PathError)(nil); !errors.As(err, &path) || !strings.Contains(err.Error(), "remove the folder "+runDir) {
				t.Errorf("%s: %v", text, err)
			}
			mustEqual(t, users(snapshot(t, dir)), before)
		}
	}
}
