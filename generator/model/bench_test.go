package model

import (
	"fmt"
	"strings"
	"testing"

	"wsgen/generator/spec"
)

// largeSpec returns a spec of n consumers and n routes of several kinds.
func largeSpec(n int) []byte {
	var b strings.Builder
	b.WriteString("version: 1\nservice: updater\nmodule: example.com/updater\nroutes:\n")
	for i := range n {
		rest := []string{"", "/{id:int}", "/{room:slug}/members", "/{a}/{b}", "/{file:path}"}[i%5]
		fmt.Fprintf(&b, "  /ws/area_%d/feed_%d%s: feed_%d\n", i%10, i, rest, i)
	}
	b.WriteString("consumers:\n")
	for i := range n {
		if i%3 == 0 {
			fmt.Fprintf(&b, "  feed_%d: {mode: async, concurrency: 4}\n", i)
		} else {
			fmt.Fprintf(&b, "  feed_%d: sync\n", i)
		}
	}
	return []byte(b.String())
}

// BenchmarkBuild measures spec → model, for specs of which the larger must cost five times the smaller.
func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{1000, 5000} {
		src := largeSpec(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, ds := spec.Parse("wsgen.yaml", src)
				p, more := Build(f)
				if p == nil || len(ds)+len(more) > 0 || len(p.Routes) != n {
					b.Fatal("the spec is not valid")
				}
			}
		})
	}
}

// BenchmarkHostile measures specs that are made to cost the most.
func BenchmarkHostile(b *testing.B) {
	const n = 5000
	list := func(format string) string {
		var s strings.Builder
		s.WriteString("version: 1\nservice: updater\nmodule: example.com/updater\n")
		for i := range n {
			fmt.Fprintf(&s, format, i)
		}
		return s.String()
	}
	for name, src := range map[string]string{
		"the same shape":    strings.Replace(list("  /ws/{a%d}: a\n"), "updater\n  /", "updater\nroutes:\n  /", 1),
		"all overlap":       strings.Replace(list("  /ws/{a}/x%[1]d: a\n  /ws/x%[1]d/{a}: a\n"), "updater\n  /", "updater\nroutes:\n  /", 1),
		"unknown consumers": strings.Replace(list("  /ws/%[1]d: consumer_of_some_length_%[1]d\n"), "updater\n  /", "updater\nroutes:\n  /", 1) + strings.Replace(list("  consumer_of_any_length_%d: sync\n")[len("version: 1\nservice: updater\nmodule: example.com/updater\n"):], "", "consumers:\n", 1),
		"unknown keys":      list("consumer%d: a\n"),
		"one line":          "{version: 1, é: [" + strings.Repeat("é, ", n*10) + "]}",
		"comments":          list("# %d\n\n") + "unknown: key",
		"brackets":          "version: " + strings.Repeat("[", 1<<20),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f, ds := spec.Parse("wsgen.yaml", []byte(src))
				_, more := Build(f)
				if len(ds.Format(f, false))+len(more.Format(f, false)) == 0 {
					b.Fatal("no finding")
				}
			}
		})
	}
}
