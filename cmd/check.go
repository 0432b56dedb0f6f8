package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

type checkOptions struct {
	*app
	format format
}

func newCheckCmd(a *app) *cobra.Command {
	o := &checkOptions{app: a}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "For CI: is the spec valid, and is the project what it asks for? exit 4 if not",
		Long: `Check the spec, and compare the project with what generate would make of it: what is missing, outdated, stale or edited
by hand, whether a run was interrupted or an upgrade is in progress. Where the spec is invalid it says as well what can be told
without one. It writes nothing. Exit codes: 0 all is well, 3 invalid spec, 4 drift.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCheck(cmd.Context(), o) },
	}
	o.format.register(cmd.Flags())
	return cmd
}

// finding is one thing that check, or a command that refuses, has to say: a place, a fact and a way out.
type finding struct {
	// Kind is missing, pending, hand-edited, stale, outdated, blocked, interrupted or upgrading.
	Kind   string `json:"kind"`
	Path   string `json:"path"` // relative to root, with slashes
	Fact   string `json:"fact"`
	WayOut string `json:"way_out"`
}

func runCheck(ctx context.Context, o *checkOptions) error {
	if err := o.format.settle(o.app); err != nil {
		return err
	}
	dir, err := o.findProject()
	if err != nil {
		return err
	}
	var p *project
	var specErr error
	if !begun(dir) { // else the spec may be one of the files that are still to be written
		p, specErr = o.loadProject(ctx, dir)
	}
	if o.format.value == formatGitHub {
		o.annotateSpec()
	}
	var invalid *specError
	if specErr != nil && !errors.As(specErr, &invalid) {
		return specErr
	}
	plan, err := o.look(dir, p)
	if err != nil {
		return err
	}
	o.printFindings(dir)
	if specErr != nil {
		o.suggest("correct %s, then: wsgen check", shellWord(o.shown(filepath.Join(dir, render.SpecPath))))
		return specErr
	}
	if plan != nil && o.flags.diff && o.format.value == formatText {
		for _, op := range plan.Changes() {
			o.resultf("%s", o.paintDiff(op.Diff()))
		}
	}
	if n := len(o.report.Findings); n > 0 {
		return drift("what to do stands below each of them; wsgen diff shows what wsgen generate would change",
			"the project is not what %s asks for: %s", o.shown(filepath.Join(dir, render.SpecPath)), counted(n, "finding"))
	}
	if o.format.value == formatText {
		o.notef("%s and the project agree: %s\n", p.file.Name, counted(len(plan.Ops), "file"))
	}
	o.suggest("go test ./...")
	return nil
}

// look finds everything there is to say about the project in dir beside its spec. Without a valid spec p is nil. The plan is nil
// where none can be made.
func (o *checkOptions) look(dir string, p *project) (*emit.Plan, error) {
	o.report.Findings = []finding{}
	tree, err := emit.Open(dir)
	var newer *emit.FormatError
	if errors.As(err, &newer) {
		o.found(finding{string(emit.Outdated), emit.ManifestPath, unknownFormat(newer), wayOutOfNewer})
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	run := tree.Interrupted()
	if run != nil && run.Running {
		return nil, run // what another run is changing is neither drift nor the lack of it
	}
	o.found(interruption(run)...)
	upgrading, err := unfinishedUpgrade(tree)
	if err != nil {
		return nil, err
	}
	o.found(upgrading...)
	if isNewer(tree.Recorded()) {
		o.found(finding{string(emit.Outdated), emit.ManifestPath, writtenBy(tree.Recorded()), wayOutOfNewer})
	}
	halfway := run != nil && run.Committed // then what was changed would look like edits by hand
	if p == nil {
		if halfway {
			return nil, nil
		}
		o.found(older(tree)...)
		ops, err := tree.Verify()
		o.found(drifted(tree, ops)...)
		return nil, err
	}
	files, err := p.files(p.file.Source)
	if err != nil {
		return nil, err
	}
	plan, err := tree.Plan(files, o.options(""))
	if err != nil {
		return nil, err
	}
	o.report.addPlan(plan, o.flags.diff)
	if halfway {
		return plan, nil
	}
	behind, err := o.leftBehind(tree, files)
	if err != nil {
		return nil, err
	}
	all := append(drifted(tree, plan.Drift()), behind...)
	slices.SortStableFunc(all, func(a, b finding) int { return strings.Compare(a.Path, b.Path) })
	o.found(all...)
	return plan, nil
}

// unknownFormat says that a manifest is in the format of a later wsgen.
func unknownFormat(e *emit.FormatError) string {
	by := "a newer wsgen"
	if e.Version != "" {
		by = "wsgen " + e.Version
	}
	return fmt.Sprintf("written by %s in format %d, which wsgen %s does not know", by, e.Format, version)
}

func (o *checkOptions) found(more ...finding) {
	o.report.Findings = append(o.report.Findings, more...)
}

// interruption is the finding about a run that began to write and did not end.
func interruption(run *emit.Interrupted) []finding {
	switch {
	case run == nil:
		return nil
	case run.Committed:
		return []finding{{"interrupted", wsgenFolder, "an earlier run of wsgen was interrupted while it changed files",
			"wsgen generate finishes it or rolls it back; what else there is to say can be told once it has ended"}}
	}
	return []finding{{"interrupted", wsgenFolder, "an earlier run of wsgen was interrupted before it changed any file",
		"wsgen generate clears it away"}}
}

// unfinishedUpgrade are the findings about an upgrade that waits for the user, and about each place that holds both sides of a merge,
// also where nothing is known of the upgrade: the markers were committed, say.
func unfinishedUpgrade(tree *emit.Tree) (found []finding, err error) {
	open, err := tree.Markers()
	if err != nil {
		return nil, err
	}
	if u := tree.Upgrading(); u != nil {
		found = append(found, finding{"upgrading", wsgenFolder, upgradeInProgress(u), wayOutOfUpgrade})
		for _, m := range u.Open {
			if !slices.Contains(open, m) {
				open = append(open, m)
			}
		}
	}
	for _, m := range open {
		found = append(found, finding{"upgrading", m.Path, fmt.Sprintf("line %d: both sides of a merge stand here", m.Line),
			"choose between them, and delete the lines with the markers"})
	}
	return found, nil
}

// drifted are the findings about files that are not as they should be. In the project of a newer wsgen those that this one would
// write differently, write or delete are no findings: it is this wsgen that is too old.
func drifted(tree *emit.Tree, ops []emit.Op) (found []finding) {
	for _, op := range ops {
		switch op.State {
		case emit.Outdated, emit.Pending, emit.Stale:
			if isNewer(tree.Recorded()) {
				continue
			}
		}
		f := finding{Kind: kindOf(op), Path: op.Path, Fact: op.Reason, WayOut: op.Fix}
		if f.Fact == "edited by hand" { // the kind says so
			f.Fact = "changed since wsgen wrote it"
		}
		found = append(found, f)
	}
	return found
}

// older is the finding about the project of an older wsgen of which no more can be told: which files are outdated, the spec says.
func older(tree *emit.Tree) []finding {
	recorded := tree.Recorded()
	if recorded == "" || recorded == version || isNewer(recorded) {
		return nil
	}
	return []finding{{string(emit.Outdated), emit.ManifestPath, writtenBy(recorded), "wsgen upgrade, once the spec is valid"}}
}

// leftBehind are the findings about files of the user's that this version writes differently than the one that wrote them.
func (a *app) leftBehind(tree *emit.Tree, files []render.File) (found []finding, err error) {
	recorded := tree.Recorded()
	if recorded == "" || recorded == version || isNewer(recorded) || tree.Upgrading() != nil {
		return nil, nil
	}
	options := a.options("")
	options.Upgrade = emit.MarkBoth
	plan, err := tree.Plan(files, options)
	if err != nil {
		return nil, err
	}
	for _, op := range plan.Ops {
		if op.State != emit.Outdated || op.Owner == render.Generated {
			continue
		}
		f := finding{string(emit.Outdated), op.Path, writtenBy(recorded), "wsgen upgrade merges into it what is new"}
		switch {
		case op.Action == emit.Keep:
			f.Fact, f.WayOut = op.Reason, op.Fix
		case op.Conflicts > 0:
			f.WayOut += fmt.Sprintf(", and leaves %s with your edits to you", counted(op.Conflicts, "conflict"))
		}
		found = append(found, f)
	}
	return found, nil
}

// wsgenFolder is what findings about no file in particular name as their place.
const wsgenFolder = ".wsgen"

// kindOf names the finding as the documentation does.
func kindOf(op emit.Op) string {
	if op.State == emit.Edited {
		return "hand-edited"
	}
	return string(op.State)
}

// printFindings prints them as text or as annotations; in JSON they are part of the object.
func (o *checkOptions) printFindings(dir string) {
	for _, f := range o.report.Findings {
		place := filepath.Join(dir, filepath.FromSlash(f.Path))
		switch o.format.value {
		case formatGitHub:
			o.annotate(annotation{
				severity: "error", path: o.workspacePath(place), title: "wsgen check: " + f.Kind,
				message: fmt.Sprintf("%s\n%s", f.Fact, f.WayOut),
			})
		case formatText:
			o.resultf("%s: %s: %s\n    %s\n", o.shown(place), o.paint(color.FgRed, f.Kind), f.Fact, f.WayOut)
		}
	}
}

// annotateSpec turns the findings on the spec into annotations.
func (o *checkOptions) annotateSpec() {
	o.app.annotateSpec(filepath.Join(o.report.Root, render.SpecPath))
}
