package probe

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Counter is an event that the processor or the kernel counts.
type Counter struct {
	Type, Config         uint64
	NotUser, NotInKernel bool
}

// counter finds an event by its name: the kernel's own, and what all processors
// have where this host lets them be counted.
func counter(name string) (Counter, bool) {
	software := map[string]uint64{
		"cpu_clock": unix.PERF_COUNT_SW_CPU_CLOCK, "task_clock": unix.PERF_COUNT_SW_TASK_CLOCK,
		"page_faults": unix.PERF_COUNT_SW_PAGE_FAULTS, "context_switches": unix.PERF_COUNT_SW_CONTEXT_SWITCHES,
		"cpu_migrations": unix.PERF_COUNT_SW_CPU_MIGRATIONS, "minor_faults": unix.PERF_COUNT_SW_PAGE_FAULTS_MIN,
		"major_faults": unix.PERF_COUNT_SW_PAGE_FAULTS_MAJ, "alignment_faults": unix.PERF_COUNT_SW_ALIGNMENT_FAULTS,
		"emulation_faults": unix.PERF_COUNT_SW_EMULATION_FAULTS,
	}
	if config, ok := software[name]; ok {
		return Counter{Type: unix.PERF_TYPE_SOFTWARE, Config: config}, true
	}
	hardware := map[string]uint64{
		"cpu_cycles": unix.PERF_COUNT_HW_CPU_CYCLES, "instructions": unix.PERF_COUNT_HW_INSTRUCTIONS,
		"cache_references": unix.PERF_COUNT_HW_CACHE_REFERENCES, "cache_misses": unix.PERF_COUNT_HW_CACHE_MISSES,
		"branch_instructions": unix.PERF_COUNT_HW_BRANCH_INSTRUCTIONS, "branch_misses": unix.PERF_COUNT_HW_BRANCH_MISSES,
		"PAPI_tot_cyc": unix.PERF_COUNT_HW_CPU_CYCLES, "PAPI_tot_ins": unix.PERF_COUNT_HW_INSTRUCTIONS,
		"PAPI_br_ins": unix.PERF_COUNT_HW_BRANCH_INSTRUCTIONS, "PAPI_br_msp": unix.PERF_COUNT_HW_BRANCH_MISSES,
	}
	config, ok := hardware[name]
	return Counter{Type: unix.PERF_TYPE_HARDWARE, Config: config}, ok && countsHardware()
}

// countsHardware reports whether this host lets its processors count.
func countsHardware() bool {
	for _, name := range []string{"cpu", "cpu_core", "armv8_pmuv3_0"} {
		if _, err := os.Stat("/sys/bus/event_source/devices/" + name); err == nil {
			return true
		}
	}
	return false
}

// addCounters lists the events at a rate that disturbs nobody; others are made
// when named.
func (db *DB) addCounters() {
	for _, name := range []string{
		"alignment_faults-all-1000", "context_switches-all-1000", "cpu_clock-all-1000000000", "cpu_migrations-all-1000",
		"emulation_faults-all-1000", "major_faults-all-1000", "minor_faults-all-1000", "page_faults-all-1000", "task_clock-all-1000000000",
	} {
		if p := counterProbe(name); p != nil {
			db.add(p)
		}
	}
}

// counterProbe is cpc:::EVENT-MODE-COUNT; nil for a name that is none.
func counterProbe(name string) *Probe {
	parts := strings.Split(name, "-")
	if len(parts) != 3 {
		return nil
	}
	c, ok := counter(parts[0])
	count, err := strconv.ParseInt(parts[2], 10, 64)
	if !ok || err != nil || count <= 0 {
		return nil
	}
	switch parts[1] {
	case "all":
	case "user":
		c.NotInKernel = true
	case "kernel":
		c.NotUser = true
	default:
		return nil
	}
	return &Probe{Provider: "cpc", Name: name, Attach: Attach{Kind: Count, Period: count, Counter: c}}
}
