package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/render"
)

// minute is how the time of an operation is shown.
const minute = "2006-01-02 15:04"

type undoOptions struct {
	*app
	list bool
}

func newUndoCmd(a *app) *cobra.Command {
	o := &undoOptions{app: a}
	cmd := &cobra.Command{
		Use:   "undo",
		Short: "Take back what the last command changed",
		Long: `Take back what the last command changed in the project: every file becomes what it was before, byte for byte. A second
undo takes back the command before that; the last 20 are kept, on this machine alone.

A file that has changed since keeps the whole of it from being undone. With --force it is restored all the same, and its
text of now goes to .wsgen/local/trash.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUndo(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.list, "list", false, "list what can be undone, the newest first, and change nothing")
	return cmd
}

func runUndo(ctx context.Context, o *undoOptions) error {
	dir, err := o.findProject()
	if err != nil {
		return err
	}
	before, err := operations(dir)
	if err != nil {
		return err
	}
	if o.list {
		return o.showOperations(dir, before)
	}
	tree, err := o.openTree(ctx, dir)
	if err != nil || tree == nil {
		return err
	}
	if done, err := o.tookBack(tree, dir, before); err != nil || done {
		return err
	}
	plan, err := tree.PlanUndo(o.options(""))
	if errors.Is(err, emit.ErrNoHistory) {
		o.notef("nothing to undo\n")
		o.suggest("wsgen add consumer NAME")
		return nil
	}
	if err != nil {
		return err
	}
	return o.takeBack(ctx, tree, plan)
}

// operations returns the history of the project in dir.
func operations(dir string) ([]emit.Operation, error) {
	tree, err := emit.Open(dir)
	if err != nil {
		return nil, err
	}
	return tree.History()
}

// tookBack says whether the end of an interrupted run, which has just been brought about, is all that there was to take back:
// it is unless that run is now the last operation. To undo the one before it as well would be more than was asked for.
func (o *undoOptions) tookBack(tree *emit.Tree, dir string, before []emit.Operation) (bool, error) {
	if o.report.Recovered == "" && tree.Interrupted() == nil {
		return false, nil
	}
	now, err := operations(dir)
	if err != nil || newest(now) > newest(before) {
		return false, err
	}
	o.notef("nothing else is undone: that was the last command\n")
	o.suggest("wsgen undo --list")
	return true, nil
}

// newest returns the number of the newest operation, or 0.
func newest(all []emit.Operation) int {
	if len(all) == 0 {
		return 0
	}
	return all[0].Number
}

// takeBack carries out the plan of an undo.
func (o *undoOptions) takeBack(ctx context.Context, tree *emit.Tree, plan *emit.Plan) error {
	undone := plan.Undoes()
	o.report.Undone = newOperationReport(*undone)
	if len(plan.Conflicts()) == 0 {
		o.notef("undo %s: %s\n", undone.Time.Local().Format(minute), undone.Command)
	}
	if _, err := o.carryOut(ctx, tree, plan); err != nil {
		return err
	}
	switch {
	case o.flags.dryRun && o.flags.force:
		o.suggest("wsgen undo --force")
	case o.flags.dryRun:
		o.suggest("wsgen undo")
	case deletesSpec(plan):
		o.suggest("wsgen init")
	default:
		o.suggest("go test ./...")
	}
	return nil
}

// deletesSpec says whether there is no project left after the plan.
func deletesSpec(plan *emit.Plan) bool {
	for _, op := range plan.Ops {
		if op.Path == render.SpecPath {
			return op.Action == emit.Delete
		}
	}
	return false
}

// showOperations lists the history.
func (o *undoOptions) showOperations(dir string, all []emit.Operation) error {
	tree, err := emit.Open(dir)
	if err != nil {
		return err
	}
	if run := tree.Interrupted(); run != nil {
		o.warnf("%v", run)
	}
	o.report.Operations = make([]operationReport, 0, len(all))
	width := 0
	for _, op := range all {
		o.report.Operations = append(o.report.Operations, *newOperationReport(op))
		width = max(width, len([]rune(op.Command)))
	}
	for _, op := range all {
		line := fmt.Sprintf("%4d  %s  %-*s  %s", op.Number, op.Time.Local().Format(minute), width, op.Command, counted(len(op.Files), "file"))
		if why := whyKept(op); why != "" {
			line += "; cannot be undone: " + why
		}
		o.resultf("%s\n", line)
	}
	switch {
	case tree.Upgrading() != nil: // which no undo takes back
		o.suggest("wsgen upgrade --continue")
	case len(all) == 0:
		o.notef("nothing to undo\n")
		o.suggest("wsgen add consumer NAME")
	case whyKept(all[0]) == "":
		o.suggest("wsgen undo")
	default:
		o.suggest("wsgen undo --dry-run")
	}
	return nil
}

// whyKept says what keeps an operation from being undone, or "".
func whyKept(op emit.Operation) string {
	const shown = 3
	switch n := len(op.Touched); {
	case op.Damage != "":
		return "its record is damaged (" + op.Damage + ")"
	case n == 0:
		return ""
	case n > shown:
		return fmt.Sprintf("%s and %d more have changed since", strings.Join(op.Touched[:shown], ", "), n-shown)
	case n == 1:
		return op.Touched[0] + " has changed since"
	default:
		return strings.Join(op.Touched, ", ") + " have changed since"
	}
}

// operationReport is one operation of the history.
type operationReport struct {
	Number  int       `json:"number"`            // the newest has the highest
	Command string    `json:"command"`           // without "wsgen": "add consumer chat"
	Time    time.Time `json:"time"`              // in UTC
	Files   []string  `json:"files"`             // what it changed, relative to root, sorted
	Touched []string  `json:"touched,omitempty"` // what has changed since, and so keeps it from being undone; in a list only
	Damage  string    `json:"damage,omitempty"`  // why its record cannot be used
}

func newOperationReport(op emit.Operation) *operationReport {
	files := op.Files
	if files == nil {
		files = []string{}
	}
	return &operationReport{
		Number: op.Number, Command: op.Command, Time: op.Time.UTC().Truncate(time.Second),
		Files: files, Touched: op.Touched, Damage: op.Damage,
	}
}
