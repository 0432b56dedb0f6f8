package cmd

import (
	"context"
	"path"
	"slices"
	"strings"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/rename"
)

// readUsers reads the files in which the user may name a consumer, as they are before a removal.
func (a *app) readUsers(ctx context.Context, r *removing, c *model.Consumer) (*renaming, error) {
	u := &renaming{app: a, before: r.before, old: c}
	return u, u.readFiles(ctx)
}

// unfit returns the places that use what a consumer loses with a route: a parameter that no other of its routes has and, with the
// last route, the class of the client.
func (o *removeRouteOptions) unfit(ctx context.Context, r *removing, c *model.Consumer) ([]leftReport, error) {
	var gone, shown []string
	after := r.after.consumer(c.Name)
	for _, p := range c.Params {
		if !slices.ContainsFunc(after.Params, func(q model.Param) bool { return q.Field == p.Field }) {
			gone, shown = append(gone, p.Field), append(shown, c.ParamsType+"."+p.Field)
		}
	}
	if len(gone) == 0 && len(after.Routes) > 0 {
		return nil, nil
	}
	u, err := o.readUsers(ctx, r, c)
	if err != nil {
		return nil, err
	}
	q := rename.Request{Module: r.before.model.Module, Folder: path.Dir(c.File), Files: u.source}
	for _, d := range rename.Fields(q, c.ParamsType, gone, listed(shown)+" is gone") {
		u.left = append(u.left, leftReport{Path: d.File, Line: d.Line, Text: d.Text, Why: d.Why})
	}
	if len(after.Routes) == 0 {
		u.left = append(u.left, u.uses([]string{c.JSClass}, c.JSClass+" is gone")...)
	}
	u.sortLeft()
	return u.left, nil
}

// tellUnfit warns of the places that a removal leaves unfit: not of those in files that went with it, or were written anew.
func (o *removeRouteOptions) tellUnfit(r *removing, unfit []leftReport, kept []emit.Op) {
	unfit = slices.DeleteFunc(unfit, func(l leftReport) bool {
		return slices.ContainsFunc(r.edits, func(e emit.Edit) bool { return e.Path == l.Path }) &&
			!slices.ContainsFunc(kept, func(op emit.Op) bool { return op.Path == l.Path })
	})
	o.leaveUses(r, unfit)
}

// leaveUses says where what a removal takes away is still used.
func (a *app) leaveUses(r *removing, uses []leftReport) {
	a.report.Left = append(a.report.Left, uses...)
	a.listLeft(r.before, "what is gone is still named in "+counted(len(uses), "place")+", left to you", uses)
}

// uses returns the places that name a consumer that goes: its type and its constructor, unless the user keeps the code of those, its
// params, and the class of the client. Files of the consumer's own are not among them.
func (o *removeConsumerOptions) uses(r *removing, u *renaming, keepsCode bool, own ...string) []leftReport {
	c := u.old
	names, words := rename.Names{c.ParamsType: c.ParamsType}, []string{c.ParamsType, c.JSClass}
	if !keepsCode {
		names[c.Type], names[c.Constructor] = c.Type, c.Constructor
		words = append(words, c.Type, c.Constructor)
	}
	q := rename.Request{Module: r.before.model.Module, Folder: path.Dir(c.File), Names: names, Files: slices.Clone(u.source)}
	for i := range q.Files {
		if q.Files[i].Fixed == "" { // then each place that would be renamed is a doubt
			q.Files[i].Fixed = c.Name + " is gone"
		}
	}
	left := u.left
	for _, d := range rename.Go(q).Doubts {
		left = append(left, leftReport{Path: d.File, Line: d.Line, Text: d.Text, Why: d.Why})
	}
	left = append(left, u.uses(words, c.Name+" is gone")...)
	u.left = slices.DeleteFunc(left, func(l leftReport) bool { return slices.Contains(own, l.Path) })
	u.sortLeft()
	return u.left
}

// uses finds words in pages and scripts, and the class of the client in pages that Go code holds: a document, such as the README.md of a new project, breaks by none.
func (r *renaming) uses(words []string, why string) []leftReport {
	var found []leftReport
	for _, f := range r.texts {
		switch strings.ToLower(path.Ext(f.path)) {
		case ".md", ".markdown", ".rst", ".adoc":
			continue
		}
		found = append(found, mentionsIn(f.path, f.text, words, why)...)
	}
	for _, l := range r.quoted() {
		l.Why = why
		found = append(found, l)
	}
	return found
}
