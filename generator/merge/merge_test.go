package merge

import "testing"

var labels = Labels{Ours: "yours", Theirs: "wsgen 0.2.0"}

func TestThree(t *testing.T) {
	for _, test := range []struct {
		name, base, ours, theirs, want string
		conflicts                      int
	}{
		{name: "nothing", base: "", ours: "", theirs: "", want: ""},
		{name: "both sides", base: "a\nb\nc\n", ours: "A\nb\nc\n", theirs: "a\nb\nC\n", want: "A\nb\nC\n"},
		{name: "ours is base", base: "a\n", ours: "a\n", theirs: "b", want: "b"},
		{name: "theirs is base", base: "a\n", ours: "b", theirs: "a\n", want: "b"},
		{name: "the same on both sides", base: "a\n", ours: "b\n", theirs: "b\n", want: "b\n"},
		{name: "conflict", base: "a\nb\nc\n", ours: "a\nx\nc\n", theirs: "a\ny\nc\n", conflicts: 1,
			want: "a\n<<<<<<< yours\nx\n=======\ny\n>>>>>>> wsgen 0.2.0\nc\n"},
		{name: "lines that touch", base: "a\nb\n", ours: "x\nb\n", theirs: "a\ny\n", conflicts: 1,
			want: "<<<<<<< yours\nx\nb\n=======\na\ny\n>>>>>>> wsgen 0.2.0\n"},
		{name: "no newline at the end", base: "a\n", ours: "x", theirs: "y", conflicts: 1,
			want: "<<<<<<< yours\nx\n=======\ny\n>>>>>>> wsgen 0.2.0\n"},
		{name: "carriage returns", base: "a\r\nb\r\n", ours: "a\r\nx\r\n", theirs: "a\r\ny", conflicts: 1,
			want: "a\r\n<<<<<<< yours\r\nx\r\n=======\r\ny\r\n>>>>>>> wsgen 0.2.0\r\n"},
		{name: "deleted and changed", base: "a\nb\nc\n", ours: "a\nc\n", theirs: "a\ny\nc\n", conflicts: 1,
			want: "a\n<<<<<<< yours\n=======\ny\n>>>>>>> wsgen 0.2.0\nc\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Three([]byte(test.base), []byte(test.ours), []byte(test.theirs), labels)
			if string(got.Text) != test.want || got.Conflicts != test.conflicts {
				t.Errorf("%d conflicts:\n%s\nwant %d:\n%s", got.Conflicts, got.Text, test.conflicts, test.want)
			}
		})
	}
}
