package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dtrace compares dtrace with bpftrace: starting, what an event costs, letting
// go of everything, memory, and a long script.
func (l *lab) dtrace() error {
	if err := tracingFiles(); err != nil {
		return err
	}
	if err := l.dtraceStart(); err != nil {
		return err
	}
	if err := l.dtraceEvents("events of one system call", "syscall::getppid:entry", "tracepoint:syscalls:sys_enter_getppid"); err != nil {
		return err
	}
	return l.dtraceEvents("events of every system call", "syscall:::entry,syscall:::return", "tracepoint:raw_syscalls:sys_enter,tracepoint:raw_syscalls:sys_exit")
}

// tracingFiles mounts what bpftrace needs, in the name space of the bench.
func tracingFiles() error {
	const dir = "/sys/kernel/tracing"
	if _, err := os.Stat(filepath.Join(dir, "events")); err == nil {
		return nil
	}
	if err := unix.Mount("tracefs", dir, "tracefs", 0, ""); err != nil {
		return fmt.Errorf("mount tracefs: %w", err)
	}
	return nil
}

func (l *lab) dtraceStart() error {
	const count = "BEGIN { exit(0); } syscall::getppid:entry { @[execname] = count(); }"
	r := l.compare(2*l.rounds,
		contender{name: "Go hello, floor", do: l.does(words(filepath.Join(l.dir, "hello")))},
		contender{name: "smartbox --version", do: l.does(words("build/smartbox", "--version"))},
		contender{name: "bpftrace, BEGIN", do: l.does(words("bpftrace", "-e", "BEGIN { exit(); }"))},
		contender{name: "dtrace, BEGIN", do: l.does(words("dtrace", "-qn", "BEGIN { exit(0); }"))},
		contender{name: "bpftrace, one call", do: l.does(words("bpftrace", "-e", "BEGIN { exit(); } tracepoint:syscalls:sys_enter_getppid { @[comm] = count(); }"))},
		contender{name: "dtrace, one call", do: l.does(words("dtrace", "-qn", count))},
		contender{name: "dtrace, a script of 200 lines", do: l.does(words("dtrace", "-s", "test/bench/d/long.d"))},
	)
	l.table("start of a D program", r)
	l.against(r, "dtrace, BEGIN", "bpftrace, BEGIN", 0.5, false)
	l.against(r, "dtrace, one call", "bpftrace, one call", 0.5, false)
	if long, ok := find(r, "dtrace, a script of 200 lines"); ok {
		l.ratio("a script of 200 lines, ms of CPU", ms(long.cpu()), 1, 50)
	}
	return nil
}

// traced is what one run of the traced program told.
type traced struct {
	call   float64       // ns of a call
	detach time.Duration // from the end of the calls to that of the tracer
	rss    int64         // KiB
}

// dtraceEvents compares what an event costs in which programs are counted.
func (l *lab) dtraceEvents(title, ours, theirs string) error {
	program, told := filepath.Join(l.dir, "calls"), filepath.Join(l.dir, "told")
	loop := program + " 2000000 " + told
	tracers := map[string][]string{
		"untraced": {program, "2000000", told},
		"bpftrace": {"bpftrace", "-e", theirs + " { @[comm] = count(); }", "-c", loop},
		"dtrace":   {"dtrace", "-qn", ours + " { @[execname] = count(); }", "-c", loop},
	}
	got := map[string][]traced{}
	for range max(l.rounds/3, 3) {
		for _, name := range []string{"untraced", "bpftrace", "dtrace"} {
			t, err := l.trace(told, tracers[name]...)
			if err != nil {
				return err
			}
			got[name] = append(got[name], t)
		}
	}
	fmt.Fprintf(l.out, "\n%s\n  %-28s %9s %9s %9s %9s\n", title, "", "ns/call", "+ns", "detach ms", "RSS MiB")
	least := func(name string) traced { return best(got[name]) }
	plain := least("untraced").call
	for _, name := range []string{"untraced", "bpftrace", "dtrace"} {
		t := least(name)
		fmt.Fprintf(l.out, "  %-28s %9.1f %9.1f %9.1f %9.1f\n", name, t.call, t.call-plain, ms(t.detach), float64(t.rss)/1024)
	}
	o, b := least("dtrace"), least("bpftrace")
	l.ratio("an event / bpftrace", o.call-plain, b.call-plain, 0.45)
	l.ratio("an event, ns", o.call-plain, 1, 250)
	l.ratio("detach, s", o.detach.Seconds(), 1, 0.5)
	l.ratio("peak memory, MiB", float64(o.rss)/1024, 1, 64)
	return nil
}

// best is the least of everything: what else the machine does only adds.
func best(all []traced) traced {
	b := all[0]
	for _, t := range all {
		b.call, b.detach = min(b.call, t.call), min(b.detach, t.detach)
	}
	b.rss = slices.MaxFunc(all, func(x, y traced) int { return int(x.rss - y.rss) }).rss
	return b
}

// trace runs a tracer whose child is the loop, and reads what that told.
func (l *lab) trace(told string, words ...string) (traced, error) {
	cmd := exec.Command(words[0], words[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return traced{}, fmt.Errorf("%s: %w: %s", words[0], err, out)
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return traced{}, err
	}
	text, err := os.ReadFile(told)
	if err != nil {
		return traced{}, err
	}
	defer os.Remove(told)
	var t traced
	var end float64
	if _, err := fmt.Sscan(string(text), &t.call, &end); err != nil {
		return traced{}, fmt.Errorf("%s: %w", words[0], err)
	}
	t.detach = time.Duration(float64(now.Nano()) - end)
	t.rss = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	return t, nil
}
