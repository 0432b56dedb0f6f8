package cmd

import (
	goformat "go/format"
	"slices"
	"strings"

	"wsgen/generator/model"
	"wsgen/generator/spec"
)

// mountText returns a Go file of the package that main.go is of: with it a main.go that wsgen did not write serves the routes.
func mountText(m *model.Project, pkg string) string {
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
		"var webSocketFiles embed.FS",
		"",
		"// serveWebSockets serves the routes of wsgen.yaml, and yours for every other path, until ctx ends.",
		"func serveWebSockets(ctx context.Context, yours http.Handler) (err error) {",
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
		"	mux, files := http.NewServeMux(), ws.Assets(webSocketFiles)",
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

// mountHelp tells what to do with the text of mountText.
func mountHelp(text string) string {
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
		"    err := serveWebSockets(ctx, handler)\n\n")
	return b.String()
}
