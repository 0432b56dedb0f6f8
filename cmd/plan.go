package cmd

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/fatih/color"
	"golang.org/x/mod/semver"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

// longPlan is how many lines of a plan are listed file by file after the fact; a longer one is summed up per folder. What
// is not done yet (--dry-run, check, diff) is always listed in full.
const longPlan = 20

// openTree opens the project in dir for a command that writes, unless an upgrade is in progress there. It first ends a run that
// was interrupted, since the spec itself may be one of the files that run was about to change. The tree is nil, and the command
// at its end, in a dry run that cannot look past an interrupted run: it has said so.
func (a *app) openTree(ctx context.Context, dir string) (*emit.Tree, error) {
	tree, err := a.recovered(ctx, dir)
	if err != nil || tree == nil {
		return nil, err
	}
	if u := tree.Upgrading(); u != nil {
		return nil, &problem{code: exitGuard, fact: upgradeInProgress(u), wayOut: wayOutOfUpgrade}
	}
	return tree, nil
}

// upgradeInProgress says between which versions an upgrade was left in the middle.
func upgradeInProgress(u *emit.Upgrading) string {
	return "an upgrade" + fromTo(u) + " is in progress"
}

const wayOutOfUpgrade = "wsgen upgrade --continue when the files are edited, wsgen upgrade --abort to take it back"

// recovered is openTree for the command that may work while an upgrade is in progress: upgrade itself.
func (a *app) recovered(ctx context.Context, dir string) (*emit.Tree, error) {
	tree, err := emit.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := a.refuseNewer(dir, tree); err != nil {
		return nil, err
	}
	if tree.Interrupted() == nil {
		return tree, nil
	}
	if a.flags.dryRun {
		return a.foretell(tree)
	}
	what, err := tree.Recover(ctx)
	if err != nil {
		return nil, err
	}
	a.report.Recovered = what
	a.notef("recovered: %s\n", what)
	if tree, err = emit.Open(dir); err != nil {
		return nil, err
	}
	return tree, a.refuseNewer(dir, tree) // what was finished may be an upgrade
}

// refuseNewer refuses a project that a newer wsgen wrote: this one would take it back to what it was like before, file by file.
func (a *app) refuseNewer(dir string, tree *emit.Tree) error {
	recorded := tree.Recorded()
	if a.flags.force || !isNewer(recorded) {
		return nil
	}
	manifest := a.shown(filepath.Join(dir, filepath.FromSlash(emit.ManifestPath)))
	return &problem{
		code: exitGuard, fact: manifest + ": " + writtenBy(recorded), wayOut: wayOutOfNewer + "; or go on with this one: --force",
	}
}

// isNewer says whether a version is higher than that of this wsgen. One that cannot be read as a version is not.
func isNewer(recorded string) bool { return semver.Compare("v"+recorded, "v"+version) > 0 }

func writtenBy(recorded string) string {
	return fmt.Sprintf("written by wsgen %s, and this is %s", recorded, version)
}

const wayOutOfNewer = "install that version or a newer one"

// foretell is openTree for a dry run in a project where a run has not ended.
func (a *app) foretell(tree *emit.Tree) (*emit.Tree, error) {
	run := tree.Interrupted()
	switch {
	case run.Running:
		return nil, run
	case run.Committed: // files are half changed, and what was changed would look like edits by hand
		a.report.Recovered = "not yet: the real run would first finish an interrupted run, or roll it back"
		a.notef("would first finish an interrupted run, or roll it back; what comes after that can be told once it has ended\n")
		a.suggest("wsgen generate")
		return nil, nil
	}
	a.warnf("an earlier run was interrupted before it changed any file; the real run would first clear it away")
	return tree, nil
}

// carryOut shows the plan and, unless this is a dry run, applies it. It reports whether a file changes.
func (a *app) carryOut(ctx context.Context, tree *emit.Tree, plan *emit.Plan) (changed bool, err error) {
	a.report.addPlan(plan, a.flags.diff)
	changed = len(plan.Changes()) > 0
	if conflicts := plan.Conflicts(); len(conflicts) > 0 {
		if a.flags.dryRun || a.flags.diff || a.flags.verbose {
			a.printPlan(plan, "would ")
		}
		return changed, &emit.ConflictError{Ops: conflicts}
	}
	if !a.flags.dryRun {
		if err := a.apply(ctx, tree, plan); err != nil {
			return changed, err
		}
	}
	switch {
	case !changed && plan.Undoes() != nil: // it changed records of wsgen's own, at most
		if len(plan.Ops) > 0 {
			a.notef("nothing to restore: every file is already as it was before\n")
		}
	case !changed:
		a.notef("nothing to do\n")
		a.printPlan(plan, "")
	case a.flags.dryRun:
		a.printPlan(plan, "would ")
	default:
		a.printPlan(plan, "")
	}
	return changed, nil
}

