package render

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"wsgen/generator/model"
)

// row is one line of the plan table: one emitted file, where it comes from and whose it is.
type row struct {
	path   string // in the emitted project
	source string // below templates/project; a template where it ends in .tmpl
	// more are static sources whose lines are joined to those of source; only go.sum has some.
	more   []string
	owner  Owner
	needed bool // see File.Needed
	// data makes the template's data; nil for a static source. It is called when the file is rendered, not before.
	data func() any
	// splice joins the template's output into the file that is there; nil where the file is written whole.
	splice func(wanted, existing []byte) ([]byte, error)
	raise  func(wanted, existing []byte) ([]byte, error) // what stands in for splice in an upgrade
}

// table returns the plan table of a project: first what every project has, then the stubs of its consumers.
func table(p *model.Project, src *sources) ([]row, error) {
	rows := fixedRows(p)
	for _, pattern := range folders(p) {
		static, err := folderRows(src.fsys, pattern)
		if err != nil {
			return nil, err
		}
		rows = append(rows, static...)
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return !wants(p, r.path) })
	for _, c := range p.Consumers {
		rows = append(rows, stubRows(p, c)...)
	}
	return rows, nil
}

// fixedRows lists the files that every project has, the runtime apart.
func fixedRows(p *model.Project) []row {
	rows := []row{
		{path: "main.go", source: "main.go.tmpl", owner: Yours, needed: true, data: func() any { return newMain(p) }},
		{path: "go.mod", source: "go.mod.tmpl", owner: Spliced, needed: true,
			data: func() any { return newGoMod(p) }, splice: spliceMod, raise: raiseMod},
		{path: "go.sum", source: "go.sum", more: sumParts(p), owner: Spliced, needed: true,
			splice: spliceSum, raise: raiseSum},

		{path: "consumers/deps.go", source: "consumers/deps.go", owner: Yours, needed: true},
		{path: "consumers/consumers_gen.go", source: "consumers/consumers_gen.go.tmpl", owner: Generated,
			data: func() any { return newParams(p) }},
		{path: "routing/routing_gen.go", source: "routing/routing_gen.go.tmpl", owner: Generated,
			data: func() any { return newRouting(p) }},
		{path: "settings/settings.go", source: "settings/settings.go", owner: Yours, needed: true},
		{path: "settings/settings_gen.go", source: "settings/settings_gen.go", owner: Generated},
		{path: "settings/defaults_gen.go", source: "settings/defaults_gen.go.tmpl", owner: Generated,
			data: func() any { return newDefaults(p) }},

		{path: "client/index.js", source: "client/index.js.tmpl", owner: Generated,
			data: func() any { return newClient(p) }},
		{path: "client/index.d.ts", source: "client/index.d.ts.tmpl", owner: Generated,
			data: func() any { return newClient(p) }},
		{path: "client/package.json", source: "client/package.json", owner: Generated},
		{path: "web/index.html", source: "web/index.html", owner: Yours, needed: true},

		{path: ".wsgen/schema.json", source: ".wsgen/schema.json", owner: Generated},

		{path: "Dockerfile", source: "Dockerfile.tmpl", owner: Yours, data: func() any { return newDockerfile(p) }},
		{path: ".dockerignore", source: "dockerignore.tmpl", owner: Yours, data: func() any { return newDockerignore(p) }},
		{path: "Makefile", source: "Makefile.tmpl", owner: Yours, data: func() any { return newMakefile(p) }},
		{path: "README.md", source: "README.md.tmpl", owner: Yours, data: func() any { return newReadme(p) }},
		{path: ".gitignore", source: "gitignore.tmpl", owner: Yours, data: func() any { return newGitignore(p) }},
		{path: ".gitattributes", source: "gitattributes.tmpl", owner: Yours, data: noData},
		{path: ".github/workflows/ci.yml", source: ".github/workflows/ci.yml", owner: Yours},
	}
	return append(rows, partRows(p)...)
}

// partRows lists the user's files that come with a layer or an auth. Each is written once, for what the spec says then.
func partRows(p *model.Project) (rows []row) {
	if p.Layer != "memory" {
		rows = append(rows, row{path: "compose.yaml", source: "compose." + p.Layer + ".yaml", owner: Yours})
	}
	if p.Auth != "none" {
		rows = append(rows,
			row{path: "login/login.go", source: "login/" + p.Auth + "/login.go", owner: Yours},
			row{path: "web/login.js", source: "web/login_" + p.Auth + ".js", owner: Yours})
	}
	return rows
}

// noData is for a template in name only: a file whose own name would act on our repository.
func noData() any { return nil }

// folderRows lists the static sources that match the pattern, but for their own tests.
func folderRows(fsys fs.FS, pattern string) ([]row, error) {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		return nil, fmt.Errorf("list the embedded sources: %w", err)
	}
	var rows []row
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			rows = append(rows, row{path: name, source: name, owner: Generated})
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no embedded source matches %s", pattern)
	}
	return rows, nil
}

// stubRows lists the files of one consumer. A stub without a route is not built into anything, so it may stay deleted; and
// its test, which connects by path, is written once there is a route.
func stubRows(p *model.Project, c *model.Consumer) []row {
	routed := len(c.Routes) > 0
	rows := []row{{
		path: c.File, source: "consumers/" + string(c.Mode) + "_consumer.go.tmpl", owner: Yours, needed: routed,
		data: func() any { return newStub(p, c) },
	}}
	if routed {
		rows = append(rows, row{
			path: c.TestFile, source: "consumers/consumer_test.go.tmpl", owner: Yours,
			data: func() any { return newStubTest(p, c) },
		})
	}
	return rows
}

// file makes the row a file of the project whose Go module is named module.
func (r row) file(src *sources, module string) File {
	joined := func(splice func(wanted, existing []byte) ([]byte, error)) func([]byte) ([]byte, error) {
		return func(existing []byte) ([]byte, error) {
			text, err := r.text(src, module)
			if err != nil {
				return nil, fmt.Errorf("render %s: %w", r.path, err)
			}
			if splice != nil {
				return splice(text, existing)
			}
			return text, nil
		}
	}
	f := File{Path: r.path, Owner: r.owner, Mode: 0o644, Needed: r.needed, Render: joined(r.splice)}
	if r.raise != nil {
		f.Raise = joined(r.raise)
	}
	return f
}

// text renders the row as if there were no such file yet.
func (r row) text(src *sources, module string) ([]byte, error) {
	text, err := r.body(src, module)
	if err != nil {
		return nil, err
	}
	if r.owner == Generated && hasHeader(r.path) {
		text = append([]byte(header), text...)
	}
	if r.data != nil && path.Ext(r.path) == ".go" {
		return goFile(r.path, text)
	}
	return text, nil
}

// body returns the text of the row's source: of the static file, or what the template makes of its data.
func (r row) body(src *sources, module string) ([]byte, error) {
	switch {
	case strings.HasSuffix(r.source, templateSuffix):
		return src.execute(r.source, r.data())
	case len(r.more) > 0:
		return src.joined(append([]string{r.source}, r.more...))
	}
	return src.static(r.source, module)
}
