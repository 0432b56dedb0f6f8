package cmd

import (
	"context"
	"slices"

	"wsgen/generator/emit"
	"wsgen/generator/spec"
)

// changing is one change of a project's spec, on its way into the tree.
type changing struct {
	tree   *emit.Tree
	before *project
	known  spec.Diagnostics // the warnings about the spec before
	behind []finding        // the user's files that an older wsgen wrote, and this one would write differently
}

// openChanging opens the project that the user stands in for a change of its spec. It is nil, and the command at its end, where
// openTree says so.
func (a *app) openChanging(ctx context.Context) (*changing, error) {
	dir, err := a.findProject()
	if err != nil {
		return nil, err
	}
	tree, err := a.openTree(ctx, dir)
	if err != nil || tree == nil {
		return nil, err
	}
	p, known, err := a.readProject(ctx, dir)
	if err != nil {
		return nil, err
	}
	files, err := p.files(p.file.Source)
	if err != nil {
		return nil, err
	}
	if err := tree.Rebuild(files); err != nil {
		return nil, err
	}
	behind, err := a.leftBehind(tree, files)
	if err != nil {
		return nil, err
	}
	return &changing{tree: tree, before: p, known: known, behind: behind}, nil
}

// tellOlder says, at the end of a command, what an older version left in the user's files, if anything: from here on the record names
// this version, so that check would find nothing. The next step is an upgrade then, whatever else it would be.
func (a *app) tellOlder(c *changing) {
	if len(c.behind) > 0 && !a.flags.dryRun {
		a.tellBehind(c.tree.Recorded(), len(c.behind))
	}
}

// noConsumer is the error about a consumer that the spec does not have; left are names of which there is something, though not in
// the spec.
func (p *project) noConsumer(name string, left []string) error {
	names := p.consumerNames()
	wayOut := "it has no consumers"
	if len(names) > 0 {
		wayOut = "there is: " + listed(names)
	}
	if len(left) > 0 {
		wayOut += "; and what is left of " + listed(left)
	}
	if near := spec.Suggest(name, slices.Concat(names, left)); near != "" {
		wayOut = "did you mean " + near + "? " + wayOut
	}
	return usage(wayOut, "%s has no consumer %s", p.file.Name, name)
}

// withSpec returns the project with another text of its spec; commandLine is the command that asked for it, and that is at fault
// where the text is not valid. The warnings that are printed are those about the spec as it becomes.
func (a *app) withSpec(p *project, text []byte, commandLine string) (*project, error) {
	file, m, found := checkSpec(p.file.Name, text)
	if m == nil {
		a.report.addDiagnostics(file.Name, found)
		return nil, &specError{file: file, diagnostics: found, argument: commandLine}
	}
	a.warn(file, found)
	return &project{dir: p.dir, file: file, model: m}, nil
}
