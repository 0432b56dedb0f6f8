package emit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"wsgen/generator/render"
)

// statePath is where an upgrade that left both sides in files is remembered until the user has chosen between them.
const statePath = localDir + "/upgrade.json"

// Upgrading is an upgrade that left both sides of a merge in files of the user's.
type Upgrading struct {
	From, To string   // the versions of wsgen; "" where they are not known
	Files    []string // in which it left conflict markers, sorted
	Open     []Marker // where they still stand, one for each place that holds both sides; sorted
}

// Marker is a conflict marker in a file of the user's.
type Marker struct {
	Path string
	Line int // from 1
}

// String returns the place as it is written in messages.
func (m Marker) String() string { return fmt.Sprintf("%s:%d", m.Path, m.Line) }

// upgradeState is the state as it stands in its file.
type upgradeState struct {
	From  string   `json:"from"`
	To    string   `json:"to"`
	Files []string `json:"files"`
}

// ErrNoUpgrade is the error of [Tree.PlanContinue] where no upgrade waits for the user.
var ErrNoUpgrade = errors.New("no upgrade is under way")

// MarkersError says that an upgrade cannot be completed because files still hold both sides of a merge.
type MarkersError struct {
	Open []Marker
}

// Error lists the places, and says what to do there.
func (e *MarkersError) Error() string {
	places := make([]string, len(e.Open))
	for i, m := range e.Open {
		places[i] = "\n  " + m.String()
	}
	return fmt.Sprintf("%s both sides of the merge still: choose between them, and delete the lines with the markers%s",
		count(len(e.Open), "place holds", "places hold"), strings.Join(places, ""))
}

// Upgrading returns the upgrade that waits for the user to choose between two sides, or nil.
func (t *Tree) Upgrading() *Upgrading { return t.upgrading }

// Markers returns where files of the user's hold both sides of a merge that an upgrade left there, sorted: also in a checkout where nothing
// is remembered of that upgrade. It reads only.
func (t *Tree) Markers() (found []Marker, err error) {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	var files []string
	for _, p := range slices.Sorted(maps.Keys(t.manifest.files)) {
		if t.manifest.files[p].owner == render.Yours {
			files = append(files, p)
		}
	}
	lines := make([][]int, len(files))
	err = parallel(len(files), func(i int) error {
		info, err := root.Lstat(files[i])
		if err != nil || !info.Mode().IsRegular() || info.Size() > mergeLimit {
			return nil // gone, or nothing that an upgrade merges into
		}
		text, err := root.ReadFile(files[i])
		if err != nil {
			return err
		}
		if hasLine(text, "<<<<<<< "+oursLabel) {
			lines[i] = leftMarkers(text)
		}
		return nil
	})
	for i, p := range files {
		for _, line := range lines[i] {
			found = append(found, Marker{Path: p, Line: line})
		}
	}
	return found, err
}

// PlanContinue returns the plan that completes an upgrade: it forgets that there was one to complete. No file of the user's is
// changed by it. The error is [ErrNoUpgrade] where there is none, and a *[MarkersError] where one of its files still holds a
// conflict marker.
func (t *Tree) PlanContinue(o Options) (*Plan, error) {
	if t.upgrading == nil {
		return nil, ErrNoUpgrade
	}
	if len(t.upgrading.Open) > 0 {
		return nil, &MarkersError{Open: t.upgrading.Open}
	}
	return &Plan{
		Recorded: t.manifest.version,
		command:  o.Command,
		manifest: manifest{version: t.manifest.version, files: maps.Clone(t.manifest.files)},
		own:      map[string][]byte{statePath: nil},

		asRecorded: true,
	}, nil
}

// Open returns the places in which the plan leaves both sides of a merge in files of the user's, sorted: those that
// [Upgrading.Open] lists once it is carried out.
func (p *Plan) Open() (open []Marker) {
	for i := range p.Ops {
		op := &p.Ops[i]
		if op.Conflicts == 0 || op.Action != Update {
			continue
		}
		for _, line := range openMarkers(op.Path, op.New, p.manifest.version) {
			open = append(open, Marker{Path: op.Path, Line: line})
		}
	}
	return open
}

// remember enters into a plan what is to be known of it until the user has chosen between the sides that it leaves in files.
func (p *Plan) remember(version string) error {
	state := upgradeState{From: p.Recorded, To: version}
	for i := range p.Ops {
		if op := &p.Ops[i]; op.Conflicts > 0 && op.Action == Update {
			state.Files = append(state.Files, op.Path)
		}
	}
	if len(state.Files) == 0 {
		return nil
	}
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	p.own[statePath] = append(text, '\n')
	return nil
}

// readUpgrading reads what an upgrade left to be remembered, and looks into its files. A state that cannot be read is one of
// which nothing is known but that it is there.
func readUpgrading(root *os.Root) (*Upgrading, error) {
	text, err := readOwn(root, statePath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var state upgradeState
	if err := json.Unmarshal(text, &state); err != nil {
		return &Upgrading{}, nil
	}
	slices.Sort(state.Files)
	state.Files = slices.Compact(state.Files)
	u := &Upgrading{}
	u.From, _ = versionName(state.From)
	u.To, _ = versionName(state.To)
	survey := newSurvey(root)
	for _, p := range state.Files {
		if checkFile(p) != nil {
			continue
		}
		u.Files = append(u.Files, p)
		at, err := survey.at(p)
		if err != nil {
			return nil, err
		}
		if at.presence != regular {
			continue
		}
		text, err := root.ReadFile(p)
		if err != nil {
			return nil, err
		}
		for _, line := range openMarkers(p, text, u.To) {
			u.Open = append(u.Open, Marker{Path: p, Line: line})
		}
	}
	return u, nil
}
