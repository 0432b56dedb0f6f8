package emit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"wsgen/generator/render"
)

// manifestFormat is the format that this version reads and writes. Another one is refused.
const manifestFormat = 1

// record is what the manifest says about one file.
type record struct {
	owner render.Owner
	// hashes of what wsgen wrote last: one, but two where a merge left both sides in the manifest, and none where it is not
	// known or does not matter (a spliced file is never told apart by its text).
	hashes []string
}

// wrote says whether the text is what wsgen wrote last.
func (r record) wrote(text []byte) bool { return slices.Contains(r.hashes, hashText(text)) }

// manifest is the record of what wsgen wrote, by path.
type manifest struct {
	version string // of the wsgen that wrote it
	files   map[string]record
}

// The manifest as it stands in its file. The list ends in an empty entry, so that the line of every file ends in a comma and
// two branches that add files do not touch each other's lines.
type (
	manifestFile struct {
		Format int             `json:"format"`
		Wsgen  string          `json:"wsgen"`
		Files  []manifestEntry `json:"files"`
	}
	manifestEntry struct {
		Path   string       `json:"path,omitempty"`
		Owner  render.Owner `json:"owner,omitempty"`
		SHA256 string       `json:"sha256,omitempty"`
	}
)

// encode returns the bytes of the manifest's file: the same for the same manifest.
func (m manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	version, err := json.Marshal(m.version)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "{\n  \"format\": %d,\n  \"wsgen\": %s,\n  \"files\": [\n", manifestFormat, version)
	for _, p := range slices.Sorted(maps.Keys(m.files)) {
		r := m.files[p]
		entry := manifestEntry{Path: p, Owner: r.owner}
		if len(r.hashes) > 0 {
			entry.SHA256 = r.hashes[0]
		}
		line, err := json.Marshal(entry)
		if err != nil {
			return nil, err
		}
		b.WriteString("    ")
		b.Write(line)
		b.WriteString(",\n")
	}
	b.WriteString("    {}\n  ]\n}\n")
	return b.Bytes(), nil
}

// decodeManifest reads the bytes of a manifest's file. What a merge or an editor did to it costs no more than the lines
// concerned: damage says what is wrong with it, and the manifest holds every line that could be read. A format that this
// version does not know is an error.
func decodeManifest(data []byte) (m manifest, damage string, err error) {
	var f manifestFile
	if json.Unmarshal(data, &f) != nil {
		if f = head(data); f.Format <= manifestFormat {
			f = salvage(data)
		}
		damage = "is not whole"
		if conflicted(data) {
			damage = damageMerged
		}
	}
	version, ok := versionName(f.Wsgen)
	if f.Wsgen = version; !ok && damage == "" {
		damage = "names a version of wsgen that there cannot be"
	}
	if f.Format > manifestFormat {
		return manifest{}, "", &FormatError{Format: f.Format, Version: f.Wsgen}
	}
	if f.Format != manifestFormat && damage == "" {
		damage = fmt.Sprintf("has no format %d", manifestFormat)
	}
	m = manifest{version: f.Wsgen, files: make(map[string]record, len(f.Files))}
	for _, e := range f.Files {
		if e == (manifestEntry{}) {
			continue // the end of the list
		}
		if err := m.add(e); err != nil && damage == "" {
			damage = err.Error()
		}
	}
	return m, damage, nil
}

// longestVersion is the longest version of wsgen that is believed, in bytes.
const longestVersion = 64

// versionName returns a version that a record names, if it is one: it may have come with the repository, and ends up in messages.
// Source of the characters: https://semver.org.
func versionName(s string) (version string, ok bool) {
	strange := func(r rune) bool {
		return (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r) && !strings.ContainsRune("+-.", r)
	}
	if len(s) > longestVersion || strings.ContainsFunc(s, strange) {
		return "", false
	}
	return s, true
}

// head reads what every format has, whatever the shape of the rest.
func head(data []byte) manifestFile {
	var h struct {
		Format int    `json:"format"`
		Wsgen  string `json:"wsgen"`
	}
	if json.Unmarshal(data, &h) != nil {
		return manifestFile{}
	}
	return manifestFile{Format: h.Format, Wsgen: h.Wsgen}
}

// equal says whether two manifests are written alike.
func (m manifest) equal(other manifest) bool {
	return m.version == other.version && maps.EqualFunc(m.files, other.files, func(a, b record) bool {
		return a.owner == b.owner && slices.Equal(a.hashes, b.hashes)
	})
}

// add enters one line. An error says what the line does, to be read after the name of the file. A second line for a path, which a union merge leaves, adds its hash.
func (m manifest) add(e manifestEntry) error {
	if err := checkFile(e.Path); err != nil {
		return fmt.Errorf("names what is no file of a project: %w", err)
	}
	if e.Owner != render.Generated && e.Owner != render.Yours && e.Owner != render.Spliced {
		return fmt.Errorf("has the unknown owner %q", e.Owner)
	}
	old, twice := m.files[e.Path]
	r := record{owner: e.Owner, hashes: old.hashes}
	if e.SHA256 != "" && !slices.Contains(r.hashes, e.SHA256) {
		r.hashes = append(r.hashes, e.SHA256)
	}
	m.files[e.Path] = r
	if twice {
		return fmt.Errorf("%s%s", damageTwice, e.Path)
	}
	return nil
}

// damageMerged is what is wrong with a manifest that git could not merge, and damageTwice, before a path, with one that it did, or
// somebody, by leaving the lines of both sides.
const (
	damageMerged = "holds the two sides of a git merge"
	damageTwice  = "has two lines for "
)

// merged reports whether the manifest is damaged by a merge of git's.
func (t *Tree) merged() bool {
	return t.damage == damageMerged || strings.HasPrefix(t.damage, damageTwice)
}

// salvage reads a manifest line by line, and takes what can be read.
func salvage(data []byte) manifestFile {
	var f manifestFile
	for line := range bytes.Lines(data) {
		text := strings.TrimSuffix(strings.TrimSpace(string(line)), ",")
		var e manifestEntry
		if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &e) == nil {
			f.Files = append(f.Files, e)
			continue
		}
		var head manifestFile
		if json.Unmarshal([]byte("{"+text+"}"), &head) == nil {
			f.Format = max(f.Format, head.Format)
			if f.Wsgen == "" || semver.Compare("v"+head.Wsgen, "v"+f.Wsgen) > 0 { // where two sides differ, the newer one counts
				f.Wsgen = head.Wsgen
			}
		}
	}
	return f
}
