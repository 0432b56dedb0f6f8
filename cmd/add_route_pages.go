package cmd

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"wsgen/generator/model"
)

// whyRoute is why a place in a page is left to the user after add route.
const whyRoute = "options.route has to name one of the routes now"

// doubled says which page code breaks by the new route: the client finds the route by the names of its parameters, and where a
// second one has the same names it throws until options.route says which is meant. Where there were two before, it says so already.
func (o *addRouteOptions) doubled(ctx context.Context, before, after *project, added string) (warning string, err error) {
	route := after.route(added)
	if before.route(added) != nil || route == nil {
		return "", nil
	}
	var alike []*model.Route
	for _, r := range after.model.Routes {
		if r != route && r.Consumer == route.Consumer && slices.Equal(paramNames(r), paramNames(route)) {
			alike = append(alike, r)
		}
	}
	if len(alike) != 1 {
		return "", nil
	}
	c := route.Consumer
	pages := &renaming{app: o.app, before: before, after: after, old: c, new: c}
	if err := pages.readFiles(ctx); err != nil {
		return "", err
	}
	for _, f := range pages.texts {
		pages.left = append(pages.left, usesOf(c.JSClass, f)...)
	}
	pages.sortLeft()
	o.report.Left = pages.left
	params := "{}"
	if names := paramNames(route); len(names) > 0 {
		params = "{ " + strings.Join(names, ", ") + " }"
	}
	return fmt.Sprintf("%s has the same parameters as %s: from now on a page has to say which it means, or it fails, as in new %s(%s, { route: %q })%s",
		route.Path, alike[0].Path, c.JSClass, params, alike[0].Path, o.places(before.dir, pages.left)), nil
}

// paramNames returns the names of a route's parameters, sorted.
func paramNames(r *model.Route) (names []string) {
	for _, p := range r.Params() {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

// usesOf finds the lines of a page that use a class: those that do no more than import it, or name a route already, are left out.
func usesOf(class string, f textFile) []leftReport {
	return slices.DeleteFunc(mentionsIn(f.path, f.text, []string{class}, whyRoute), func(l leftReport) bool {
		importOnly := hasWord(l.Text, "import") && !hasWord(l.Text, "new")
		return (importOnly || hasWord(l.Text, "route")) && !strings.HasSuffix(l.Text, "…") // which is cut off
	})
}

// places lists what is left to the user, a line each.
func (o *addRouteOptions) places(dir string, left []leftReport) (text string) {
	const most = 20
	for i, l := range left {
		if i == 0 {
			text = ":"
		}
		if i == most {
			return text + fmt.Sprintf("\n  and %d more, which --json lists", len(left)-most)
		}
		text += "\n  " + o.shown(filepath.Join(dir, filepath.FromSlash(l.Path)))
		if l.Line > 0 {
			text += fmt.Sprintf(":%d", l.Line)
		}
		if l.Text == "" {
			l.Text = l.Why
		}
		text += ": " + oneLine(l.Text)
	}
	return text
}
