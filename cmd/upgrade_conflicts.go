package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"wsgen/generator/emit"
)

// upgradeReport is what a command says of an upgrade in JSON.
type upgradeReport struct {
	From string         `json:"from,omitempty"` // the version of wsgen that wrote the project; left out where that is unknown
	To   string         `json:"to,omitempty"`   // the version that it is brought to
	Open []markerReport `json:"open,omitempty"` // where the conflicts begin that are to be edited, by path and line
}

// markerReport is the place of a conflict.
type markerReport struct {
	Path string `json:"path"` // relative to root, with slashes
	Line int    `json:"line"` // from 1
}

// noteOpen enters places into the report and returns a line for each, to be appended to a fact.
func (o *upgradeOptions) noteOpen(dir string, open []emit.Marker) string {
	var b strings.Builder
	for _, m := range open {
		o.report.Upgrade.Open = append(o.report.Upgrade.Open, markerReport(m))
		fmt.Fprintf(&b, "\n  %s:%d", o.shown(filepath.Join(dir, filepath.FromSlash(m.Path))), m.Line)
	}
	return b.String()
}

// fromTo says between which versions an upgrade is, to be appended to a noun; "" where that is lost.
func fromTo(u *emit.Upgrading) string {
	switch u.To {
	case "":
		return ""
	case u.From:
		return " to wsgen " + u.To
	}
	return fmt.Sprintf(" from wsgen %s to %s", orUnknown(u.From), u.To)
}

// leftToEdit says where conflicts are left, to be appended to a fact.
func (o *upgradeOptions) leftToEdit(dir string, open []emit.Marker) string {
	if len(open) == 0 {
		return "; no conflict is left in its files"
	}
	return "; these lines are still conflict markers:" + o.noteOpen(dir, open)
}

// tellConflicts returns the error of an upgrade that leaves conflicts to be edited in its files, or, in a dry run, would.
func (o *upgradeOptions) tellConflicts(dir string, plan *emit.Plan) error {
	open := plan.Open()
	if len(open) == 0 {
		return nil
	}
	verb := "stand"
	if o.flags.dryRun {
		verb = "would stand"
		o.suggest("wsgen upgrade")
	} else {
		o.suggest("edit the files listed above, then: wsgen upgrade --continue")
	}
	return &problem{
		code: exitConflict,
		fact: fmt.Sprintf("%s: you and wsgen %s changed the same lines; both %s, between markers, from each of these lines on:%s",
			counted(len(open), "conflict"), version, verb, o.noteOpen(dir, open)),
		wayOut: "edit them, then run wsgen upgrade --continue; wsgen upgrade --abort takes the whole upgrade back",
	}
}

// runUpgradeContinue ends an upgrade whose conflicts the user has edited.
func runUpgradeContinue(ctx context.Context, o *upgradeOptions, dir string) error {
	tree, u, err := o.upgrading(ctx, dir)
	if err != nil || tree == nil {
		return err
	}
	plan, err := tree.PlanContinue(o.options(""))
	var left *emit.MarkersError
	if errors.As(err, &left) {
		o.suggest("edit the files listed above, then: wsgen upgrade --continue")
		return &problem{
			code:   exitConflict,
			fact:   "not finished: these lines are still conflict markers:" + o.noteOpen(dir, left.Open),
			wayOut: "edit them, then run the command again; wsgen upgrade --abort takes the whole upgrade back",
			cause:  err,
		}
	}
	if err != nil {
		return err
	}
	o.report.addPlan(plan, o.flags.diff)
	if o.flags.dryRun {
		o.notef("would finish the upgrade%s\n", fromTo(u))
		o.suggest("wsgen upgrade --continue")
		return nil
	}
	if err := o.apply(ctx, tree, plan); err != nil {
		return err
	}
	if u.To != "" && tree.Recorded() != u.To { // version control has put back what was there before
		o.notef("the files are as wsgen %s wrote them, so that there is nothing to finish: the upgrade%s is forgotten\n", orUnknown(tree.Recorded()), fromTo(u))
		o.suggest("wsgen upgrade")
		return nil
	}
	o.notef("the upgrade%s is finished\n", fromTo(u))
	o.suggest("go test ./...")
	return nil
}

// runUpgradeAbort takes the upgrade in progress back.
func runUpgradeAbort(ctx context.Context, o *upgradeOptions, dir string) error {
	tree, _, err := o.upgrading(ctx, dir)
	if err != nil || tree == nil {
		return err
	}
	options := o.options("")
	options.Force = true // what the conflicts have become since is the user's work: it goes to the trash
	plan, err := tree.PlanUndo(options)
	var lost *emit.HistoryError
	if errors.Is(err, emit.ErrNoHistory) || errors.As(err, &lost) || err == nil && plan.Undoes().Command != upgradeCommand {
		return &problem{
			code:   exitGuard,
			fact:   "the history of the upgrade is lost, so that it cannot be taken back",
			wayOut: "edit the conflicts and run wsgen upgrade --continue, or restore the files from version control and run it then",
			cause:  err,
		}
	}
	if err != nil {
		return err
	}
	if _, err := o.carryOut(ctx, tree, plan); err != nil {
		return err
	}
	if o.flags.dryRun {
		o.suggest("wsgen upgrade --abort")
		return nil
	}
	o.suggest("wsgen check")
	return nil
}

// upgrading opens a project in which an upgrade is in progress. The tree is nil, and the command at its end, as with openTree.
func (o *upgradeOptions) upgrading(ctx context.Context, dir string) (*emit.Tree, *emit.Upgrading, error) {
	tree, err := o.recovered(ctx, dir)
	if err != nil || tree == nil {
		return nil, nil, err
	}
	u := tree.Upgrading()
	if u == nil {
		return nil, nil, usage("wsgen upgrade begins one; wsgen undo takes a finished one back, with --force where you chose between sides", "no upgrade is in progress in %s", o.shown(dir))
	}
	o.report.Upgrade = &upgradeReport{From: u.From, To: u.To}
	return tree, u, nil
}