// apply carries out a plan that has no conflicts.
func (a *app) apply(ctx context.Context, tree *emit.Tree, plan *emit.Plan) error {
	tree.Inject(a.fault)
	if err := tree.Apply(ctx, plan); err != nil {
		return err
	}
	a.report.Applied = true
	return nil
}

// printPlan lists the plan: a line per change, then what is left for the user to do, then how many files stay. The tense
// before each action is "would " where nothing was written.
func (a *app) printPlan(plan *emit.Plan, tense string) {
	changes := plan.Changes()
	switch {
	case a.flags.verbose:
		for _, op := range plan.Ops {
			a.printOp(op, tense)
		}
		return
	case tense == "" && len(changes) > longPlan && !a.flags.diff:
		a.printFolders(changes)
	default:
		for _, op := range changes {
			a.printOp(op, tense)
		}
	}
	for _, op := range plan.Drift() {
		if op.Action == emit.Keep {
			a.printOp(op, "")
		}
	}
	if len(plan.Ops) > len(changes) {
		a.notef("  %s\n", kept(plan))
	}
}

// kept says how many files of the plan stay as they are.
func kept(plan *emit.Plan) string {
	n := len(plan.Ops) - len(plan.Changes())
	if n == 1 {
		return "1 file stays as it is"
	}
	return counted(n, "file") + " stay as they are"
}

func (a *app) printOp(op emit.Op, tense string) {
	if op.Action == emit.Conflict || op.Action == emit.Keep {
		tense = ""
	}
	line := "  " + tense + a.paint(actionColor(op.Action), string(op.Action)) + strings.Repeat(" ", padding(op.Action)) + op.Path
	if why := whyOf(op); why != "" && !a.saidAbove(op) {
		line += " (" + why + ")"
	}
	a.notef("%s\n", line)
	if a.flags.diff && op.Action != emit.Keep {
		a.notef("%s", a.paintDiff(op.Diff()))
	}
}

// saidAbove says whether the reason is that of the whole plan, which stands above it: another version of wsgen wrote the file.
func (a *app) saidAbove(op emit.Op) bool {
	u := a.report.Upgrade
	return u != nil && op.State == emit.Outdated && op.Action == emit.Update && op.Reason == writtenBy(u.From)
}

// whyOf returns what there is to say about an operation beyond its action: the reason where it is not the usual one, and
// the way out where it is the user who has to do something.
func whyOf(op emit.Op) string {
	switch {
	case op.State == emit.Current, op.State == emit.Pending && op.Action != emit.Conflict:
		return ""
	case op.Action == emit.Keep || op.Action == emit.Conflict:
		return strings.Trim(op.Reason+": "+op.Fix, ": ")
	}
	return op.Reason
}

// printFolders sums a long plan up: one line per action and top folder. Conflicts, and changes of what is the user's or holds
// something of the user's, are always listed one by one.
func (a *app) printFolders(changes []emit.Op) {
	type key struct {
		action emit.Action
		folder string
	}
	var order []key
	count := map[key]int{}
	for _, op := range changes {
		if op.Action == emit.Conflict || op.Trashes() || op.Action != emit.Create && op.Owner != render.Generated {
			a.printOp(op, "")
			continue
		}
		folder := "."
		if dir := path.Dir(op.Path); dir != "." {
			folder, _, _ = strings.Cut(dir, "/")
		}
		k := key{op.Action, folder + "/"}
		if count[k] == 0 {
			order = append(order, k)
		}
		count[k]++
	}
	for _, k := range order {
		a.notef("  %s%s%s (%s)\n", a.paint(actionColor(k.action), string(k.action)),
			strings.Repeat(" ", padding(k.action)), k.folder, counted(count[k], "file"))
	}
}

// padding returns how many blanks bring the paths behind the actions in line.
func padding(action emit.Action) int { return len(emit.Conflict) + 1 - len(action) }

func actionColor(action emit.Action) color.Attribute {
	switch action {
	case emit.Create:
		return color.FgGreen
	case emit.Update:
		return color.FgYellow
	case emit.Delete, emit.Conflict:
		return color.FgRed
	}
	return color.Faint
}

// paintDiff colours a unified diff line by line.
func (a *app) paintDiff(diff string) string {
	if !a.coloured(a.stdoutIsTerminal) {
		return diff
	}
	lines := strings.SplitAfter(diff, "\n")
	for i, line := range lines {
		body, end := strings.CutSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
			body = a.paint(color.Bold, body)
		case strings.HasPrefix(line, "@@"):
			body = a.paint(color.FgCyan, body)
		case strings.HasPrefix(line, "+"):
			body = a.paint(color.FgGreen, body)
		case strings.HasPrefix(line, "-"):
			body = a.paint(color.FgRed, body)
		}
		lines[i] = body
		if end {
			lines[i] += "\n"
		}
	}
	return strings.Join(lines, "")
}
