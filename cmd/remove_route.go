package cmd

import (
	"bytes"
	"context"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"wsgen/generator/emit"
	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

type removeRouteOptions struct {
	*app
	path string
}

func newRemoveRouteCmd(a *app) *cobra.Command {
	o := &removeRouteOptions{app: a}
	return &cobra.Command{
		Use:   "route PATH",
		Short: "Remove a route: spec, routing and client in one step; the consumer stays",
		Long: `Remove a route: the exact reverse of add route. Its line goes from wsgen.yaml; the consumer behind it stays, and so does
its stub. The test of the stub no longer connects to the path, where the test is as it was written.

  wsgen remove route '/ws/rooms/{room:slug}'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "" {
				return usage("usage: wsgen remove route PATH", "the path of the route is missing")
			}
			return maxArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.path = args[0]
			return runRemoveRoute(cmd.Context(), o)
		},
		ValidArgsFunction: onlyFirst(completeRoutes(a)),
	}
}

func runRemoveRoute(ctx context.Context, o *removeRouteOptions) error {
	r, err := o.openRemoving(ctx, spec.Removal{Path: o.path})
	if err != nil || r == nil {
		return err
	}
	route := r.before.route(o.path)
	if route == nil {
		return o.unknown(r.before)
	}
	commandLine := "wsgen remove route " + shellWord(o.path)
	if err := o.takeOut(r, commandLine); err != nil {
		return err
	}
	c := route.Consumer
	last, lost := len(c.Routes) == 1, []string(nil)
	if last {
		r.edits = []emit.Edit{{Path: c.TestFile}}
	} else if lost, err = o.retest(r, route); err != nil {
		return err
	}
	unfit, err := o.unfit(ctx, r, c)
	if err != nil {
		return err
	}
	changed, kept, err := o.emitRemoval(ctx, r)
	if err != nil {
		return err
	}
	o.tellUnfit(r, unfit, kept)
	if last {
		o.notef("%s has no route any more; its stub %s stays. Another route: wsgen add route PATH --to %s; without it: wsgen remove consumer %s\n",
			c.Name, c.File, c.Name, c.Name)
	}
	if len(kept) > 0 {
		o.leave(r, c.TestFile, 0, "it stays, for you edited it: it fails until you change or delete it, for no route leads to "+c.Name)
	}
	if len(lost) > 0 {
		o.leave(r, c.TestFile, 0, "you edited it, so it stays as it is; but it names "+strings.Join(lost, ", ")+", where "+c.Name+
			" is no longer: change it there")
	}
	switch {
	case o.flags.dryRun && changed:
		o.suggest("%s", commandLine)
	case last:
		o.suggest("wsgen add route PATH --to %s", c.Name)
	default:
		o.suggest("go test ./...")
	}
	o.tellOlder(r.changing)
	return nil
}

// unknown is the error about a path that the spec does not have.
func (o *removeRouteOptions) unknown(p *project) error {
	var paths []string
	for _, r := range p.model.Routes {
		paths = append(paths, r.Path)
	}
	wayOut := "it has no routes"
	if len(paths) > 0 {
		wayOut = "there is: " + listed(paths)
	}
	if near := spec.Suggest(o.path, paths); near != "" {
		wayOut = "did you mean " + shellWord(near) + "? " + wayOut
	}
	if name, err := model.ConsumerName(o.path); err == nil && p.consumer(name) != nil {
		wayOut = "is it the consumer? then: wsgen remove consumer " + name + "; " + wayOut
	}
	return usage(wayOut, "%s has no route %s", p.file.Name, harmless(o.path))
}

// retest has the test of a stub written anew where it connects to the route that goes and is as it was written. Where it was edited,
// it is left alone, and lost are the paths in it that no longer lead to the consumer.
func (o *removeRouteOptions) retest(r *removing, route *model.Route) (lost []string, err error) {
	file := route.Consumer.TestFile
	lost = lostPaths(filepath.Join(r.before.dir, filepath.FromSlash(file)), r, route)
	if len(lost) == 0 {
		return nil, nil
	}
	plan, err := o.planRemoval(r, []emit.Edit{{Path: file}}, false)
	if err != nil {
		return nil, err
	}
	pristine := slices.ContainsFunc(plan.Ops, func(op emit.Op) bool { return op.Path == file && op.Action == emit.Delete })
	if !pristine {
		return lost, nil
	}
	files, err := r.after.files(r.before.file.Source)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(files, func(f render.File) bool { return f.Path == file })
	text, err := files[i].Render(nil)
	if err != nil {
		return nil, err
	}
	r.edits = []emit.Edit{{Path: file, To: file, Rewrite: func(old []byte) ([]byte, error) {
		if bytes.Contains(old, []byte("\r\n")) {
			return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), nil
		}
		return text, nil
	}}}
	return nil, nil
}

// lostPaths returns the paths in the strings of a Go file that lead to the route, and to its consumer no longer once that is gone.
// A file that cannot be read has none: it is the user's.
func lostPaths(file string, r *removing, route *model.Route) []string {
	if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	source, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var s scanner.Scanner
	set := token.NewFileSet()
	s.Init(set.AddFile(file, set.Base(), len(source)), source, func(token.Position, string) {}, 0)
	var lost []string
	for {
		_, kind, literal := s.Scan()
		if kind == token.EOF {
			return lost
		}
		path, err := strconv.Unquote(literal)
		if kind != token.STRING || err != nil || r.before.model.Match(path).Route != route {
			continue
		}
		if now := r.after.model.Match(path).Route; now == nil || now.Consumer.Name != route.Consumer.Name {
			lost = append(lost, path)
		}
	}
}
