package cmd

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/rename"
	"wsgen/generator/render"
)

// renaming is one consumer on the way to its new name.
type renaming struct {
	*app
	before, after *project
	old, new      *model.Consumer

	source    []rename.File // the Go files of the user's, and those beside the stub that wsgen writes
	texts     []textFile    // other files that may speak of the consumer
	result    rename.Result
	elsewhere bool // the user has the code of the consumer in another file than its stub
	left      []leftReport
}

// leftReport is a place that mentions an old name, and that is left for the user to change.
type leftReport struct {
	Path string `json:"path"`           // relative to root, with slashes, as it is after the command
	Line int    `json:"line,omitempty"` // from 1; 0 stands for the file as a whole
	Text string `json:"text,omitempty"` // of the line
	Why  string `json:"why"`            // why it is left
}

// move is a file that gets another name.
type move struct{ from, to string }

// moves are the files that are named after the consumer.
func (r *renaming) moves() []move {
	return []move{{r.old.File, r.new.File}, {r.old.TestFile, r.new.TestFile}}
}

// moved returns where a file stands once the plan is carried out.
func (r *renaming) moved(file string) string {
	for _, m := range r.moves() {
		if m.from == file && !r.flags.dryRun {
			return m.to
		}
	}
	return file
}

// request is what is to be renamed in the user's Go files.
func (r *renaming) request() rename.Request {
	q := rename.Request{
		Module: r.before.model.Module, Folder: path.Dir(r.old.File), Files: r.source,
		Names: rename.Names{r.old.Type: r.new.Type, r.old.Constructor: r.new.Constructor, r.old.ParamsType: r.new.ParamsType},
		Words: map[string]string{"wsgen.yaml leads to " + r.old.Name: "wsgen.yaml leads to " + r.new.Name}, // as the stub has it
	}
	for _, c := range r.before.model.Consumers {
		if c != r.old {
			q.Others = append(q.Others, c.Type, c.Constructor, c.ParamsType)
		}
	}
	for _, m := range r.moves() {
		if r.exists(m.from) {
			q.Words[path.Base(m.from)] = path.Base(m.to)
		}
	}
	return q
}

// files returns every file of the project as it becomes. The new stub is not among them where its code stands elsewhere.
func (r *renaming) files() ([]render.File, error) {
	files, err := r.after.files(r.before.file.Source)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(files, func(f render.File) bool { return r.elsewhere && f.Path == r.new.File }), nil
}

// edits returns what becomes of the user's files: those that are named after the consumer move, the others change in place.
func (r *renaming) edits() []emit.Edit {
	var edits []emit.Edit
	for _, m := range r.moves() {
		edits = append(edits, emit.Edit{Path: m.from, To: m.to, Rewrite: r.rewriter(m.from)})
	}
	for _, file := range slices.Sorted(maps.Keys(r.result.Texts)) {
		if file != r.old.File && file != r.old.TestFile {
			edits = append(edits, emit.Edit{Path: file, To: file, Rewrite: r.rewriter(file)})
		}
	}
	return edits
}

// rewriter returns what rewrites the texts of a file. One is the text that was read; another is the base, which is read as if it
// stood in the file's place.
func (r *renaming) rewriter(file string) func([]byte) ([]byte, error) {
	i := slices.IndexFunc(r.source, func(f rename.File) bool { return f.Path == file })
	return func(text []byte) ([]byte, error) {
		if i >= 0 && bytes.Equal(text, r.source[i].Text) {
			return r.result.Texts[file], nil
		}
		q := r.request()
		q.Files = slices.DeleteFunc(slices.Clone(q.Files), func(f rename.File) bool { return f.Path == file })
		q.Files = append(q.Files, rename.File{Path: file, Text: text})
		result := rename.Go(q)
		if len(result.Clashes) > 0 {
			c := result.Clashes[0]
			return nil, fmt.Errorf("%s:%d:%d: %s %s", c.File, c.Line, c.Column, c.Name, c.Fact)
		}
		return result.Texts[file], nil
	}
}

// sortLeft sorts by place, and keeps one entry of each line.
func (r *renaming) sortLeft() {
	place := func(a, b leftReport) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line)) }
	slices.SortStableFunc(r.left, place)
	r.left = slices.CompactFunc(r.left, func(a, b leftReport) bool { return place(a, b) == 0 })
}

// tell says what the plan does not: where the routes are, and what is left for the user.
func (r *renaming) tell() {
	for _, route := range r.new.Routes {
		r.notef("  the path %s stays, and leads to %s\n", route.Path, r.new.Name)
	}
	r.listLeft(r.before, fmt.Sprintf("the old names still stand in %s, left to you (%s is %s now, and %s is %s)",
		counted(len(r.left), "place"), r.old.Type, r.new.Type, r.old.JSClass, r.new.JSClass), r.left)
}

// listLeft warns of places in the files of a project, if there are any, below a line that says what they have in common.
func (a *app) listLeft(p *project, head string, left []leftReport) {
	if len(left) == 0 {
		return
	}
	const most = 50
	text := head + ":"
	for i, l := range left {
		if i == most {
			text += fmt.Sprintf("\n  and %d more, which --json lists", len(left)-most)
			break
		}
		where := a.shown(filepath.Join(p.dir, filepath.FromSlash(l.Path)))
		if l.Line > 0 {
			where += fmt.Sprintf(":%d", l.Line)
		}
		if l.Text != "" {
			where += ": " + oneLine(l.Text)
		}
		text += "\n  " + where + ": " + oneLine(l.Why)
	}
	a.warnf("%s", text)
}

// unreadable says why a file could not be looked into.
func unreadable(file string, err error) leftReport {
	var failed *os.PathError
	if errors.As(err, &failed) {
		err = failed.Err // the path is told beside it
	}
	return leftReport{Path: file, Why: "it could not be looked into: " + err.Error()}
}
