package emit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wsgen/generator/render"
)

// manyFiles is a project of n consumers: a stub and its test each, and 25 generated files that grow with n.
func manyFiles(n int) []render.File {
	stub := strings.Repeat("// a line of a stub, as long as such lines are\n", 40) // 1.9 kB
	files := make([]render.File, 0, 2*n+25)
	for i := range n {
		files = append(files,
			needed(fmt.Sprintf("consumers/c%d_consumer.go", i), stub),
			own(fmt.Sprintf("consumers/c%d_consumer_test.go", i), stub))
	}
	for i := range 25 {
		files = append(files, gen(fmt.Sprintf("internal/ws/g%d.go", i), strings.Repeat("// a line of the runtime\n", 200+n/25)))
	}
	return files
}

// BenchmarkNew makes a project of 10,000 consumers: 20,000 files of the user's and as many copies of the base.
func BenchmarkNew(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		files := manyFiles(n)
		b.Run(fmt.Sprint(2*n+25, " files"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dir := filepath.Join(b.TempDir(), "updater")
				if _, err := New(b.Context(), dir, files, Options{Version: testVersion}); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// BenchmarkNothingToDo opens, plans and applies where everything is as it should be.
func BenchmarkNothingToDo(b *testing.B) {
	for _, n := range []int{100, 1000, 5000} {
		files := manyFiles(n)
		b.Run(fmt.Sprint(2*n+25, " files"), func(b *testing.B) {
			dir := project(b, files)
			b.ReportAllocs()
			for b.Loop() {
				if p, err := generate(b, dir, files, Options{}); err != nil || len(p.Changes()) > 0 {
					b.Fatal(summary(p), err)
				}
			}
		})
	}
}

// BenchmarkAddOne adds one consumer to many: two new files, two changed ones and the manifest.
func BenchmarkAddOne(b *testing.B) {
	for _, n := range []int{100, 1000} {
		files := manyFiles(n)
		b.Run(fmt.Sprint(2*n+25, " files"), func(b *testing.B) {
			dir := project(b, files)
			for i := 0; b.Loop(); i++ {
				files = with(files,
					needed(fmt.Sprintf("consumers/new%d_consumer.go", i), "new\n"), own(fmt.Sprintf("consumers/new%d_consumer_test.go", i), "new\n"),
					gen("internal/ws/g0.go", fmt.Sprintln(i)), gen("internal/ws/g1.go", fmt.Sprintln(i)))
				if _, err := generate(b, dir, files, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
