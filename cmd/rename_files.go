package cmd

import (
	"bytes"
	"context"
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"wsgen/generator/rename"
	"wsgen/generator/render"
)

// What is read of a project, to bound the time and the memory that a folder of data takes.
const (
	largestFile  = 4 << 20   // in bytes; source that people write is far smaller
	largestTotal = 128 << 20 // in bytes
	mostEntries  = 100_000   // files and folders
)

// Why a place that is found in a file of one kind or the other is left to the user.
const (
	whyPage     = "not Go"
	whyQuoted   = "a class of the client, in a comment or a string"
	whyLink     = "a symbolic link leads there"
	whyNotBuilt = "the go command does not build this folder with the others"
)

// textFile is a file that is not Go, and of the user's.
type textFile struct {
	path string
	text []byte
}

// readFiles reads the user's files in the module of the project: all Go files, and pages and documents.
func (r *renaming) readFiles(ctx context.Context) error {
	files, err := r.before.files(r.before.file.Source)
	if err != nil {
		return err
	}
	gatherer := &gatherer{renaming: r, root: os.DirFS(r.before.dir), generated: map[string]bool{}}
	for _, f := range files {
		gatherer.generated[f.Path] = f.Owner != render.Yours
		if path.Dir(f.Path) != path.Dir(r.old.File) || f.Owner != render.Generated {
			continue
		}
		text, err := f.Render(nil)
		if err != nil {
			return err
		}
		r.source = append(r.source, rename.File{Path: f.Path, Text: text, Foreign: true})
	}
	return fs.WalkDir(gatherer.root, ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return gatherer.entry(name, d, err)
	})
}

// gatherer reads files one by one.
type gatherer struct {
	*renaming
	root      fs.FS
	generated map[string]bool // the files that wsgen writes itself, by path
	entries   int
	total     int64
}

// entry takes in one file or folder.
func (g *gatherer) entry(name string, d fs.DirEntry, err error) error {
	if err != nil {
		g.left = append(g.left, unreadable(name, err))
		if d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if g.entries++; g.entries > mostEntries || g.total > largestTotal {
		g.left = append(g.left, leftReport{Path: name, Why: "the project is too large: this and what comes after it were not looked into"})
		return fs.SkipAll
	}
	if d.IsDir() {
		if name != "." && g.skips(name) {
			return fs.SkipDir
		}
		return nil
	}
	isGo := path.Ext(name) == ".go"
	if g.generated[name] || strings.HasPrefix(d.Name(), ".") || !isGo && !isText(name) {
		return nil
	}
	info, err := fs.Stat(g.root, name) // of what a link leads to
	switch {
	case err != nil:
		if d.Type()&fs.ModeSymlink == 0 { // a link that leads nowhere has no text
			g.left = append(g.left, unreadable(name, err))
		}
		return nil
	case !info.Mode().IsRegular():
		return nil
	case info.Size() > largestFile:
		g.left = append(g.left, leftReport{Path: name, Why: fmt.Sprintf("it is larger than %d MiB, and was not looked into", largestFile>>20)})
		return nil
	}
	return g.read(name, d, isGo)
}

// skips says whether a folder holds nothing of the project's user.
func (g *gatherer) skips(folder string) bool {
	switch base := path.Base(folder); {
	case strings.HasPrefix(base, "."), base == "vendor", base == "node_modules":
		return true
	}
	_, err := fs.Stat(g.root, path.Join(folder, "go.mod"))
	return err == nil // another module
}

func (g *gatherer) read(name string, d fs.DirEntry, isGo bool) error {
	text, err := fs.ReadFile(g.root, name)
	if err != nil {
		g.left = append(g.left, unreadable(name, err))
		return nil
	}
	g.total += int64(len(text))
	if !isGo {
		g.texts = append(g.texts, textFile{name, text})
		return nil
	}
	file := rename.File{Path: name, Text: text}
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		file.Fixed = whyLink
	case notBuilt(name):
		file.Fixed = whyNotBuilt
	}
	g.source = append(g.source, file)
	return nil
}

// notBuilt says whether the go command passes a file over in patterns such as "./..." (go help packages).
func notBuilt(file string) bool {
	return slices.ContainsFunc(strings.Split(file, "/"), func(s string) bool { return strings.HasPrefix(s, "_") || s == "testdata" })
}

// isText says whether a file is a page, a script, a template or a document, by its name.
func isText(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".html", ".htm", ".vue", ".svelte", ".astro",
		".tmpl", ".gohtml", ".templ", ".md", ".mdx", ".markdown", ".rst", ".adoc", ".sh", ".mk", ".yml", ".yaml":
		return true
	}
	return path.Base(name) == "Makefile"
}

// mentions finds the old names in pages, scripts and documents, and those of the client in the texts that Go code holds.
func (r *renaming) mentions() []leftReport {
	var found []leftReport
	words := []string{r.old.JSClass, r.old.Type, r.old.Constructor, r.old.ParamsType, r.old.TestName}
	words = slices.AppendSeq(words, maps.Keys(r.result.Tests)) // as in go test -run NAME
	for _, m := range r.moves() {
		if r.exists(m.from) {
			words = append(words, path.Base(m.from))
		}
	}
	for _, f := range r.texts {
		found = append(found, mentionsIn(f.path, f.text, words, whyPage)...)
	}
	for _, l := range r.quoted() {
		l.Path = r.moved(l.Path)
		found = append(found, l)
	}
	return found
}

// quoted finds the class of the client in the strings and comments of the user's Go files, which may hold a page.
func (r *renaming) quoted() []leftReport {
	var found []leftReport
	for _, f := range r.source {
		if f.Foreign || !bytes.Contains(f.Text, []byte(r.old.JSClass)) {
			continue
		}
		at := quotedLines(f.Text)
		for _, l := range mentionsIn(f.Path, f.Text, []string{r.old.JSClass}, whyQuoted) {
			if at[l.Line] {
				found = append(found, l)
			}
		}
	}
	return found
}

// quotedLines returns the lines of a Go text, from 1, on which a string or a comment stands.
func quotedLines(text []byte) map[int]bool {
	lines := map[int]bool{}
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(text))
	s.Init(file, text, func(token.Position, string) {}, scanner.ScanComments)
	for {
		at, kind, literal := s.Scan()
		switch kind {
		case token.EOF:
			return lines
		case token.STRING, token.COMMENT:
			first := file.PositionFor(at, false).Line
			for i := range strings.Count(literal, "\n") + 1 {
				lines[first+i] = true
			}
		}
	}
}

// mentionsIn finds the lines of a text that have one of the words, as a whole word.
func mentionsIn(file string, text []byte, words []string, why string) []leftReport {
	if !slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(text, []byte(w)) }) {
		return nil
	}
	var found []leftReport
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if slices.ContainsFunc(words, func(w string) bool { return hasWord(string(line), w) }) {
			found = append(found, leftReport{Path: file, Line: n, Text: shortened(string(line)), Why: why})
		}
	}
	return found
}

// hasWord says whether a line has a word that is no part of a longer one.
func hasWord(line, word string) bool {
	part := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for rest, at := line, 0; ; {
		i := strings.Index(rest, word)
		if i < 0 {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(line[:at])
		after, _ := utf8.DecodeRuneInString(line[at+len(word):])
		if !part(before) && !part(after) {
			return true
		}
		at++
		rest = line[at:]
	}
}

// shortened returns a line as it is shown: without the blanks around it, and cut where it is long.
func shortened(line string) string {
	const most = 120
	line = strings.ToValidUTF8(strings.TrimSpace(line), "\uFFFD")
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most], "") + "…"
}
