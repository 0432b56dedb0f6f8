package cmd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	goversion "go/version"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"

	"wsgen/generator/render"
)

// patience bounds how long doctor waits for another program.
const patience = 20 * time.Second

// goEnv is what the go command says of itself.
type goEnv struct {
	Version string `json:"GOVERSION"`
	Flags   string `json:"GOFLAGS"`
	Module  string `json:"GO111MODULE"`
	Proxy   string `json:"GOPROXY"`
}

// lookAtGo looks whether the go command can build the service.
func (e *examination) lookAtGo(ctx context.Context) error {
	const name = "go"
	path, err := exec.LookPath("go")
	if err != nil {
		e.ill(name, "install Go, or add its folder bin to PATH: https://go.dev/dl", "the go command is not in PATH: nothing can be built or tested")
		return nil
	}
	env, err := askGo(ctx, path)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.ill(name, "run it by hand: go env; or install Go anew: https://go.dev/dl", "%s does not answer: %v", path, err)
		return nil
	}
	want, of := e.neededGo()
	switch {
	case !goversion.IsValid(env.Version): // built from a checkout
		e.well(name, "%s is %s", path, env.Version)
	case goversion.Compare(env.Version, "go"+want) >= 0:
		e.well(name, "%s is %s, and %s asks for %s", path, env.Version, of, want)
	case goversion.Compare(env.Version, "go1.21") < 0:
		e.ill(name, "install a newer Go: https://go.dev/dl", "%s is %s, and %s asks for %s", path, env.Version, of, want)
	case pinned(e.userGoEnv("GOTOOLCHAIN")):
		e.ill(name, "install a newer Go (https://go.dev/dl), or let this one fetch it: go env -w GOTOOLCHAIN=auto",
			"%s is %s, %s asks for %s, and GOTOOLCHAIN=%s keeps it from fetching that", path, env.Version, of, want, e.userGoEnv("GOTOOLCHAIN"))
	default:
		e.well(name, "%s is %s; it fetches the %s that %s asks for", path, env.Version, want, of)
	}
	if env.Module == "off" {
		e.ill(name, "unset it: go env -u GO111MODULE, or in your shell", "GO111MODULE=off: the go command does not look at go.mod")
	}
	e.lookAtFlags(env.Flags)
	return nil
}

// askGo asks the go command for its settings, in a folder where no go.mod and no go.work make it fetch another.
func askGo(ctx context.Context, path string) (env goEnv, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := exec.CommandContext(ctx, path, "env", "-json", "GOVERSION", "GOFLAGS", "GO111MODULE", "GOPROXY")
	c.Dir = os.TempDir()
	c.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOWORK=off")
	c.WaitDelay = time.Second
	out, err := c.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 {
			return env, errors.New(strings.TrimSpace(string(exit.Stderr)))
		}
		return env, err
	}
	return env, json.Unmarshal(out, &env)
}

// pinned says whether a value of GOTOOLCHAIN keeps the go command from switching to a newer one.
func pinned(toolchain string) bool {
	return toolchain != "" && toolchain != "auto" && toolchain != "path" && !strings.Contains(toolchain, "+")
}

// userGoEnv returns a setting of the go command as the environment or its own file has it: asked itself, it would say what doctor
// set. See `go help env`.
func (e *examination) userGoEnv(name string) string {
	if value := e.getenv(name); value != "" {
		return value
	}
	file := e.getenv("GOENV")
	if file == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		file = filepath.Join(config, "go", "env")
	}
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close() // it is only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+"="); ok {
			return value
		}
	}
	return ""
}

// neededGo returns the Go version that the service needs, and what says so.
func (e *examination) neededGo() (version, of string) {
	version, of = emittedGo(), "a service of wsgen"
	if e.dir == "" {
		return version, of
	}
	mod, err := (&site{app: e.app, dir: e.dir}).readMod(filepath.Join(e.dir, "go.mod"))
	if err == nil && mod != nil && mod.Go != nil && goversion.Compare("go"+mod.Go.Version, "go"+version) > 0 {
		return mod.Go.Version, e.in("go.mod")
	}
	return version, of
}

// emittedGo returns the version of the go line that wsgen emits.
func emittedGo() string {
	text, err := render.Spec(defaultName, moduleHost+defaultName, nil, render.SpecSettings{})
	if err != nil {
		return ""
	}
	_, m, _ := checkSpec(render.SpecPath, text)
	if m == nil {
		return ""
	}
	files, err := render.Project(m)
	if err != nil {
		return ""
	}
	mod, err := emittedMod(files)
	if err != nil || mod == nil {
		return ""
	}
	return mod.Go.Version
}

// emittedMod returns the go.mod among the files as it is where there was none; nil where it is not among them.
func emittedMod(files []render.File) (*modfile.File, error) {
	i := slices.IndexFunc(files, func(f render.File) bool { return f.Path == "go.mod" })
	if i < 0 {
		return nil, nil
	}
	text, err := files[i].Render(nil)
	if err != nil {
		return nil, err
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return nil, failure(err, "", "internal error: the text made for go.mod is not valid")
	}
	return mod, nil
}

// lookAtFlags looks at flags that every go command gets.
func (e *examination) lookAtFlags(flags string) {
	const name = "GOFLAGS"
	for flag := range strings.FieldsSeq(flags) {
		mode, ok := strings.CutPrefix(strings.TrimPrefix(flag, "-"), "-mod=")
		if !ok {
			mode, ok = strings.CutPrefix(flag, "-mod=")
		}
		if !ok || mode != "vendor" || e.dir == "" {
			continue
		}
		if !(&site{dir: e.dir}).vendored() {
			e.ill(name, "take it out (go env -u GOFLAGS, or in your shell), or make the folder: go mod vendor",
				"%s: the go command looks for every module in the folder vendor, and %s has none", flag, e.shown(e.dir))
			return
		}
	}
	if flags == "" {
		e.well(name, "not set")
		return
	}
	e.well(name, "%s", flags)
}

// lookAtPath looks whether wsgen is found where make check looks for it.
func (e *examination) lookAtPath(context.Context) error {
	const name = "PATH"
	path, err := exec.LookPath("wsgen")
	if err != nil {
		e.ill(name, "add the folder of wsgen to PATH (go install puts it into the bin of go env GOPATH)",
			"wsgen is not in PATH, where make check and the workflow look for it")
		return nil
	}
	e.well(name, "wsgen %s; in PATH is %s", version, path)
	return nil
}

// leastFree is how much room on the disk a command should find, in bytes: several times what a project takes.
const leastFree = 32 << 20

// lookAtDisk looks whether there is room to write.
func (e *examination) lookAtDisk(context.Context) error {
	const name = "disk"
	dir := e.dir
	if dir == "" {
		dir = e.path(".")
	}
	free, files, err := freeSpace(dir)
	switch {
	case err != nil: // not every file system tells
		e.well(name, "how much room there is cannot be told: %s", bare(err))
	case free < leastFree:
		e.ill(name, "make room: a command that writes needs a copy of what it changes", "%s is nearly full: %d MiB are free", e.shown(dir), free>>20)
	case files == 0:
		e.ill(name, "delete files that nobody needs: there may be no more of them", "the file system of %s has no file left to give (inodes)", e.shown(dir))
	default:
		e.well(name, "%s are free", mebibytes(free))
	}
	return nil
}

func mebibytes(n uint64) string { return fmt.Sprintf("%d MiB", n>>20) }
