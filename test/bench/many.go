package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// crowd is one way to keep many idle containers.
type crowd struct {
	name  string
	ready func(i int) error // not measured
	start func(i int) error
	stop  func(i int) error
	list  []string
}

// idle compares n idle containers: the time each takes to start, the memory
// each holds, and a list of them.
func (l *lab) idle(n int) error {
	zones := make([]string, n)
	bundles := make([]string, n)
	name := func(i int) string { return fmt.Sprint("idle", i) }
	crowds := []crowd{
		{
			name: "crun, userns", list: words("crun", "list"),
			ready: func(i int) (err error) {
				bundles[i], err = l.bundle(name(i), true, "/sbin/init")
				return err
			},
			start: func(i int) error { return l.group.run("crun", "run", "-d", "--bundle", bundles[i], name(i)) },
			stop:  func(i int) error { return l.group.run("crun", "delete", "-f", name(i)) },
		},
		{
			name: "lxc-execute", list: words("lxc-ls", "-P", filepath.Join(l.dir, "lxc"), "-1", "--running"),
			ready: func(i int) (err error) {
				bundles[i], err = l.lxc(name(i))
				return err
			},
			start: func(i int) error {
				return l.group.run("lxc-execute", "-d", "-P", filepath.Join(l.dir, "lxc"), "-n", name(i), "-f", bundles[i], "--", "/sbin/init")
			},
			stop: func(i int) error {
				return l.group.run("lxc-stop", "-k", "-P", filepath.Join(l.dir, "lxc"), "-n", name(i))
			},
		},
		{
			name: "zoneadm boot", list: words("vmadm", "list"),
			ready: func(i int) (err error) {
				zones[i], err = l.zone(nil)
				return err
			},
			start: func(i int) error { return l.group.run("zoneadm", "-z", zones[i], "boot") },
			stop:  func(i int) error { return l.group.run("zoneadm", "-z", zones[i], "halt") },
		},
	}
	fmt.Fprintf(l.out, "\n%d idle containers\n  %-16s %12s %12s %10s %12s %12s\n", n, "", "start ms", "CPU ms each", "kB each", "stop ms", "list ms")
	lists := map[string]sample{}
	memory := map[string]float64{}
	for _, c := range crowds {
		if err := l.fill(n, c, lists, memory); err != nil {
			fmt.Fprintf(l.out, "  %-16s left out: %v\n", c.name, err)
		}
	}
	if lists["crun, userns"].wall > 0 {
		l.ratio(fmt.Sprintf("vmadm list / crun list at %d (wall)", n), ms(lists["zoneadm boot"].wall), ms(lists["crun, userns"].wall), 0.5)
	}
	l.ratio("kB per idle zone / 1000", memory["zoneadm boot"], 1000, 1)
	return remove(zones)
}

// remove deletes machines; an empty uuid is none.
func remove(zones []string) error {
	return aside(len(zones), func(i int) error {
		if zones[i] == "" {
			return nil
		}
		return do("vmadm", "delete", zones[i])
	})
}

// aside does for 0 to n-1 what is not measured, several at a time: one after the
// other, hundreds of machines take longer to make than to compare.
func aside(n int, do func(i int) error) error {
	errs := make([]error, n)
	slots := make(chan struct{}, 2*runtime.NumCPU())
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(i)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// fill starts a crowd, measures it and stops it.
func (l *lab) fill(n int, c crowd, lists map[string]sample, memory map[string]float64) error {
	if err := aside(n, c.ready); err != nil {
		return err
	}
	dropCaches()
	held, cpu, began := l.group.memory(), l.group.used(), time.Now()
	started := 0
	var failure error
	for ; started < n && failure == nil; started++ {
		failure = c.start(started)
	}
	each := time.Since(began) / time.Duration(n)
	cpu = (l.group.used() - cpu) / time.Duration(n)
	if failure == nil {
		time.Sleep(time.Second)
		dropCaches()
		memory[c.name] = float64(l.group.memory()-held) / 1024 / float64(n)
		r := l.compare(5, contender{name: c.name, do: l.does(c.list)})
		if len(r) == 1 {
			lists[c.name] = sample{r[0].wall(), r[0].cpu()}
		}
	}
	began = time.Now()
	for i := range started {
		if err := c.stop(i); err != nil && failure == nil {
			failure = err
		}
	}
	if failure != nil {
		return failure
	}
	fmt.Fprintf(l.out, "  %-16s %12.2f %12.2f %10.0f %12.2f %12.2f\n", c.name, ms(each), ms(cpu), memory[c.name],
		ms(time.Since(began))/float64(n), ms(lists[c.name].wall))
	return nil
}

// dropCaches leaves what is really held.
func dropCaches() {
	exec.Command("sync").Run()
	os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
}

// listThousand compares lists of a thousand machines that do not run, with what
// crun needs for a thousand state files of its own.
func (l *lab) listThousand() error {
	const n = 1000
	zones := make([]string, n)
	defer remove(zones) // the sweep at the end names what is left
	err := aside(n, func(i int) (err error) {
		zones[i], err = l.zone(nil)
		return err
	})
	if err != nil {
		return err
	}
	state := filepath.Join(l.dir, "crun")
	bundle, err := l.bundle("thousand", true, "/sbin/init")
	if err != nil {
		return err
	}
	if err := do("crun", "--root", state, "run", "-d", "--bundle", bundle, "c0"); err != nil {
		return err
	}
	err = aside(n-1, func(i int) error {
		return do("cp", "-a", filepath.Join(state, "c0"), filepath.Join(state, "c"+strconv.Itoa(i+1)))
	})
	if err != nil {
		return err
	}
	r := l.compare(l.rounds,
		contender{name: "crun list", do: l.does(words("crun", "--root", state, "list"))},
		contender{name: "vmadm list", do: l.does(words("vmadm", "list"))},
		contender{name: "zoneadm list -cp", do: l.does(words("zoneadm", "list", "-cp"))},
	)
	l.table("list of 1,000", r)
	l.against(r, "vmadm list", "crun list", 0.5, true)
	return do("crun", "--root", state, "delete", "-f", "c0")
}
