package spec

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// field is one key that a mapping of the grammar can have. One without a decode function is known but not built yet.
type field struct {
	name   string
	decode func(key Text, value *yaml.Node)
}

// entry is one key and its value, as they stand in a mapping.
type entry struct {
	key   Text
	value *yaml.Node
}

// spec reads the whole document.
func (d *decoder) spec(root *yaml.Node) {
	f := d.file
	seen := d.fields(root, "", []field{
		{"version", func(k Text, v *yaml.Node) { d.version(k, v) }},
		{"service", func(k Text, v *yaml.Node) { f.Service, _ = d.text(v, k) }},
		{"module", func(k Text, v *yaml.Node) { f.Module, _ = d.text(v, k) }},
		{"routes", func(k Text, v *yaml.Node) { d.routes(k, v) }},
		{"consumers", func(k Text, v *yaml.Node) { d.consumers(k, v) }},
		{"streams", func(k Text, v *yaml.Node) { d.streams(k, v) }},
		{"settings", func(k Text, v *yaml.Node) { d.settings(k, v) }},
	})
	for _, required := range []struct{ key, example string }{
		{"version", "version: 1"}, {"service", "service: updater"}, {"module", "module: example.com/updater"},
	} {
		if !seen[required.key] {
			d.errorf(CodeMissingKey, Span{}, `add a line such as "`+required.example+`"`, "the key %q is missing", required.key)
		}
	}
	d.requiredUsers()
}

// fields reads a mapping whose keys are fixed and returns which of them are there. Where is what it is called in messages,
// empty for the document itself.
func (d *decoder) fields(n *yaml.Node, where string, fields []field) map[string]bool {
	seen := map[string]bool{}
	for _, e := range d.entries(n) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == e.key.Value })
		if i < 0 {
			if name := d.joinedKey(e.key, where, fields); name != "" {
				seen[name] = true
				continue
			}
			d.unknownKey(e.key, where, fields)
			continue
		}
		seen[e.key.Value] = true
		if fields[i].decode == nil {
			d.errorf(CodeUnsupported, e.key.Span, "leave it out", "%s is not supported by this version", Quote(e.key.Value))
			continue
		}
		fields[i].decode(e.key, e.value)
	}
	return seen
}

// joinedKey reports a key that has swallowed its value, as "mode:async" between braces has, and returns the one that was meant.
func (d *decoder) joinedKey(key Text, where string, fields []field) string {
	name, value, _ := strings.Cut(key.Value, ":")
	if value == "" || !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
		return ""
	}
	d.errorf(CodeNoSpaceAfter, key.Span, "write "+Quote(name+": "+value), "there is no space after the colon")
	d.file.Partial = d.file.Partial || where == "" // what a section holds is not known
	return name
}

func (d *decoder) unknownKey(key Text, where string, fields []field) {
	now, later := split(fields)
	hint := meant(key.Value, now, later)
	switch {
	case hint != "":
	case where == "" && slices.Contains([]string{"allowed_origins", "layer", "auth"}, key.Value):
		hint = `it belongs under "settings"`
	case where == "" && strings.HasPrefix(key.Value, "/"):
		hint = `it belongs under "routes"`
	default:
		hint = "known here: " + strings.Join(now, ", ")
	}
	if where == "" {
		d.file.Partial = true // it may have been meant for any of the sections
	} else {
		where = " in " + where
	}
	d.errorf(CodeUnknownKey, key.Span, hint, "unknown key %s%s", Quote(key.Value), where)
}

// split returns the names of the fields that this version builds, and of those that it does not.
func split(fields []field) (now, later []string) {
	for _, f := range fields {
		if f.decode != nil {
			now = append(now, f.name)
		} else {
			later = append(later, f.name)
		}
	}
	return now, later
}

// meant is DidYouMean for a word of which this version does not build every meaning.
func meant(word string, now, later []string) string {
	known := slices.Concat(now, later)
	hint := DidYouMean(word, known)
	if slices.Contains(later, Suggest(word, known)) {
		hint += " it is not supported by this version"
	}
	return hint
}

// entries returns the entries of a mapping without those that stand in it a second time, which it reports.
func (d *decoder) entries(n *yaml.Node) []entry {
	first := map[string]Span{}
	var es []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, ok := d.key(n.Content[i])
		if !ok {
			d.file.Partial = true
			continue
		}
		if span, twice := first[key.Value]; twice {
			d.diags = append(d.diags, Diagnostic{
				Code: CodeDuplicateKey, Span: key.Span, Message: "duplicate key " + Quote(key.Value), Hint: "remove one of the two",
				Related: []Related{{span, "the first stands here"}},
			})
			continue
		}
		first[key.Value] = key.Span
		es = append(es, entry{key, n.Content[i+1]})
	}
	return es
}

