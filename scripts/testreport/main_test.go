package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const ok = `{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`
	tests := []struct {
		name, in, out string
		wrong         string // a part of the error; empty for none
	}{
		{"all pass", ok, "ok  \tp\t0.1s\n", ""},
		{
			"one fails",
			ok + `{"Action":"output","Package":"q","Test":"TestB","Output":"    b_test.go:1: why\n"}
{"Action":"fail","Package":"q","Test":"TestB"}
{"Action":"output","Package":"q","Output":"FAIL\tq\t0.1s\n"}
{"Action":"fail","Package":"q"}
`,
			"ok  \tp\t0.1s\n    b_test.go:1: why\nFAIL\tq\t0.1s\n", "q TestB",
		},
		{
			"one is skipped",
			ok + `{"Action":"output","Package":"q","Test":"TestB","Output":"    b_test.go:1: no such program\n"}
{"Action":"skip","Package":"q","Test":"TestB"}
{"Action":"output","Package":"q","Output":"ok  \tq\t0.1s\n"}
{"Action":"pass","Package":"q"}
`,
			"ok  \tp\t0.1s\n    b_test.go:1: no such program\nok  \tq\t0.1s\n", "q TestB",
		},
		{
			"a package without tests is no skipped test",
			ok + `{"Action":"output","Package":"q","Output":"?   \tq\t[no test files]\n"}
{"Action":"skip","Package":"q"}
`,
			"ok  \tp\t0.1s\n?   \tq\t[no test files]\n", "",
		},
		{
			"a test does not end",
			ok + `{"Action":"output","Package":"q","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"q","Test":"TestB","Output":"=== PAUSE TestB\n"}
{"Action":"output","Package":"qq","Test":"TestB","Output":"still running\n"}
{"Action":"output","Package":"q","Test":"TestC","Output":"=== RUN   TestC\n"}
{"Action":"output","Package":"q","Test":"TestC","Output":"panic: test timed out after 2s\n"}
{"Action":"output","Package":"q","Test":"TestC","Output":"goroutine 5 [running]:\n"}
{"Action":"output","Package":"q","Output":"FAIL\tq\t2.1s\n"}
{"Action":"fail","Package":"q"}
`,
			"ok  \tp\t0.1s\nFAIL\tq\t2.1s\npanic: test timed out after 2s\ngoroutine 5 [running]:\n", "q",
		},
		{
			"a package that does not build",
			`{"ImportPath":"q","Action":"build-output","Output":"q/a.go:1: syntax error\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"output","Package":"q","Output":"FAIL\tq [build failed]\n"}
{"Action":"fail","Package":"q","FailedBuild":"q"}
`,
			"q/a.go:1: syntax error\nFAIL\tq [build failed]\n", "failed",
		},
		{"what is no event is shown", "go: cannot find main module\n", "go: cannot find main module\n", "no test"},
		{"the last line lacks its end", strings.TrimSuffix(ok, "\n"), "ok  \tp\t0.1s\n", ""},
		{"nothing", "", "", "no test"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			err := report(strings.NewReader(test.in), &out)
			if out.String() != test.out {
				t.Errorf("printed:\n%s\nwant:\n%s", out.String(), test.out)
			}
			if (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("got error %v, want one with %q", err, test.wrong)
			}
		})
	}
}
