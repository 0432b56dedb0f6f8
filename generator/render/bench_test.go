package render

import (
	"fmt"
	"testing"

	"wsgen/generator/model"
)

// manyConsumers is a project with n consumers, each behind a path of its own.
func manyConsumers(n int) *model.Project {
	p := emptyProject()
	p.Module = "example.com/many"
	for i := range n {
		room := model.Param{Name: "room", Converter: "slug", Field: "Room", GoType: "string", Getter: "String", JSType: "string", Example: "lobby"}
		name := fmt.Sprintf("c%d", i)
		c := &model.Consumer{
			Name: name, Mode: model.Sync, Outbound: "disconnect",
			Type: "C" + name, ParamsType: "P" + name, Constructor: "New" + name, TestName: "Test" + name,
			File: "consumers/" + name + "_consumer.go", TestFile: "consumers/" + name + "_consumer_test.go", JSClass: "S" + name,
			Params: []model.Param{room},
		}
		c.Routes = []*model.Route{{Path: "/ws/" + name + "/{room:slug}", Consumer: c,
			Segments: []model.Segment{{Literal: "ws"}, {Literal: name}, {Param: &room}}}}
		p.Consumers = append(p.Consumers, c)
		p.Routes = append(p.Routes, c.Routes...)
	}
	return p
}

// BenchmarkRender renders every file of a project, one after the other.
func BenchmarkRender(b *testing.B) {
	for _, n := range []int{1, 1000, 5000} {
		b.Run(fmt.Sprintf("consumers=%d", n), func(b *testing.B) {
			p := manyConsumers(n)
			b.ReportAllocs()
			for b.Loop() {
				for _, f := range files(b, p) {
					renderNew(b, f)
				}
			}
		})
	}
}

// BenchmarkParseTemplates is what the first rendering of a process pays.
func BenchmarkParseTemplates(b *testing.B) {
	src, err := embedded()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := parseTemplates(src.fsys); err != nil {
			b.Fatal(err)
		}
	}
}
