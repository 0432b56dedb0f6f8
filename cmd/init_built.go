package cmd

import (
	"go/ast"
	"go/build/constraint"
	"slices"
	"strings"
)

// neverBuilt says whether no plain build takes the file, on whatever system: it asks for a tag that only its user sets, as tools or
// integration, or is of the package documentation, which go/build passes over.
func neverBuilt(file *ast.File) bool {
	if file.Name.Name == "documentation" {
		return true
	}
	expr := constraintOf(file)
	return expr != nil && !satisfiable(expr)
}

// constraintOf returns the build constraint of a file: nil where there is none, or one that cannot be read. Without a //go:build line
// the lines of old count, all of them together, unless they are the comment of the package (see go/build, shouldBuild).
func constraintOf(file *ast.File) (old constraint.Expr) {
	for _, group := range file.Comments {
		if group.Pos() > file.Package {
			break
		}
		for _, c := range group.List {
			isOld := constraint.IsPlusBuild(c.Text) && group != file.Doc
			if !isOld && !constraint.IsGoBuild(c.Text) {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			switch {
			case err != nil:
				return nil
			case !isOld:
				return expr
			case old == nil:
				old = expr
			default:
				old = &constraint.AndExpr{X: old, Y: expr}
			}
		}
	}
	return old
}

// satisfiable says whether a constraint holds in a plain build somewhere: each tag that such a build may set or not is tried both ways,
// every other is not set. Constraints with more of them than people write are taken to hold.
func satisfiable(expr constraint.Expr) bool {
	var free []string
	gather(expr, &free)
	const most = 12
	if len(free) > most {
		return true
	}
	for set := range 1 << len(free) {
		if expr.Eval(func(tag string) bool {
			i := slices.Index(free, tag)
			return i >= 0 && set>>i&1 == 1
		}) {
			return true
		}
	}
	return false
}

// gather collects the tags of a constraint that a plain build may set.
func gather(expr constraint.Expr, tags *[]string) {
	switch x := expr.(type) {
	case *constraint.TagExpr:
		if setByGo(x.Tag) && !slices.Contains(*tags, x.Tag) {
			*tags = append(*tags, x.Tag)
		}
	case *constraint.NotExpr:
		gather(x.X, tags)
	case *constraint.AndExpr:
		gather(x.X, tags)
		gather(x.Y, tags)
	case *constraint.OrExpr:
		gather(x.X, tags)
		gather(x.Y, tags)
	}
}

// setByGo says whether the go command may set a tag without being told to by -tags: see go help buildconstraint, and go tool dist list
// for the systems.
func setByGo(tag string) bool {
	if strings.Contains(tag, ".") { // go1.24, goexperiment.jsonv2, amd64.v2
		return true
	}
	return slices.Contains([]string{
		"unix", "cgo", "gc", "gccgo", "race", "msan", "asan", "boringcrypto",
		"aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd", "plan9",
		"solaris", "wasip1", "windows", "zos",
		"386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le", "mips64p32",
		"mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm",
	}, tag)
}
