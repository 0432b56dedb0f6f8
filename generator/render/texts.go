package render

import "wsgen/generator/model"

// mainFile is the data of main.go.tmpl.
type mainFile struct {
	Module string
	Login  bool // whether there is a package login, which adds its handlers to the mux
}

func newMain(p *model.Project) mainFile { return mainFile{Module: p.Module, Login: p.Auth != "none"} }

// dockerfile is the data of Dockerfile.tmpl.
type dockerfile struct {
	Service string // names the binary
}

func newDockerfile(p *model.Project) dockerfile { return dockerfile{Service: p.Service} }

// dockerignore is the data of dockerignore.tmpl.
type dockerignore struct {
	Service string // names the binary, which `go build` leaves in the project's root
}

func newDockerignore(p *model.Project) dockerignore { return dockerignore{Service: p.Service} }

// makefile is the data of Makefile.tmpl.
type makefile struct {
	Service string // names the binary
}

func newMakefile(p *model.Project) makefile { return makefile{Service: p.Service} }

// gitignore is the data of gitignore.tmpl.
type gitignore struct {
	Service string // names the binary, which `go build` leaves in the project's root
	Compose bool   // whether there is a compose.yaml, which reads .env
}

func newGitignore(p *model.Project) gitignore {
	return gitignore{Service: p.Service, Compose: p.Layer != "memory"}
}

// readme is the data of README.md.tmpl.
type readme struct {
	Service string
	Module  string
	Routes  []readmeRoute // as they were when the project was made
	asked                 // and so were layer and auth
}

// readmeRoute is one line of the table of routes.
type readmeRoute struct {
	Path     string
	Consumer string // its name in the spec
	Mode     string
	File     string // of its stub
}

func newReadme(p *model.Project) readme {
	data := readme{Service: p.Service, Module: p.Module, asked: newAsked(p)}
	for _, r := range p.Routes {
		c := r.Consumer
		data.Routes = append(data.Routes, readmeRoute{Path: r.Path, Consumer: c.Name, Mode: string(c.Mode), File: c.File})
	}
	return data
}
