package spec

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	// maxHistory bounds the messages that one stream keeps. The runtime bounds their bytes too, so that more than this only
	// costs memory.
	maxHistory = 1_000_000
	// maxTTL bounds how long a message is kept, in seconds: a day, which is how long the runtime keeps the end of a stream.
	maxTTL = 24 * 60 * 60
)

// exampleStream is what an error offers to write.
const exampleStream = `"job: {history: 1000, ttl: 10m}"`

// streams reads the section. What a family may be called is the model's to judge.
func (d *decoder) streams(key Text, n *yaml.Node) {
	if !d.mapping(key, n, true, "write each family of groups as "+exampleStream) {
		return
	}
	for _, e := range d.entries(n) {
		s := Stream{Family: e.key}
		if d.mapping(e.key, e.value, true, "write "+Quote(e.key.Value+": {}")+", or what is kept as in "+exampleStream) {
			d.stream(&s, e.value)
		}
		d.file.Streams = append(d.file.Streams, s)
	}
}

// stream reads what is kept of one family.
func (d *decoder) stream(s *Stream, n *yaml.Node) {
	d.fields(n, "stream "+Quote(s.Family.Value), []field{
		{"history", func(k Text, v *yaml.Node) { s.History = d.number(v, k, 1, maxHistory) }},
		{"ttl", func(k Text, v *yaml.Node) { s.TTL = d.duration(v, k, maxTTL) }},
		{"keep", func(k Text, v *yaml.Node) { s.Keep = d.choice(v, k, keeps()...) }},
	})
}

// keeps returns what the key "keep" can be, the default first.
func keeps() []string { return []string{"all", "latest"} }

// duration reads a time from one second to most seconds, such as 90s, 10m or 1h30m, as its seconds.
func (d *decoder) duration(n *yaml.Node, key Text, most int) Int {
	if count, err := strconv.Atoi(n.Value); err == nil && n.Kind == yaml.ScalarNode && n.Tag == "!!int" {
		d.errorf(CodeDuration, d.span(n), "write "+strconv.Itoa(count)+"s, if seconds are meant",
			"%s is a time, and %d has no unit", Quote(key.Value), count)
		return Int{}
	}
	t, ok := d.text(n, key)
	if !ok {
		return Int{}
	}
	count, ok := seconds(t.Value)
	switch {
	case !ok:
		d.errorf(CodeDuration, t.Span, "write a whole number with h, m or s behind it, such as 90s, 10m or 1h30m",
			"%s is a time, and %s is none", Quote(key.Value), Quote(t.Value))
		return Int{}
	case count < 1 || count > most:
		d.errorf(CodeRange, t.Span, "", "%s is a time from 1s to %s", Quote(key.Value), durationText(most))
		return Int{}
	}
	return Int{count, t.Span}
}

// unit is a letter that may stand behind a number, and the seconds that it stands for.
type unit struct {
	letter  byte
	seconds int
}

// units lists them in the order in which they may follow each other.
func units() []unit { return []unit{{'h', 60 * 60}, {'m', 60}, {'s', 1}} }

// seconds reads a duration. One that is far too long comes out as some number that is still too long.
func seconds(text string) (count int, ok bool) {
	left := units()
	for rest := text; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits == len(rest) {
			return 0, false
		}
		i := slices.IndexFunc(left, func(u unit) bool { return u.letter == rest[digits] })
		if i < 0 {
			return 0, false
		}
		number, err := strconv.Atoi(rest[:digits])
		if err != nil || number > maxTTL {
			number = maxTTL + 1
		}
		count += number * left[i].seconds
		left, rest = left[i+1:], rest[digits+1:]
	}
	return count, text != ""
}

// durationText returns seconds as they are written in a spec: 600 as "10m".
func durationText(count int) string {
	var b strings.Builder
	for _, u := range units() {
		if n := count / u.seconds; n > 0 {
			b.WriteString(strconv.Itoa(n))
			b.WriteByte(u.letter)
		}
		count %= u.seconds
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}
