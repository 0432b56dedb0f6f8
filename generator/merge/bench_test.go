package merge

import (
	"bytes"
	"testing"
)

func BenchmarkThree(b *testing.B) {
	page := corpus(b)[0]
	same := bytes.Repeat([]byte("a\n"), 10_000)
	period := bytes.Repeat([]byte("a\nb\n\n"), 3_333)
	few := func(seed uint64) (base, ours, theirs []byte) { return large(seed * 15) } // two values, nothing kept
	base, ours, theirs := few(0)
	for _, bench := range []struct {
		name               string
		base, ours, theirs []byte
	}{
		{"realistic", []byte(page.base), []byte(page.ours), []byte(page.theirs)},
		{"one value", same, same[:9_000], append(bytes.Clone(same), "b\n"...)},
		{"periods", period, append(bytes.Clone(period[12_000:]), "x\n"...), append([]byte("y\n"), period[:9_999]...)},
		{"noise of two values", base, ours, theirs},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				Three(bench.base, bench.ours, bench.theirs, labels)
			}
		})
	}
}
