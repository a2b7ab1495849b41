package cgroup

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Limits of a zone; 0 (or "") is no limit, for weights the default.
type Limits struct {
	CPUShares uint64 // weight, 100 is common
	CPUCap    uint64 // percent of one processor
	Processes uint64 // and threads
	Memory    uint64 // bytes
	Swap      uint64 // bytes of memory and swap together
	IOWeight  uint64 // 100 is common
	CPUs      string // processors that it may use: 0-1,4
}

// setting is a limit in the words of one version's controller.
type setting struct {
	controller string
	file       string
	value      string
	wanted     bool // it is not merely the default
}

const cpuPeriod = 100_000 // microseconds

// Apply sets the limits, also of a running zone. It returns what was asked for
// and this host has no controller for.
func (s *Set) Apply(l Limits) (missing []string, err error) { return s.applyAll(l.settings()) }

// ApplyNew is Apply for groups that were made just now: what is the default is
// so already.
func (s *Set) ApplyNew(l Limits) (missing []string, err error) {
	return s.applyAll(slices.DeleteFunc(l.settings(), func(ways []setting) bool { return !ways[0].wanted }))
}

func (s *Set) applyAll(list [][]setting) (missing []string, err error) {
	for _, c := range list {
		ok, err := s.apply(c)
		if err != nil {
			return missing, fmt.Errorf("set limit: %w", err)
		}
		if !ok && c[0].wanted {
			missing = append(missing, c[0].controller+" ("+c[0].file+")")
		}
	}
	return missing, nil
}

// apply tries the ways that a limit can be told, and reports whether one was
// there.
func (s *Set) apply(ways []setting) (bool, error) {
	for _, w := range ways {
		for _, g := range s.groups {
			if !g.v2 && !g.has(w.controller) {
				continue
			}
			err := write(g.dir, w.file, w.value)
			if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.EOPNOTSUPP) {
				continue
			}
			return true, err
		}
	}
	return false, nil
}

// settings lists per limit the ways to tell it: those of v1 have files that v2
// has not, and the other way round.
func (l Limits) settings() [][]setting {
	weight := func(n, low, high uint64) string { return strconv.FormatUint(min(max(n, low), high), 10) }
	shares, io := or(l.CPUShares, 100), or(l.IOWeight, 100)
	list := [][]setting{
		{
			{"cpu", "cpu.weight", weight(shares, 1, 10000), l.CPUShares != 0},
			{"cpu", "cpu.shares", weight(scale(shares, 1024, 100), 2, 262144), true},
		},
		{
			{"cpu", "cpu.max", quota(l.CPUCap, "max") + " " + strconv.Itoa(cpuPeriod), l.CPUCap != 0},
			{"cpu", "cpu.cfs_quota_us", quota(l.CPUCap, "-1"), true},
		},
		{{"pids", "pids.max", limit(l.Processes, "max"), l.Processes != 0}},
		{
			{"blkio", "io.weight", weight(io, 1, 10000), l.IOWeight != 0},
			{"blkio", "io.bfq.weight", weight(io, 1, 1000), true},
			{"blkio", "blkio.bfq.weight", weight(io, 1, 1000), true},
			{"blkio", "blkio.weight", weight(io, 10, 1000), true},
		},
	}
	if l.CPUs != "" {
		list = append(list, []setting{{"cpuset", "cpuset.cpus", l.CPUs, true}})
	}
	return append(list, l.memory()...)
}

// memory begins with taking the joint limit of v1 away, so that the order of
// the two does not matter. v2 counts swap apart.
func (l Limits) memory() [][]setting {
	swap := uint64(0)
	if l.Swap > l.Memory && l.Memory != 0 {
		swap = l.Swap - l.Memory
	}
	swapMax := strconv.FormatUint(swap, 10)
	if l.Swap == 0 {
		swapMax = "max"
	}
	joint := l.Swap
	if joint != 0 {
		joint = max(joint, l.Memory)
	}
	return [][]setting{
		{{"memory", "memory.memsw.limit_in_bytes", "-1", false}},
		{
			{"memory", "memory.max", limit(l.Memory, "max"), l.Memory != 0},
			{"memory", "memory.limit_in_bytes", limit(l.Memory, "-1"), true},
		},
		{
			{"memory", "memory.swap.max", swapMax, l.Swap != 0},
			{"memory", "memory.memsw.limit_in_bytes", limit(joint, "-1"), true},
		},
	}
}

func or(n, otherwise uint64) uint64 {
	if n == 0 {
		return otherwise
	}
	return n
}

func scale(n, by, per uint64) uint64 { return min(n, math.MaxUint32) * by / per }

func limit(n uint64, none string) string {
	if n == 0 {
		return none
	}
	return strconv.FormatUint(min(n, math.MaxInt64), 10)
}

// quota is in microseconds of each period; the kernel takes no less than 1 ms.
func quota(percent uint64, none string) string {
	if percent == 0 {
		return none
	}
	return strconv.FormatUint(max(scale(percent, cpuPeriod, 100), 1000), 10)
}

// OOMKills is how many processes were killed for want of memory.
func (s *Set) OOMKills() int {
	for _, g := range s.groups {
		file := "memory.oom_control"
		if g.v2 {
			file = "memory.events"
		} else if !slices.Contains(g.controllers, "memory") {
			continue
		}
		text, err := read(g.dir, file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(text) {
			if key, value, _ := strings.Cut(strings.TrimSpace(line), " "); key == "oom_kill" {
				n, _ := strconv.Atoi(value) // the kernel's own number
				return n
			}
		}
	}
	return 0
}
