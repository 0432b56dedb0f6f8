package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
)

// upgradeCommand is what the history calls an upgrade.
const upgradeCommand = "upgrade"

type upgradeOptions struct {
	*app
	check      bool
	goOn       bool // --continue
	abort      bool
	onConflict choice
}

func newUpgradeCmd(a *app) *cobra.Command {
	o := &upgradeOptions{app: a, onConflict: choice{
		value:   string(emit.MarkBoth),
		allowed: []string{string(emit.MarkBoth), string(emit.ChangeNothing)},
	}}
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Bring the project to this version of wsgen, merging into the files that are yours",
		Long: `Bring the project to this version of wsgen. Generated files are written anew. Into the files that are yours (main.go,
settings, stubs and their tests, page, Dockerfile, Makefile, README) goes what this version writes differently from what wsgen
wrote there last, for this version and for the spec as it is today; what you changed stays. That is a merge of three texts, of
which the project keeps the third in .wsgen/base: it takes neither git nor a network. What you deleted stays deleted, and what
the spec no longer asks for is deleted where you have not edited it.

Where you and wsgen changed the same lines, both stand in the file between conflict markers, as git writes them, and the
command exits with 5. Edit those files, then run wsgen upgrade --continue. Until then no other command changes the project;
wsgen upgrade --abort takes all of it back. With --on-conflict fail nothing is written where there is such a conflict.

  wsgen upgrade --dry-run --diff     what would change
  wsgen upgrade --check              in CI: exit 4 where there is something to upgrade
  wsgen undo                         takes a finished upgrade back; with --force where you chose between sides`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.settle(cmd); err != nil {
				return err
			}
			return runUpgrade(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.check, "check", false, "write nothing; exit 4 where there is something to upgrade")
	flags.BoolVar(&o.goOn, "continue", false, "finish the upgrade once its conflicts are edited")
	flags.BoolVar(&o.abort, "abort", false, "take the upgrade in progress back; your texts of now go to .wsgen/local/trash")
	flags.Var(&o.onConflict, "on-conflict", "where you and wsgen changed the same lines: markers for both, or fail and write nothing")
	return cmd
}

