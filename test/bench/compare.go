package main

import (
	"fmt"
	"slices"
	"time"
)

// contender is one way to do what a comparison is about.
type contender struct {
	name string
	do   func() error
	tidy func() error // after do, not measured
}

// sample is one measurement.
type sample struct{ wall, cpu time.Duration }

// result are a contender's samples.
type result struct {
	name string
	all  []sample
}

// compare runs the contenders in turn, round by round, so that what else the
// machine does meets all of them. A contender that fails is named and left out.
func (l *lab) compare(rounds int, contenders ...contender) []result {
	results := make([]result, len(contenders))
	dead := make([]bool, len(contenders))
	for round := range rounds + 1 {
		for i, c := range contenders {
			if dead[i] {
				continue
			}
			s, err := l.measure(c)
			if err != nil {
				fmt.Fprintf(l.out, "  %-28s left out: %v\n", c.name, err)
				dead[i] = true
				continue
			}
			results[i].name = c.name
			if round > 0 { // the first warms caches
				results[i].all = append(results[i].all, s)
			}
		}
	}
	return slices.DeleteFunc(results, func(r result) bool { return len(r.all) < rounds })
}

func (l *lab) measure(c contender) (sample, error) {
	cpu, start := l.group.used(), time.Now()
	if err := c.do(); err != nil {
		return sample{}, err
	}
	wall := time.Since(start)
	if c.tidy != nil {
		if err := c.tidy(); err != nil {
			return sample{}, err
		}
	}
	return sample{wall, l.group.used() - cpu}, nil
}

// middle is the median and the tenth percentile of what pick takes.
func (r result) middle(pick func(sample) time.Duration) (median, low time.Duration) {
	values := make([]time.Duration, len(r.all))
	for i, s := range r.all {
		values[i] = pick(s)
	}
	slices.Sort(values)
	return values[len(values)/2], values[len(values)/10]
}

func (r result) cpu() time.Duration {
	m, _ := r.middle(func(s sample) time.Duration { return s.cpu })
	return m
}

func (r result) wall() time.Duration {
	m, _ := r.middle(func(s sample) time.Duration { return s.wall })
	return m
}

// table prints results, each with its ratio to ours.
func (l *lab) table(title string, results []result) {
	fmt.Fprintf(l.out, "\n%s\n  %-28s %9s %9s %9s\n", title, "", "wall ms", "p10", "CPU ms")
	for _, r := range results {
		wall, low := r.middle(func(s sample) time.Duration { return s.wall })
		fmt.Fprintf(l.out, "  %-28s %9.2f %9.2f %9.2f\n", r.name, ms(wall), ms(low), ms(r.cpu()))
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// ratio prints ours over theirs beside the aim.
func (l *lab) ratio(what string, ours, theirs, aim float64) {
	verdict := "met"
	if ours > aim*theirs {
		verdict = "MISSED"
	}
	if theirs == 0 {
		return
	}
	fmt.Fprintf(l.out, "  ratio %-50s %6.2f  (aim %.2f, %s)\n", what, ours/theirs, aim, verdict)
}

// find picks a result by name.
func find(results []result, name string) (result, bool) {
	i := slices.IndexFunc(results, func(r result) bool { return r.name == name })
	if i < 0 {
		return result{}, false
	}
	return results[i], true
}

// against prints the ratio of CPU times and of wall times of two contenders.
func (l *lab) against(results []result, ours, theirs string, aim float64, byWall bool) {
	a, ok := find(results, ours)
	b, ok2 := find(results, theirs)
	if !ok || !ok2 {
		return
	}
	if byWall {
		l.ratio(ours+" / "+theirs+" (wall)", ms(a.wall()), ms(b.wall()), aim)
		return
	}
	l.ratio(ours+" / "+theirs+" (CPU)", ms(a.cpu()), ms(b.cpu()), aim)
}
