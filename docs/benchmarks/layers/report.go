package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A line is a figure in the report.
type line struct {
	figure, title, unit string
}

// groups are the figures of groups without a history.
func groups() []line {
	return []line{
		{"rooms" + figureSends, "64 groups, one message of each on the way: sends a second", ""},
		{"rooms" + figureMedian, "from one process to the other, half of them within", "ms"},
		{"rooms" + figureMost, "99 % within", "ms"},
		{"rooms" + figureNear, "at the process that sent, 99 % within", "ms"},
		{"rooms" + figureServices, "processor time of both services, a delivery", "µs"},
		{"rooms" + figureStore, "processor time of Redis or NATS, a delivery", "µs"},
		{"rooms at 100" + figureMedian, "the same groups, 100 sends a second: half within", "ms"},
		{"rooms at 100" + figureMost, "99 % within", "ms"},
		{"rooms at 100" + figureNear, "at the process that sent, 99 % within", "ms"},
		{"rooms at 2000" + figureMedian, "the same groups, 2,000 sends a second: half within", "ms"},
		{"rooms at 2000" + figureMost, "99 % within", "ms"},
		{"rooms at 2000" + figureNear, "at the process that sent, 99 % within", "ms"},
		{"crowd" + figureSends, "a group of 100 at each process, 8 messages on the way: sends a second", ""},
		{"crowd" + figureMost, "from one process to the other, 99 % within", "ms"},
		{"crowd" + figureNear, "at the process that sent, 99 % within", "ms"},
		{"crowd" + figureServices, "processor time of both services, a delivery", "µs"},
		{"crowd" + figureStore, "processor time of Redis or NATS, a delivery", "µs"},
	}
}

// streams are the figures of groups that keep a history.
func streams() []line {
	return []line{
		{"streams" + figureSends, "64 streams, one message of each on the way: appends a second", ""},
		{"streams" + figureMedian, "from one process to the other, half of them within", "ms"},
		{"streams" + figureMost, "99 % within", "ms"},
		{"streams" + figureNear, "at the process that sent, 99 % within", "ms"},
		{"streams" + figureServices, "processor time of both services, a delivery", "µs"},
		{"streams" + figureStore, "processor time of Redis or NATS, a delivery", "µs"},
		{"streams at 100" + figureMedian, "the same streams, 100 appends a second: half within", "ms"},
		{"streams at 100" + figureMost, "99 % within", "ms"},
		{"streams at 100" + figureNear, "at the process that sent, 99 % within", "ms"},
		{"streams at 2000" + figureMedian, "the same streams, 2,000 appends a second: half within", "ms"},
		{"streams at 2000" + figureMost, "99 % within", "ms"},
		{"streams at 2000" + figureNear, "at the process that sent, 99 % within", "ms"},
	}
}

// tables returns the figures in Markdown.
func (f *figures) tables() string {
	var b strings.Builder
	if f.Date != "" {
		fmt.Fprintf(&b, "%s, medians of %d rounds. %s.\n", f.Date, f.Rounds, f.Machine)
	}
	if f.Note != "" {
		fmt.Fprintf(&b, "%s\n", f.Note)
	}
	for _, t := range []struct {
		title string
		of    trial
		lines []line
	}{
		{"groups", trial{}, groups()},
		{"streams", trial{stream: true}, streams()},
	} {
		var names []string
		for _, c := range peers() {
			if t.of.suits(c) {
				names = append(names, c.name)
			}
		}
		f.table(&b, t.title+" | "+strings.Join(names, " | "), t.lines, func(l line) []string {
			cells := []string{f.absolute(l, names[0])}
			for _, name := range names[1:] {
				cells = append(cells, f.times(l, name))
			}
			return cells
		})
	}
	return b.String()
}

// table writes one table of those lines that were measured, if any were.
func (f *figures) table(b *strings.Builder, titles string, lines []line, cells func(line) []string) {
	lines = slices.DeleteFunc(lines, func(l line) bool { return len(f.Medians[l.figure]) == 0 })
	if len(lines) == 0 {
		return
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "| %s |\n|---|%s\n", titles, strings.Repeat("--:|", strings.Count(titles, "|")))
	for _, l := range lines {
		fmt.Fprintf(b, "| %s | %s |\n", l.title, strings.Join(cells(l), " | "))
	}
}

// absolute returns a figure with its unit.
func (f *figures) absolute(l line, contestant string) string {
	value, ok := f.Medians[l.figure][contestant]
	if !ok {
		return "–"
	}
	return strings.TrimSpace(number(value) + " " + l.unit)
}

// times returns a figure as a ratio to that of the base.
func (f *figures) times(l line, contestant string) string {
	ratio, ok := f.ratio(l.figure, contestant)
	if !ok {
		return f.absolute(l, contestant)
	}
	return fmt.Sprintf("%.2f × (%s)", ratio, number(f.Medians[l.figure][contestant]))
}

// number writes a value with what digits matter.
func number(v float64) string {
	switch {
	case v == math.Trunc(v) || v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// beside returns the figures of a short look beside those of the last whole run.
func (f *figures) beside(last *figures) string {
	var b strings.Builder
	titles := "now, and on " + last.Date + " | " + base
	for _, name := range []string{onRedis, onNATS} {
		titles += " | " + name + " | then"
	}
	f.table(&b, titles, append(groups(), streams()...), func(l line) []string {
		return []string{f.absolute(l, base), f.times(l, onRedis), last.times(l, onRedis), f.times(l, onNATS), last.times(l, onNATS)}
	})
	return b.String()
}