// settle refuses flags that contradict each other.
func (o *upgradeOptions) settle(cmd *cobra.Command) error {
	var given []string
	for _, name := range []string{"check", "continue", "abort"} {
		if set, err := cmd.Flags().GetBool(name); err == nil && set {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 0 && !o.check && cmd.Flags().Changed("on-conflict") {
		given = append(given, "--on-conflict")
	}
	if len(given) > 1 {
		return usage("give one of them", "%s contradict each other", strings.Join(given, " and "))
	}
	return nil
}

func runUpgrade(ctx context.Context, o *upgradeOptions) error {
	dir, err := o.findProject()
	if err != nil {
		return err
	}
	switch {
	case o.check:
		return runUpgradeCheck(ctx, o, dir)
	case o.goOn:
		return runUpgradeContinue(ctx, o, dir)
	case o.abort:
		return runUpgradeAbort(ctx, o, dir)
	default:
		return runUpgradeMerge(ctx, o, dir)
	}
}

// runUpgradeMerge is the upgrade itself.
func runUpgradeMerge(ctx context.Context, o *upgradeOptions, dir string) error {
	tree, err := o.openTree(ctx, dir)
	if err != nil || tree == nil {
		return err
	}
	plan, err := o.plan(ctx, tree, dir)
	if err != nil {
		return err
	}
	o.announce(tree)
	inStep := tree.InStep(plan)
	changed, err := o.carryOut(ctx, tree, plan)
	if err != nil {
		return err
	}
	if err := o.tellConflicts(dir, plan); err != nil {
		return err
	}
	switch {
	case o.flags.dryRun && !inStep:
		o.suggest("wsgen upgrade")
	case changed:
		o.suggest("go test ./...")
	case !inStep:
		o.notef("the record of what wsgen wrote was brought up to date\n")
		o.suggest("wsgen check")
	default:
		o.suggest("wsgen check")
	}
	return nil
}

// plan returns what an upgrade of the project in dir would do.
func (o *upgradeOptions) plan(ctx context.Context, tree *emit.Tree, dir string) (*emit.Plan, error) {
	p, err := o.loadProject(ctx, dir)
	if err != nil {
		return nil, err
	}
	files, err := p.files(p.file.Source)
	if err != nil {
		return nil, err
	}
	options := o.options(upgradeCommand)
	options.Upgrade = emit.ConflictStyle(o.onConflict.value)
	return tree.Plan(files, options)
}

// announce says from which version the upgrade is, where it is not this one's own project.
func (o *upgradeOptions) announce(tree *emit.Tree) {
	o.report.Upgrade = &upgradeReport{From: tree.Recorded(), To: version}
	if from := tree.Recorded(); from != version {
		o.notef("upgrade from wsgen %s to %s\n", orUnknown(from), version)
	}
}

// orUnknown is the version, or words for one that is not recorded.
func orUnknown(version string) string {
	if version == "" {
		return "of an unknown version"
	}
	return version
}

// runUpgradeCheck says what an upgrade would do, and writes nothing.
func runUpgradeCheck(ctx context.Context, o *upgradeOptions, dir string) error {
	tree, err := emit.Open(dir)
	if err != nil {
		return err
	}
	if err := o.refuseNewer(dir, tree); err != nil {
		return err
	}
	if run := tree.Interrupted(); run != nil {
		if run.Running {
			return run
		}
		return drift("wsgen generate finishes it or rolls it back; what there is to upgrade can be told once it has ended",
			"%s: an earlier run was interrupted", o.shown(dir))
	}
	if u := tree.Upgrading(); u != nil {
		o.report.Upgrade = &upgradeReport{From: u.From, To: u.To}
		return drift(wayOutOfUpgrade, "%s%s", upgradeInProgress(u), o.leftToEdit(dir, u.Open))
	}
	switch open, err := tree.Markers(); {
	case err != nil:
		return err
	case len(open) > 0:
		o.report.Upgrade = &upgradeReport{From: tree.Recorded(), To: version}
		return drift("choose between them, and delete the lines with the markers", "an upgrade was left in the middle%s", o.leftToEdit(dir, open))
	}
	plan, err := o.plan(ctx, tree, dir)
	if err != nil {
		return err
	}
	o.announce(tree)
	o.report.addPlan(plan, o.flags.diff)
	behind := unmergeable(plan)
	if tree.InStep(plan) && behind == 0 {
		o.notef("there is nothing to upgrade: every file is as wsgen %s writes it for this spec, your changes apart\n", version)
		o.suggest("wsgen check")
		return nil
	}
	o.printPlan(plan, "would ")
	if tree.InStep(plan) {
		return drift("what to do stands beside each of them", "the upgrade has left files behind: %s", counted(behind, "file"))
	}
	o.suggest("wsgen upgrade")
	return drift("see what changes with: wsgen upgrade --dry-run --diff", "the project can be upgraded: %s", summary(plan))
}

// unmergeable counts the files that are not as this version writes them, and that it cannot merge into.
func unmergeable(plan *emit.Plan) int {
	n := 0
	for _, op := range plan.Ops {
		if op.Action == emit.Keep && op.State == emit.Outdated {
			n++
		}
	}
	return n
}

// summary counts what a plan would do.
func summary(plan *emit.Plan) string {
	changes, inTheWay, conflicts := plan.Changes(), len(plan.Conflicts()), 0
	for _, op := range changes {
		if op.Action != emit.Conflict {
			conflicts += op.Conflicts
		}
	}
	text := counted(len(changes)-inTheWay, "file") + " would change"
	if len(changes) == 0 {
		text = "only the record of what wsgen wrote would change"
	}
	if conflicts > 0 {
		text += ", with " + counted(conflicts, "conflict")
	}
	if inTheWay > 0 {
		text += ", once what is in the way is settled: " + counted(inTheWay, "file")
	}
	return text
}
