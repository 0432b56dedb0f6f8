package emit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ConflictError says that a plan was not carried out because of the user's edits. Nothing was written.
type ConflictError struct {
	Ops []Op // the conflicts, sorted by path
}

// Error lists every conflict with its way out.
func (e *ConflictError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in the way; nothing was written", count(len(e.Ops), "file stands", "files stand"))
	for _, op := range e.Ops {
		fmt.Fprintf(&b, "\n  %s: %s: %s", op.Path, op.Reason, op.Fix)
	}
	return b.String()
}

// LockedError says that another run of wsgen is writing to the project.
type LockedError struct {
	Dir    string
	Holder string // "process 1234", or "" where it is not known
}

// Error says who holds the lock, and what to wait for.
func (e *LockedError) Error() string {
	holder := "another wsgen run"
	if e.Holder != "" {
		holder += " (" + e.Holder + ")"
	}
	return fmt.Sprintf("%s: %s is writing to this project: wait until it has ended, then run the command again", e.Dir, holder)
}

// ChangedError says that a file changed between the plan and its execution. Nothing was written.
type ChangedError struct {
	Path string
}

// Error says which file, and what to do.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s: changed while wsgen was planning; nothing was written: run the command again", e.Path)
}

// FormatError says that the manifest was written in a format that this version of wsgen does not know.
type FormatError struct {
	Format  int
	Version string // the version of wsgen that wrote it, where it says so
}

// Error says what was found, and what to do.
func (e *FormatError) Error() string {
	writer := "a newer wsgen"
	if e.Version != "" {
		writer = "wsgen " + e.Version
	}
	return fmt.Sprintf("%s: has format %d, written by %s; this one knows format %d: install that version or a newer one",
		ManifestPath, e.Format, writer, manifestFormat)
}

// ErrNoHistory is the error of [Tree.PlanUndo] where there is no operation to take back.
var ErrNoHistory = errors.New("no operation is recorded that could be undone")

// HistoryError says that the newest operation cannot be taken back because its record is damaged. Nothing was written.
type HistoryError struct {
	Number int
	Why    string
}

// Error says which record, what is wrong with it, and how to do without it.
func (e *HistoryError) Error() string {
	return fmt.Sprintf("%s: the record of the last operation cannot be used (%s): take its changes back by hand, or remove that folder to undo the operation before it",
		entryDir(e.Number), e.Why)
}

// NotEmptyError says that the target of [New] holds something already.
type NotEmptyError struct {
	Path      string
	Found     []string // what is there, sorted; folders end in a slash
	Recovered string   // what Recover did to an interrupted run in there; "" where there was none
}

// Error lists what is there, and names the command that will add to an existing folder.
func (e *NotEmptyError) Error() string {
	const shown = 8
	found := e.Found
	rest := ""
	if len(found) > shown {
		rest = fmt.Sprintf(" and %d more", len(found)-shown)
		found = found[:shown]
	}
	found = slices.Clone(found)
	for i, name := range found {
		found[i] = readable(name)
	}
	text := fmt.Sprintf("%s: not empty (%s%s): choose another folder, or add to this one: wsgen init in there",
		e.Path, strings.Join(found, ", "), rest)
	if e.Recovered != "" {
		text = fmt.Sprintf("%s: %s; see whether the project in there is the one you want", e.Path, e.Recovered)
	}
	return text
}

// TargetError says that the target of [New] cannot be a project's folder.
type TargetError struct {
	Path string
	Why  string // the fact and the way out
}

// Error says which target, and why.
func (e *TargetError) Error() string { return e.Path + ": " + e.Why }

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
