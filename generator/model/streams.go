package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wsgen/generator/spec"
)

// What is kept of a stream where the spec does not say.
const (
	defaultHistory = 1000
	defaultTTL     = 10 * 60 // seconds
)

// maxFamily is how long the name of a family may be, in bytes: half of what the runtime allows a whole group's name.
const maxFamily = 100

// readStreams reads the families of groups that keep their history, and fills in the defaults.
func (b *builder) readStreams() {
	for _, s := range b.file.Streams {
		if p := checkFamily(s.Family.Value); !p.isZero() {
			b.report(spec.Error, spec.CodeFamily, s.Family.Span, p.hint, "the family "+spec.Quote(s.Family.Value)+" "+p.fact)
		}
		b.project.Streams = append(b.project.Streams, Stream{
			Family:  s.Family.Value,
			History: cmp.Or(s.History.Value, defaultHistory),
			TTL:     cmp.Or(s.TTL.Value, defaultTTL),
			Latest:  s.Keep.Value == "latest",
		})
	}
	slices.SortFunc(b.project.Streams, func(x, y Stream) int { return cmp.Compare(x.Family, y.Family) })
}

// checkFamily judges the name of a family.
func checkFamily(name string) problem {
	family, _, hasColon := strings.Cut(name, ":")
	switch {
	case name == "":
		return problem{"is empty", `write a name such as "job"`}
	case len(name) > maxFamily:
		return problem{fmt.Sprintf("is longer than %d characters", maxFamily), "write a shorter one"}
	case hasColon && checkFamily(family).isZero():
		return problem{"is the name of a group, which has a colon",
			"write " + spec.Quote(family) + ", which stands for every group that begins with " + spec.Quote(family+":")}
	case strings.ContainsFunc(name, func(r rune) bool { return !isFamilyLetter(r) }):
		return problem{"holds more than letters, digits, -, _ and dots", "write them alone, as in " + spec.Quote("job")}
	}
	return problem{}
}

func isFamilyLetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.", r)
}
