package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"wsgen/generator/render"
)

type doctorOptions struct{ *app }

func newDoctorCmd(a *app) *cobra.Command {
	o := &doctorOptions{app: a}
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong with the machine or the project, and what to do; exit 4 if anything",
		Long: `Look for what keeps wsgen, or the Go command, from working: on this machine and, inside a project, in its folder and in
what wsgen keeps there. Each problem comes with its place and a way out; -v names what is well, too. It writes nothing and asks no
network. Whether the project is what its spec asks for is another question: wsgen check.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), o) },
	}
}

// checkup is one thing that doctor looked at.
type checkup struct {
	Name   string `json:"name"`              // what was looked at: "go"
	OK     bool   `json:"ok"`                // nothing is wrong with it
	Path   string `json:"path,omitempty"`    // where: as the shell takes it; empty for the machine as a whole
	Fact   string `json:"fact"`              // what was found
	WayOut string `json:"way_out,omitempty"` // where it is not well
}

// examination is one run of doctor.
type examination struct {
	*app
	dir    string // the project's folder, absolute; "" outside one
	found  []checkup
	models *project // the project, where its spec is valid
	files  []render.File
}

func runDoctor(ctx context.Context, o *doctorOptions) error {
	e := &examination{app: o.app}
	dir, err := e.findFolder()
	if err != nil {
		return err
	}
	e.dir = dir
	steps := []func(context.Context) error{e.lookAtGo, e.lookAtPath}
	if dir != "" {
		o.report.Root = dir
		steps = append(steps, e.lookAtSpec, e.lookAtLinks, e.lookAtPlaces, e.lookAtRecords, e.lookAtTrash, e.lookAtModule, e.lookAtCase, e.lookAtGit)
	}
	for _, step := range append(steps, e.lookAtDisk) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return e.conclude()
}

// findFolder returns the nearest folder, from the working directory upward, that is a project or was one: its spec may be what is
// missing. It is "" where there is none.
func (e *examination) findFolder() (string, error) {
	dir, err := filepath.Abs(e.path("."))
	if err != nil {
		return "", failure(err, "", "the working directory")
	}
	for {
		for _, name := range []string{render.SpecPath, wsgenFolder} {
			if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
				return dir, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", nil
		}
		dir = filepath.Dir(dir)
	}
}

// well notes that nothing is wrong with something.
func (e *examination) well(name, format string, args ...any) {
	e.found = append(e.found, checkup{Name: name, OK: true, Fact: fmt.Sprintf(format, args...)})
}

// ill notes that something is wrong with the machine.
func (e *examination) ill(name, wayOut, format string, args ...any) {
	e.found = append(e.found, checkup{Name: name, Fact: fmt.Sprintf(format, args...), WayOut: wayOut})
}

// illAt notes that something is wrong with a file of the project; the path has slashes.
func (e *examination) illAt(name, path, wayOut, format string, args ...any) {
	c := checkup{Name: name, Path: e.in(path), Fact: fmt.Sprintf(format, args...), WayOut: wayOut}
	for _, other := range e.found {
		if other == c {
			return
		}
	}
	e.found = append(e.found, c)
}

// in returns a path of the project as it is shown.
func (e *examination) in(path string) string {
	return e.shown(filepath.Join(e.dir, filepath.FromSlash(path)))
}

// conclude prints what was found.
func (e *examination) conclude() error {
	problems := 0
	for _, c := range e.found {
		fact := c.Fact
		if c.Path != "" {
			fact = c.Path + ": " + fact
		}
		switch {
		case !c.OK:
			problems++
			e.resultf("%s %s: %s\n    %s\n", e.paint(color.FgRed, "problem"), c.Name, harmless(fact), harmless(c.WayOut))
		case e.flags.verbose:
			e.resultf("%s      %s: %s\n", e.paint(color.FgGreen, "ok"), c.Name, harmless(fact))
		}
	}
	e.report.Checkups = e.found
	if problems > 0 {
		return drift("what to do stands below each of them", "doctor found %s", counted(problems, "problem"))
	}
	if e.dir == "" {
		e.notef("nothing is wrong with this machine; here is no project of wsgen\n")
		e.suggest("wsgen new project NAME")
		return nil
	}
	e.notef("nothing is wrong with this machine, and nothing with %s\n", e.shown(e.dir))
	e.suggest("wsgen check")
	return nil
}

// lookAtSpec reads the spec, and what it asks for.
func (e *examination) lookAtSpec(ctx context.Context) error {
	const name = "spec"
	path := filepath.Join(e.dir, render.SpecPath)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		e.illAt(name, render.SpecPath, "get it back from version control; without it no command knows what the project is to be", "the spec is missing")
		return nil
	case err != nil:
		e.illAt(name, render.SpecPath, "see to whom it belongs (ls -l)", "the spec cannot be looked at: %s", bare(err))
		return nil
	case !info.Mode().IsRegular():
		e.illAt(name, render.SpecPath, "put the spec there", "the spec is not a file")
		return nil
	case leadsOut(e.dir, render.SpecPath):
		e.illAt(name, render.SpecPath, wayOutLink, "%s", factLink)
		return nil
	}
	source, err := e.readSpec(ctx, path)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.illAt(name, render.SpecPath, "see to whom it belongs (ls -l)", "the spec cannot be read: %s", bare(err))
		return nil
	}
	file, m, found := checkSpec(e.shown(path), source)
	if m == nil {
		e.illAt(name, render.SpecPath, "wsgen validate shows them", "%s", strings.TrimPrefix((&specError{file: file, diagnostics: found}).Error(), file.Name+" is "))
		return nil
	}
	e.models = &project{dir: e.dir, file: file, model: m}
	if e.files, err = e.models.files(source); err != nil {
		return err
	}
	e.well(name, "%s is valid", file.Name)
	return nil
}

// bare returns the reason of an error of the system, without the path, which stands before it anyway.
func bare(err error) string {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}
