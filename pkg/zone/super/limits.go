package super

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
)

// limit sets what the configuration's resource controls say, by ApplyNew for a
// zone that boots, else by Apply.
func (s *supervisor) limit(apply func(cgroup.Limits) ([]string, error)) error {
	l, err := limits(s.config)
	if err != nil {
		return err
	}
	missing, err := apply(l)
	for _, m := range missing {
		s.warn("control group controller " + m)
	}
	return err
}

func limits(c *zone.Config) (l cgroup.Limits, err error) {
	for name, field := range map[string]*uint64{
		"zone.cpu-shares": &l.CPUShares, "zone.cpu-cap": &l.CPUCap, "zone.max-lwps": &l.Processes,
		"zone.max-physical-memory": &l.Memory, "zone.max-swap": &l.Swap, "zone.zfs-io-priority": &l.IOWeight,
	} {
		if *field, err = rctl(c, name); err != nil {
			return l, err
		}
	}
	processes, err := rctl(c, "zone.max-processes")
	if err != nil {
		return l, err
	}
	if l.Processes == 0 {
		l.Processes = processes
	}
	if c.CPU != nil {
		l.CPUs, err = processors(c.CPU.NCPUs)
	}
	return l, err
}

// rctl is the limit of a resource control, 0 without one.
func rctl(c *zone.Config, name string) (uint64, error) {
	for _, r := range c.Rctls {
		if r.Name == name && len(r.Values) > 0 {
			n, err := strconv.ParseUint(r.Values[0].Limit, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("rctl %s: limit %q is not a number", name, r.Values[0].Limit)
			}
			return n, nil
		}
	}
	return 0, nil
}

// processors turns a dedicated-cpu count into a list: the last ones of the
// host, which its own work uses least. A range asks for its upper end.
func processors(ncpus string) (string, error) {
	if _, high, ok := strings.Cut(ncpus, "-"); ok {
		ncpus = high
	}
	n, err := strconv.Atoi(ncpus)
	if err != nil || n < 1 {
		return "", fmt.Errorf("dedicated-cpu: ncpus %q is not a number", ncpus)
	}
	have := hostProcessors()
	n = min(n, have)
	return fmt.Sprintf("%d-%d", have-n, have-1), nil
}

// rlimits are those of init. The Go runtime has raised its own limit of open
// files, which programs that use select(2) must not inherit.
func rlimits(c *zone.Config) []jail.Rlimit {
	list := []jail.Rlimit{}
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err == nil {
		list = append(list, jail.Rlimit{Resource: unix.RLIMIT_NOFILE, Cur: min(1024, files.Max), Max: files.Max})
	}
	locked, err := rctl(c, "zone.max-locked-memory")
	if err == nil && locked != 0 {
		var have unix.Rlimit
		if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &have) == nil {
			locked = min(locked, have.Max) // raising it may be beyond the host's root
		}
		list = append(list, jail.Rlimit{Resource: unix.RLIMIT_MEMLOCK, Cur: locked, Max: locked})
	}
	return list
}

// sysctls are the limits of System V IPC, which are the IPC namespace's own.
func sysctls(c *zone.Config, warn func(string)) map[string]string {
	list := map[string]string{}
	for name, file := range map[string]string{
		"zone.max-msg-ids": "kernel/msgmni", "zone.max-shm-ids": "kernel/shmmni",
		"zone.max-shm-memory": "kernel/shmall", "zone.max-sem-ids": "kernel/sem",
	} {
		n, err := rctl(c, name)
		if err != nil {
			warn(err.Error())
			continue
		}
		switch {
		case n == 0:
		case name == "zone.max-shm-memory":
			list[file] = strconv.FormatUint(max(n/uint64(unix.Getpagesize()), 1), 10)
		case name == "zone.max-sem-ids":
			list[file] = fmt.Sprintf("32000 1024000000 500 %d", min(n, 32768))
		default:
			list[file] = strconv.FormatUint(min(n, 32768), 10)
		}
	}
	return list
}
