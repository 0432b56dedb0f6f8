// Package rename gives names of a Go package other names in source text, wherever it is certain that they are meant.
//
// The text is never printed anew: identifiers are replaced by their offsets, and words of comments with them. What an
// identifier means is found with go/types, over the user's own files and nothing else: no package of another module is read, nor
// one that wsgen writes itself. That is enough, since the scopes of Go are lexical: whether a name is that of the package is
// decided by the package's own files. What a selector or the key of a composite literal means depends on types, which may come
// from elsewhere; where one cannot be told, and could be a field that a renamed type was embedded as, it is a doubt.
//
// Build constraints are not looked at. All files of a folder are read together, whatever they are for, because a name of the
// package has to change in all of them. A file that a constraint leaves out only declares twice what another declares.
//
// The package reads no disk, and works on one goroutine.
package rename

import (
	"cmp"
	"slices"
)

// File is one Go file of a module.
type File struct {
	Path string // relative to the root of the module, with slashes
	Text []byte
	// Fixed says why the file must not be rewritten, as in "a symbolic link leads there": what would change in it is a doubt.
	// Empty for a file that may be.
	Fixed string
	// Foreign is set where others see to the file: it is read for what it declares, and nothing is said about it.
	Foreign bool
}

// Names are new names by old ones.
type Names map[string]string

// Request is what is to be renamed, and where.
type Request struct {
	Module string // import path of the module, to which the paths of the files are relative
	Folder string // of the package that declares the names: "consumers"
	Names  Names  // identifiers at the top level of the package, types and functions
	// Others are names of the package beyond those that its files declare. A test is named after what it tests:
	// TestChatConsumerEchoes follows ChatConsumer, but not where ChatConsumerEchoes is one of the others or declared.
	Others []string
	// Words change as well in the comments of a file that is rewritten, as whole words: names of files, for one.
	Words map[string]string
	Files []File // of the module: those of the package, those that may import it, and others
}

// Result is what a renaming comes to. Nothing of it is to be used where there is a clash.
type Result struct {
	Texts   map[string][]byte // the new texts of the files that change, by path
	Tests   Names             // tests, benchmarks, fuzz tests and examples that follow, as functions: new names by old ones
	Doubts  []Doubt           // sorted by place
	Clashes []Clash           // sorted by place
	Broken  map[string]string // files that do not parse, of folders that mention an old name: the error, its line and column in front
}

// Doubt is a place that mentions an old name, and that is left to the user.
type Doubt struct {
	File string
	Line int    // from 1
	Text string // of the line, without the blanks around it
	Why  string // why it was left alone
}

// Clash is a place that keeps a name from being given, since it would mean two things, or another one than before.
type Clash struct {
	File   string
	Line   int    // from 1
	Column int    // from 1, in bytes
	Name   string // the new one
	Fact   string // what stands there, to be read after the name: "is declared there"
}

// Go renames. Broken Go is no error: what does not parse is left alone, and what does not compile is renamed as far as its
// meaning can be told.
func Go(r Request) Result {
	w := newWork(r)
	w.load()
	w.declared()
	w.embeddings()
	for _, p := range w.all() {
		for _, s := range p.files {
			w.look(p, s)
		}
	}
	w.clashes()
	result := Result{Texts: map[string][]byte{}, Tests: w.tests(), Broken: w.broken}
	for _, p := range w.all() {
		for _, s := range p.files {
			w.mentions(p, s)
			if len(s.edits) > 0 {
				result.Texts[s.Path] = rewritten(s.Text, s.edits)
			}
		}
	}
	result.Doubts, result.Clashes = sortedDoubts(w.doubts), sortedClashes(w.found)
	return result
}

// sortedDoubts sorts by place. Of several on one line the first is told: the user reads the line.
func sortedDoubts(ds []Doubt) []Doubt {
	slices.SortStableFunc(ds, func(a, b Doubt) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return slices.CompactFunc(ds, func(a, b Doubt) bool { return a.File == b.File && a.Line == b.Line })
}

// sortedClashes sorts by place, and tells one fact of each.
func sortedClashes(cs []Clash) []Clash {
	place := func(a, b Clash) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Name, b.Name))
	}
	slices.SortFunc(cs, func(a, b Clash) int { return cmp.Or(place(a, b), cmp.Compare(a.Fact, b.Fact)) })
	return slices.CompactFunc(cs, func(a, b Clash) bool { return place(a, b) == 0 })
}
