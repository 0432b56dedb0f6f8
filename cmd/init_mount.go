package cmd

import (
	"go/ast"
	goformat "go/format"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"wsgen/generator/model"
	"wsgen/generator/spec"
)

// What the file that mounts the service declares, unless the user has given the name to something else.
const (
	mountFiles = "webSocketFiles"
	mountServe = "serveWebSockets"
)

// mountText returns a Go file of the package that main.go is of: with it a main.go that wsgen did not write serves the routes. It
// compiles beside the files of that package, whatever they declare; serve is the function in it that does the work.
func mountText(m *model.Project, pkg string, beside []goFile) (text, serve string) {
	text = plainMount(m, pkg)
	taken, known := map[string]bool{}, map[string]bool{}
	for _, f := range beside {
		for name := range f.declares {
			taken[name], known[name] = true, true
		}
		for name := range f.imports {
			known[name] = true
		}
	}
	serve = freeName(mountServe, known)
	text = strings.ReplaceAll(text, mountServe, serve)
	text = strings.ReplaceAll(text, mountFiles, freeName(mountFiles, known))
	return withAliases(text, taken), serve
}

// freeName returns the name, or one that is made of it where it is taken.
func freeName(name string, taken map[string]bool) string {
	free := name
	for i := 1; taken[free]; i++ {
		free = "service" + strings.ToUpper(name[:1]) + name[1:]
		if i > 1 {
			free += strconv.Itoa(i)
		}
	}
	return free
}

// withAliases returns a Go file that calls what it imports by other names than those that are taken.
func withAliases(text string, taken map[string]bool) string {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return text
	}
	aliases := map[string]string{}
	for _, spec := range file.Imports {
		name := importName(spec)
		if alias := freeName(name, taken); alias != name {
			aliases[name], spec.Name = alias, ast.NewIdent(alias)
		}
	}
	if len(aliases) == 0 {
		return text
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := selector.X.(*ast.Ident); ok && aliases[id.Name] != "" {
				id.Name = aliases[id.Name]
			}
		}
		return true
	})
	var b strings.Builder
	if err := goformat.Node(&b, set, file); err != nil {
		return text
	}
	return b.String()
}

// plainMount is mountText with the names that every file has of its own accord.
func plainMount(m *model.Project, pkg string) string {
	imports := []string{"consumers", "internal/ws", "routing", "settings"}
	var login []string
	if m.Auth != spec.Auths()[0] {
		imports = append(imports, "login")
		login = []string{
			"	mux.Handle(\"/login.js\", files)",
			"	login.Add(mux, cfg.Debug) // the sign-in of that page; leave both out where you have your own",
		}
	}
	slices.Sort(imports)
	lines := []string{"package " + pkg, "", "import (", `	"context"`, `	"embed"`, `	"errors"`, `	"net/http"`, ""}
	for _, path := range imports {
		lines = append(lines, `	"`+m.Module+"/"+path+`"`)
	}
	lines = append(lines,
		")",
		"",
		"//go:embed web client",
		"var "+mountFiles+" embed.FS",
		"",
		"// "+mountServe+" serves the routes of wsgen.yaml, and yours for every other path, until ctx ends.",
		"func "+mountServe+"(ctx context.Context, yours http.Handler) (err error) {",
		"	cfg, err := settings.Load() // from the environment: ADDR, for one, is where it listens",
		"	if err != nil {",
		"		return err",
		"	}",
		"	layer, err := routing.OpenLayer(ctx, cfg)",
		"	if err != nil {",
		"		return err",
		"	}",
		"	defer func() { err = errors.Join(err, layer.Close()) }()",
		"",
		"	app := routing.New(cfg, layer, consumers.Deps{Layer: layer})",
		"	mux, files := http.NewServeMux(), ws.Assets("+mountFiles+")",
		"	mux.Handle(\"/client/\", files)     // the JavaScript client",
		"	mux.Handle(\"/index.html\", files) // the page that talks to every route",
	)
	lines = append(lines, login...)
	lines = append(lines,
		"	mux.Handle(\"/\", yours)",
		"	return ws.Serve(ctx, cfg.Server, app, mux)",
		"}",
		"",
	)
	text := strings.Join(lines, "\n")
	if neat, err := goformat.Source([]byte(text)); err == nil { // else it is as good, but for the columns
		return string(neat)
	}
	return text
}

// mountHelp tells what to do with the text of mountText, in which serve does the work.
func mountHelp(text, serve string) string {
	var b strings.Builder
	b.WriteString("main.go is yours and stays as it is. To serve the routes from it, put this beside it, as websocket.go for one:\n\n")
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	b.WriteString("\nand call it where main starts its server, in place of http.ListenAndServe; handler is yours, and may be\n" +
		"http.DefaultServeMux; ctx ends when the service is to stop:\n\n" +
		"    ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)\n" +
		"    defer stop()\n" +
		"    err := " + serve + "(ctx, handler)\n\n")
	return b.String()
}
