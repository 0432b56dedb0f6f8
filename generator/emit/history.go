package emit

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The history is the newest finished runs, each as its journal and the texts that it replaced: the folder of the run, under
// the number of the operation. The highest number is the newest.
const (
	historyDir = localDir + "/undo"
	kept       = 20 // how many operations the history holds
)

// Bounds of what is read of the history, which may have come with the repository.
const (
	maxNumber  = 1_000_000_000 // of an operation
	maxRecord  = 16 << 20      // bytes of a journal's record
	maxText    = 256 << 20     // bytes of a replaced text
	maxCommand = 200           // bytes of a command
)

// Operation is one run of a command that changed files, as the history keeps it.
type Operation struct {
	Number  int       // from 1; the newest has the highest
	Command string    // without "wsgen": "add consumer chat"
	Time    time.Time // when it began to change files
	Files   []string  // what it changed, wsgen's own records apart, sorted
	Touched []string  // what has changed since and keeps it from being undone, wsgen's own records included; sorted
	Damage  string    // why its record cannot be used: "old-3 is missing"; "" where it can
}

// past is an operation with what is needed to take it back.
type past struct {
	Operation
	journal journal
	record  string // hash of its journal's record, which tells it from another one of that number
}

// entryDir is where an operation stands, and entryRecord and entryOld are what stands in there.
func entryDir(number int) string        { return historyDir + "/" + strconv.Itoa(number) }
func entryRecord(number int) string     { return entryDir(number) + "/" + path.Base(redoRecord) }
func entryOld(number int, i int) string { return entryDir(number) + "/" + path.Base(stagedOld(i)) }

