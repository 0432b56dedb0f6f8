package cmd

import "testing"

// TestNeverBuilt: a file that only tags of the user's bring into a build does not count, whatever it says; one for another system does.
func TestNeverBuilt(t *testing.T) {
	for head, counts := range map[string]bool{
		"":                      true,
		"//go:build ignore\n\n": false,
		"//go:build tools\n\n":  false,
		"// of ours\n\n//go:build tools // +build tools\n\n":   true, // which is no constraint
		"//go:build integration && linux\n\n":                  false,
		"//go:build integration || linux\n\n":                  true,
		"//go:build !integration\n\n":                          true,
		"//go:build !linux && !ignore\n\n":                     true,
		"//go:build windows && !cgo && go1.99\n\n":             true,
		"//go:build linux && !linux\n\n":                       false,
		"//go:build amd64.v3 && race\n\n":                      true,
		"/* tools */\n\n//go:build (tools && a) || (b && c)\n": false,
		"//go:build tools &&\n\n":                              true, // which the go command refuses
		"// +build tools\n\n":                                  false,
		"// +build linux\n// +build tools\n\n":                 false,
		"// +build linux tools\n\n":                            true,
		"// +build tools\n//go:build linux\n\n":                true,
		"// +build tools\n":                                    true, // a comment of the package
		"// go:build tools\n\n":                                true,
	} {
		f := parseGo("a.go", []byte(head+"package tools\n\nvar x int\n"))
		if got := f.name == "tools" && f.declares["x"].line > 0; got != counts {
			t.Errorf("%q counts: %t, want %t", head, got, counts)
		}
	}
	if f := parseGo("doc.go", []byte("package documentation\n\nvar x int\n")); f.name != "" {
		t.Errorf("what is no code is of package %s", f.name)
	}
}
