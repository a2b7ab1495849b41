// Bench is what "make bench" runs: smartbox beside crun, runc, systemd-nspawn,
// lxc and the kernel's own floor, in turn and in one run, so that the ratios
// hold on a busy machine too. It prints the ratios that the project aims at and
// whether they are met. Root; two cores and some minutes.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

const groupName = "smartbox-bench"

func main() {
	rounds := flag.Int("rounds", 15, "measurements of each")
	only := flag.String("only", ".", "regular expression of the comparisons to make")
	flag.Parse()
	if err := run(*rounds, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(rounds int, only string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	l, err := newLab(rounds)
	if err != nil {
		return err
	}
	defer l.close()
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"tool", l.tool},
		{"start", l.start},
		{"enter", l.enter},
		{"clone", l.clone},
		{"datasets", l.datasets},
		{"datasets1000", func() error { return l.listDatasets(1000) }},
		{"datasets10000", func() error { return l.listDatasets(10000) }},
		{"idle50", func() error { return l.idle(50) }},
		{"idle200", func() error { return l.idle(200) }},
		{"list1000", l.listThousand},
		{"systemd", l.systemd},
		{"dtrace", l.dtrace},
	} {
		if !pattern.MatchString(c.name) {
			continue
		}
		if err := c.run(); err != nil {
			fmt.Fprintf(l.out, "\n%s: could not be compared: %v\n", c.name, err)
		}
	}
	return nil
}
