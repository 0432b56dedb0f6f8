package emit

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Recover finishes a run that was interrupted, or rolls it back where it cannot be finished, and says which; what is ""
// where there was none. A file that the user changed after the interruption is not overwritten, and is named. The tree is
// read again afterwards, so that the next plan sees what is there.
//
// It returns a *[LockedError] where the run is still at work. With another error the journal is kept for the next attempt.
func (t *Tree) Recover(ctx context.Context) (what string, err error) {
	if t.interrupted == nil {
		return "", nil
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	what, err = t.recover()
	if err != nil {
		return "", err
	}
	return what, t.load()
}

func (t *Tree) recover() (what string, err error) {
	d, err := openDisk(t.dir, t.fault)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	l, err := d.lock(t.dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, l.unlock()) }()
	if there, err := d.exists(runDir); err != nil || !there {
		return "", err // it was at work when the tree was opened, and has ended
	}
	if undoing, err := d.isThere(undoRecord); err != nil {
		return "", err
	} else if undoing {
		return d.recoverBack()
	}
	if committed, err := d.isThere(redoRecord); err != nil {
		return "", err
	} else if !committed {
		return "cleared away an interrupted run, which had changed no file", d.end()
	}
	return d.recoverForth()
}

// isThere is exists for a record of a run, which is not there where the run is no folder either.
func (d *disk) isThere(record string) (bool, error) {
	there, err := d.exists(record)
	if errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return there, err
}

// recoverForth finishes a committed run, if it can be finished.
func (d *disk) recoverForth() (what string, err error) {
	j, err := d.readJournal(redoRecord)
	if err != nil {
		return "", err
	}
	left, rolledBack, err := d.finish(j)
	switch {
	case err != nil:
		return "", err
	case rolledBack != nil:
		return fmt.Sprintf("rolled back an interrupted run (%s), which could not be finished (%v)%s", j.size(), rolledBack, leftAlone(left)), nil
	default:
		return fmt.Sprintf("finished an interrupted run (%s)%s", j.size(), leftAlone(left)), nil
	}
}

// recoverBack goes on rolling a run back.
func (d *disk) recoverBack() (what string, err error) {
	j, err := d.readJournal(undoRecord)
	if err != nil {
		return "", err
	}
	left, err := d.rollBack(j)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("rolled back an interrupted run (%s)%s", j.size(), leftAlone(left)), nil
}

// size says how many of the user's files a run is about.
func (j journal) size() string {
	n := 0
	for _, s := range j.Steps {
		if !s.Own {
			n++
		}
	}
	return count(n, "file", "files")
}
