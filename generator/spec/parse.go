package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	maxBytes = 4 << 20 // of a spec
	maxDepth = 32      // of nesting; the grammar needs 6
)

// Parse reads a spec. It never returns a nil File: what could be read is there, so that the model's findings can be reported
// beside the parser's. The findings are sorted. Name is used in messages only.
func Parse(name string, src []byte) (*File, Diagnostics) {
	d := &decoder{file: &File{Name: name, Source: src}}
	if len(src) > maxBytes {
		d.errorf(CodeTooLarge, Span{}, "is this a wsgen.yaml?",
			"the spec has %d bytes, more than the %d that are allowed", len(src), maxBytes)
		d.file.Invalid, d.file.Partial = true, true
		return d.file, d.diags
	}
	d.pos = newPositions(src)
	if d.characters(); len(d.diags) == 0 {
		if d.file.root = d.load(); d.file.root != nil {
			d.forbidden(d.file.root)
			d.spec(d.file.root)
		}
	}
	d.file.Partial = d.file.Partial || d.file.root == nil
	d.file.Invalid = d.diags.HasErrors()
	d.diags.Sort()
	return d.file, d.diags
}

// decoder reads a spec into file and collects the findings.
type decoder struct {
	file  *File
	pos   *positions
	diags Diagnostics

	authUnknown bool // settings.auth is there, but cannot be read
}

// errorf reports an error. The hint may be empty.
func (d *decoder) errorf(code string, at Span, hint, format string, args ...any) {
	d.diags = append(d.diags, Diagnostic{Code: code, Span: at, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// characters refuses what cannot be read as lines of text, before YAML sees it: the first such character, and every line
// that is indented with a tab.
func (d *decoder) characters() {
	text := d.pos.text
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		d.errorf(CodeNotUTF8, d.pos.spanAt(0, 1), "save the file as UTF-8", "the spec is UTF-16, not UTF-8")
		return
	}
	for at := d.pos.start[0]; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			d.errorf(CodeNotUTF8, d.pos.spanAt(at, 1), "save the file as UTF-8", "the byte 0x%02x is not UTF-8", text[at])
			return
		case r == '\r' && at+1 < len(text) && text[at+1] == '\n', r == '\n', r == '\t':
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffe' || r == '\uffff':
			d.errorf(CodeCharacter, d.pos.spanAt(at, size), "delete it", "the character U+%04X may not stand in a spec", r)
			return
		}
		at += size
	}
	d.tabs()
}

// tabs reports each line whose indentation has a tab. Blank lines and comments may be indented as they like.
func (d *decoder) tabs() {
	for i, start := range d.pos.start {
		line := bytes.TrimRight(d.pos.text[start:d.pos.lineEnd(i+1)], "\r")
		content := bytes.TrimLeft(line, " \t")
		if len(content) == 0 || content[0] == '#' {
			continue
		}
		indent := line[:len(line)-len(content)]
		if tab := bytes.IndexByte(indent, '\t'); tab >= 0 {
			d.errorf(CodeTab, d.pos.spanAt(start+tab, 1), "use spaces", "the line is indented with a tab")
		}
	}
}

// load returns the mapping that the one document of the spec is, or nil after it has reported why there is none.
func (d *decoder) load() *yaml.Node {
	tooDeep := errors.New("too deep")
	limit := loaderlimits.New(loaderlimits.DepthFunc(func(depth int, _ *yaml.DepthContext) error {
		if depth > maxDepth {
			return tooDeep
		}
		return nil
	}))
	loader, err := yaml.NewLoader(bytes.NewReader(d.pos.text), yaml.WithPlugin(limit))
	var document yaml.Node
	if err == nil {
		err = loader.Load(&document)
	}
	switch {
	case errors.Is(err, io.EOF):
		d.empty()
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	root := document.Content[0]
	switch {
	case root.Kind == yaml.MappingNode:
		d.oneDocument(loader)
		return root
	case isNull(root):
		d.empty()
	case !d.noSpaceAfterColon(root):
		d.errorf(CodeType, d.span(root), `start with "version: 1"`, "a spec is a mapping, not %s", kindOf(root))
	}
	return nil
}

func (d *decoder) empty() {
	d.errorf(CodeEmpty, Span{}, "write at least version, service and module, each on a line: "+
		`"version: 1", "service: updater", "module: example.com/updater"`, "the spec is empty")
}

// oneDocument reports a second document. One that is not even YAML is a second document all the same.
func (d *decoder) oneDocument(loader *yaml.Loader) {
	var next yaml.Node
	err := loader.Load(&next)
	if errors.Is(err, io.EOF) {
		return
	}
	line := next.Line
	if err != nil {
		if place, ok := failureOf(err); ok {
			line = place.line
		}
		if !strings.HasPrefix(d.pos.line(line), "---") {
			d.syntax(err)
			return
		}
	}
	d.errorf(CodeDocuments, d.pos.span(line, 1, 3), "keep one document in the file", "a second document begins here")
}

// forbidden reports every anchor, alias, merge key and tag at or below n.
func (d *decoder) forbidden(n *yaml.Node) {
	report := func(what string) {
		d.errorf(CodeAnchor, d.span(n), "write the value out", "%s is not possible in a spec", what)
	}
	switch {
	case n.Kind == yaml.AliasNode:
		report("an alias")
	case n.Anchor != "":
		report("an anchor")
	case n.Style&yaml.TaggedStyle != 0:
		report("a tag")
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && c.Tag == "!!merge" {
			d.errorf(CodeAnchor, d.span(c), "write the entries out", "a merge key is not possible in a spec")
			continue
		}
		d.forbidden(c)
	}
}
