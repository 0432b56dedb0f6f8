package main

import (
	"slices"
	"strings"
	"testing"
)

// TestUnwrap gives messages to a page, which takes what is a payload, up to the first error.
func TestUnwrap(t *testing.T) {
	for _, test := range []struct {
		dialect  dialect
		messages []string
		want     []string
		err      string
	}{
		{plain{}, []string{"a", "b"}, []string{"a", "b"}, ""},
		{wsgen1{}, []string{"ma", "a7", "mb:c"}, []string{"a", "b:c"}, ""},
		{wsgen1{}, []string{"ma", "s1:1:b"}, []string{"a"}, "unexpected"},
		{wsgen1{}, []string{`c{"type":"close","code":4008}`}, nil, "4008"},
		{wsgen1{}, []string{"p"}, nil, "a ping"},
		{wsgen1{stream: true}, []string{"s1:1:a", "a1", "s1:2:b", "s1:9:c:d"}, []string{"a", "b", "c:d"}, ""},
		{wsgen1{stream: true}, []string{"s1:4:a", "s1:4:a"}, []string{"a"}, "after offset 4"},
		{wsgen1{stream: true}, []string{"s1:4:a", "s1:3:b"}, []string{"a"}, "after offset 4"},
		{wsgen1{stream: true}, []string{"s1:x:a"}, nil, "after offset 0"},
		{wsgen1{stream: true}, []string{"s1:4"}, nil, "not a message of a stream"},
		{wsgen1{stream: true}, []string{"s1:4:a", "mb"}, []string{"a"}, "unexpected"},
		{wsgen1{stream: true}, []string{"s1:4:a", `c{"type":"recovered","recovered":false}`}, []string{"a"}, "unexpected"},
		{centrifugal{}, []string{"{\"id\":3,\"publish\":{}}\n{\"push\":{\"channel\":\"room:1\",\"pub\":{\"data\":\"a\"}}}", `{"push":{"channel":"room:1","pub":{"data":"b"}}}`}, []string{"a", "b"}, ""},
		{centrifugal{}, []string{"{}"}, nil, "a ping"},
		{centrifugal{}, []string{`{"id":3,"error":{"code":100}}`}, nil, "unexpected"},
		{centrifugal{}, []string{`{"push":{"channel":"room:1","unsubscribe":{"code":2500}}}`}, nil, "unexpected"},
		{centrifugal{stream: true}, []string{`{"push":{"channel":"job:1","pub":{"data":"a","offset":1}}}`, `{"push":{"channel":"job:1","pub":{"data":"b","offset":2}}}`}, []string{"a", "b"}, ""},
		{centrifugal{stream: true}, []string{`{"push":{"channel":"job:1","pub":{"data":"a","offset":2}}}`, `{"push":{"channel":"job:1","pub":{"data":"b","offset":2}}}`}, []string{"a"}, "after offset 2"},
		{centrifugal{stream: true}, []string{`{"push":{"channel":"job:1","pub":{"data":"a"}}}`}, nil, "after offset 0"},
	} {
		var got []string
		var err error
		p := &page{dialect: test.dialect}
		for _, m := range test.messages {
			if err = test.dialect.unwrap(p, []byte(m), func(payload []byte) error {
				got = append(got, string(payload))
				return nil
			}); err != nil {
				break
			}
		}
		if !slices.Equal(got, test.want) || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%T, %q: got %q, %v; want %q, %q", test.dialect, test.messages, got, err, test.want, test.err)
		}
	}
}

// TestPublish numbers what a page sends, where the dialect does.
func TestPublish(t *testing.T) {
	for _, test := range []struct {
		dialect     dialect
		first, next string
	}{
		{plain{}, "x", "x"},
		{wsgen1{}, "n1:x", "n2:x"},
		{centrifugal{}, `{"id":1,"publish":{"channel":"room:7","data":"x"}}`, `{"id":2,"publish":{"channel":"room:7","data":"x"}}`},
		{centrifugal{stream: true}, `{"id":1,"publish":{"channel":"job:7","data":"x"}}`, `{"id":2,"publish":{"channel":"job:7","data":"x"}}`},
	} {
		p := &page{dialect: test.dialect}
		for _, want := range []string{test.first, test.next} {
			if got := string(test.dialect.publish(p, "7", []byte("x"))); got != want {
				t.Errorf("%T: got %s, want %s", test.dialect, got, want)
			}
		}
	}
}