// key reads a key. Any scalar will do, whatever YAML takes it for: a consumer named 1abc is reported as a bad name.
func (d *decoder) key(n *yaml.Node) (Text, bool) {
	at := d.span(n)
	switch {
	case n.Kind == yaml.AliasNode || n.Tag == "!!merge": // reported already
		return Text{}, false
	case n.Kind != yaml.ScalarNode:
		d.errorf(CodeType, at, "a key is a word or a path; quote it if it holds brackets or braces at its start",
			"a key is a text, not %s", kindOf(n))
		return Text{}, false
	case !d.onOneLine(n):
		d.errorf(CodeManyLines, at, "write it on one line", "a key has more than one line")
		return Text{}, false
	}
	return Text{n.Value, at}, true
}

// mapping reports whether a value is a mapping. One that is left empty counts as a mapping of nothing, as optional says.
func (d *decoder) mapping(key Text, n *yaml.Node, optional bool, hint string) bool {
	switch {
	case n.Kind == yaml.MappingNode:
		return true
	case isNull(n) && optional:
		return false
	}
	d.file.Partial = true
	switch {
	case n.Kind == yaml.AliasNode || d.noSpaceAfterColon(n):
	case isNull(n):
		d.errorf(CodeType, key.Span, hint, "%s is empty", Quote(key.Value))
	default:
		d.errorf(CodeType, d.span(n), hint, "%s is a mapping, not %s", Quote(key.Value), kindOf(n))
	}
	return false
}

// text reads a value that is one line of text. When it is none, it says so and returns false.
func (d *decoder) text(n *yaml.Node, key Text) (Text, bool) {
	at := d.span(n)
	switch {
	case n.Kind == yaml.AliasNode:
	case isNull(n) && n.Value == "":
		d.errorf(CodeType, key.Span, "", "%s has no value", Quote(key.Value))
	case n.Kind != yaml.ScalarNode:
		d.errorf(CodeType, at, "", "%s is a text, not %s", Quote(key.Value), kindOf(n))
	case n.Tag != "!!str" && n.Style&yaml.TaggedStyle == 0:
		d.errorf(CodeType, at, "if it is meant as a text, write '"+n.Value+"'", "%s is a text, not %s", Quote(key.Value), kindOf(n))
	case !d.onOneLine(n):
		d.errorf(CodeManyLines, at, "write it on one line", "the value of %s has more than one line", Quote(key.Value))
	default:
		return Text{n.Value, at}, true
	}
	d.file.Partial = true
	return Text{}, false
}

// number reads a whole number from least to most.
func (d *decoder) number(n *yaml.Node, key Text, least, most int) Int {
	at := d.span(n)
	value, err := strconv.Atoi(n.Value)
	switch {
	case n.Kind == yaml.AliasNode:
	case isNull(n) && n.Value == "":
		d.errorf(CodeType, key.Span, "", "%s has no value", Quote(key.Value))
	case n.Kind != yaml.ScalarNode || n.Tag != "!!int" && n.Tag != "!!float":
		hint := ""
		if err == nil && n.Kind == yaml.ScalarNode {
			hint = "write " + strconv.Itoa(value) + " without quotes"
		}
		d.errorf(CodeType, at, hint, "%s is a whole number, not %s", Quote(key.Value), kindOf(n))
	case err != nil || value < least || value > most:
		hint := ""
		if errors.Is(err, strconv.ErrSyntax) {
			hint = "write it in digits alone" // 1e3, 1_000 and 0x10 are numbers to YAML, and 1.5 is one as well
		}
		d.errorf(CodeRange, at, hint, "%s is a whole number from %d to %d", Quote(key.Value), least, most)
	default:
		return Int{value, at}
	}
	return Int{}
}

// choice reads a value that is one of a few words.
func (d *decoder) choice(n *yaml.Node, key Text, words ...string) Text {
	t, ok := d.text(n, key)
	if !ok || slices.Contains(words, t.Value) {
		return t
	}
	hint := DidYouMean(t.Value, words)
	if hint == "" {
		hint = "write " + either(words)
	}
	d.errorf(CodeValue, t.Span, hint, "unknown %s %s", key.Value, Quote(t.Value))
	return Text{}
}

// either returns the words as they are offered in a sentence: "a, b or c".
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
