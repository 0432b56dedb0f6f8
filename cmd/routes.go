package cmd

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wsgen/generator/model"
)

type routesOptions struct {
	*app
	match string
}

func newRoutesCmd(a *app) *cobra.Command {
	o := &routesOptions{app: a}
	cmd := &cobra.Command{
		Use:   "routes",
		Short: "List the routes, or say which one wins for a path",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("match") && !strings.HasPrefix(o.match, "/") {
				return usage("give the path as a page asks for it, as in --match /ws/chat/7", "the path %q does not start with /", o.match)
			}
			return runRoutes(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.match, "match", "", "say which route wins for `PATH`, and with which parameters")
	return cmd
}

// routeReport is one route.
type routeReport struct {
	Path     string `json:"path"`
	Consumer string `json:"consumer"`
	Mode     string `json:"mode"`
	Stub     string `json:"stub"`           // relative to root, with slashes
	Line     int    `json:"line,omitempty"` // of the consumer's type; 0 where no file beside the stub declares it
}

// matchReport says what a service answers to a path.
type matchReport struct {
	Path   string            `json:"path"`
	Route  string            `json:"route,omitempty"` // empty where no route wins
	Params map[string]string `json:"params,omitempty"`
	Why    string            `json:"why,omitempty"` // why no route wins
}

func runRoutes(ctx context.Context, o *routesOptions) error {
	p, err := o.openProject(ctx)
	if err != nil {
		return err
	}
	if o.match != "" {
		o.printMatch(p)
		o.suggest("wsgen routes")
		return nil
	}
	stubs := newStubIndex(p.dir)
	for _, r := range p.model.Routes {
		file, line := stubs.find(r.Consumer)
		o.report.Routes = append(o.report.Routes, routeReport{
			Path: r.Path, Consumer: r.Consumer.Name, Mode: string(r.Consumer.Mode), Stub: file, Line: line,
		})
	}
	o.printRoutes(p)
	o.suggest("wsgen routes --match PATH")
	return nil
}

func (o *routesOptions) printRoutes(p *project) {
	if len(o.report.Routes) == 0 {
		o.notef("%s has no routes\n", p.file.Name)
		return
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PATH\tCONSUMER\tMODE\tSTUB")
	for _, r := range o.report.Routes {
		place := "-"
		if r.Line > 0 {
			place = o.shown(filepath.Join(p.dir, filepath.FromSlash(r.Stub))) + ":" + strconv.Itoa(r.Line)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Path, r.Consumer, r.Mode, place)
	}
	_ = w.Flush() // a strings.Builder takes everything
	o.resultf("%s", b.String())
}

func (o *routesOptions) printMatch(p *project) {
	m := p.model.Match(o.match)
	o.report.Match = &matchReport{Path: o.match, Params: m.Params, Why: m.Why}
	if m.Route == nil {
		o.resultf("%s: 404: %s\n", harmless(o.match), m.Why)
		return
	}
	o.report.Match.Route = m.Route.Path
	c := m.Route.Consumer
	o.resultf("%s: %s, %s (%s)\n", harmless(o.match), m.Route.Path, c.Name, c.Mode)
	for _, name := range sortedParams(m) {
		o.resultf("  %s = %q\n", name, m.Params[name])
	}
}

func sortedParams(m model.Match) []string { return slices.Sorted(maps.Keys(m.Params)) }