// History returns the operations that were recorded, the newest first. It changes nothing. Touched is told for each of them
// as if all newer ones were undone before it.
func (t *Tree) History() (all []Operation, err error) {
	d, err := openDisk(t.dir, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	entries, err := d.history(kept)
	if err != nil {
		return nil, err
	}
	survey := newSurvey(d.root)
	texts := make(map[string]string) // by path: where its text is once the newer operations are undone; "" for nowhere
	for _, e := range entries {
		for i, s := range e.journal.Steps {
			if inTrash(s.Path) {
				continue
			}
			at, known := texts[s.Path]
			if !known {
				if at, err = survey.undoable(s); err != nil {
					return nil, err
				}
			}
			if touched, err := d.touched(s, at); err != nil {
				return nil, err
			} else if touched {
				e.Touched = append(e.Touched, s.Path)
			}
			texts[s.Path] = ""
			if s.Old != "" {
				texts[s.Path] = entryOld(e.Number, i)
			}
		}
		slices.Sort(e.Touched)
		all = append(all, e.Operation)
	}
	return all, nil
}

// touched says whether what stands at the path is neither what the step left nor what was there before it.
func (d *disk) touched(s step, at string) (bool, error) {
	switch at {
	case "":
		return s.New != "" && s.Old != "", nil
	case inTheWay:
		return true, nil
	}
	text, err := d.root.ReadFile(at)
	if errors.Is(err, fs.ErrNotExist) { // gone this very moment
		return true, nil
	}
	return err == nil && !isText(text, s.New) && !isText(text, s.Old), err
}

// inTheWay is no path of a project.
const inTheWay = "/"

// undoable returns where the text is that a step left: its path, "" where there is no file, and [inTheWay] where what
// stands there keeps the step from being taken back.
func (s *survey) undoable(of step) (string, error) {
	at, err := s.at(of.Path)
	switch {
	case err != nil:
		return "", err
	case at.presence == regular:
		return of.Path, nil
	case at.presence == absent, at.presence == walled && of.Old == "":
		return "", nil
	default:
		return inTheWay, nil
	}
}

// isText says whether a text has the hash, but for its line endings.
func isText(text []byte, hash string) bool {
	if hash == "" {
		return false
	}
	unix := normalize(text)
	return hashBytes(text) == hash || hashBytes(unix) == hash || hashBytes(bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n"))) == hash
}

// Revision is what one operation did to one file.
type Revision struct {
	Before []byte // nil where there was no file
	After  []byte // nil where there was no file afterwards, or where its text is no longer known
	after  string // hash of After
}

// Left says whether the text is, byte for byte, what the operation left in the file.
func (r Revision) Left(text []byte) bool { return r.after != "" && hashBytes(text) == r.after }

// Revisions returns what the operations of the history did to a file, the newest first. Records that cannot be used are
// passed over. It changes nothing.
func (t *Tree) Revisions(file string) (all []Revision, err error) {
	if err := checkFile(file); err != nil {
		return nil, err
	}
	d, err := openDisk(t.dir, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	entries, err := d.history(kept)
	if err != nil {
		return nil, err
	}
	var newer []byte // the text after the operation, if nobody changed it between the two
	if there, err := d.hash(file); err != nil {
		return nil, err
	} else if there != "" && there != notAFile {
		if newer, err = d.root.ReadFile(file); err != nil {
			return nil, err
		}
	}
	for _, e := range entries {
		for i, s := range e.journal.Steps {
			if s.Path != file {
				continue
			}
			r := Revision{after: s.New}
			if r.Left(newer) {
				r.After = newer
			}
			if r.Before, err = d.replaced(e.Number, i, s); err != nil {
				return nil, err
			}
			newer = r.Before
			all = append(all, r)
		}
	}
	return all, nil
}

// replaced returns the text that a step of an operation replaced, or nil where there was no file.
func (d *disk) replaced(number, i int, s step) ([]byte, error) {
	if s.Old == "" {
		return nil, nil
	}
	text, err := d.root.ReadFile(entryOld(number, i))
	if err != nil {
		return nil, err
	}
	if hashBytes(text) != s.Old {
		return nil, &ChangedError{Path: entryOld(number, i)} // it was whole a moment ago
	}
	return text, nil
}

// history reads the newest operations, the newest first, but not more than most. What was changed behind wsgen's back is no
// error: Damage says so.
func (d *disk) history(most int) ([]past, error) {
	numbers, err := d.numbers()
	if err != nil {
		return nil, err
	}
	var all []past
	for _, n := range slices.Backward(numbers) {
		if len(all) == most {
			break
		}
		e, err := d.entry(n)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if there, _ := d.exists(entryDir(n)); !there {
				continue // another run took it away this very moment
			}
			e.Damage = "its record is missing"
		case err != nil:
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// numbers returns the numbers that are taken in the history, ascending. A history in a folder that is a link is none.
func (d *disk) numbers() ([]int, error) {
	for _, dir := range []string{wsgenDir, localDir, historyDir} {
		info, err := d.root.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	names, err := d.names(historyDir)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil && n > 0 && n <= maxNumber && strconv.Itoa(n) == name {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// names lists a folder.
func (d *disk) names(dir string) (names []string, err error) {
	folder, err := d.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	return folder.Readdirnames(-1)
}

// entry reads one operation. An error is one of I/O.
func (d *disk) entry(number int) (past, error) {
	e := past{Operation: Operation{Number: number}}
	info, err := d.root.Lstat(entryDir(number))
	if err != nil {
		return e, err
	}
	e.Time = info.ModTime()
	if !info.IsDir() {
		e.Damage = "a folder is expected there"
		return e, nil
	}
	if info, err = d.root.Lstat(entryRecord(number)); err != nil {
		return e, err
	}
	e.Time = info.ModTime()
	if !info.Mode().IsRegular() || info.Size() > maxRecord {
		e.Damage = "its record is no file that wsgen wrote"
		return e, nil
	}
	text, err := d.root.ReadFile(entryRecord(number))
	if err != nil {
		return e, err
	}
	j, err := decodeJournal(text)
	if err != nil {
		e.Damage = err.Error()
		return e, nil
	}
	e.Command = readable(j.Command)
	if e.Damage, err = d.missing(number, j); err != nil || e.Damage != "" {
		return e, err
	}
	e.journal, e.record = j, hashBytes(text)
	for _, s := range j.Steps {
		if !isRecord(s.Path) {
			e.Files = append(e.Files, s.Path)
		}
	}
	slices.Sort(e.Files)
	return e, nil
}

// missing says which of the texts that an operation replaced is not there as it was, or "".
func (d *disk) missing(number int, j journal) (string, error) {
	for i, s := range j.Steps {
		if s.Old == "" {
			continue
		}
		at := entryOld(number, i)
		info, err := d.root.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return path.Base(at) + " is missing", nil
		case err != nil:
			return "", err
		case !info.Mode().IsRegular() || info.Size() > maxText:
			return path.Base(at) + " is no file that wsgen wrote", nil
		}
		if hash, err := d.hash(at); err != nil {
			return "", err
		} else if hash != s.Old {
			return path.Base(at) + " was changed", nil
		}
	}
	return "", nil
}

// readable makes one line of a command, or of the name of a file, that may come from elsewhere.
func readable(command string) string {
	command = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, command)
	if len(command) > maxCommand {
		command = strings.ToValidUTF8(command[:maxCommand], "") + "…"
	}
	return command
}
