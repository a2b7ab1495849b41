package super_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// cpu is what this process and those it waited for have used.
func cpu() (total time.Duration) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if unix.Getrusage(who, &u) == nil {
			total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return total
}

// BenchmarkStartStop boots a zone whose init ends at once and waits until
// nothing is left of it.
func BenchmarkStartStop(b *testing.B) {
	w := newWorld(b)
	w.add("b", "")
	o := zone.BootOptions{Init: "/bin/busybox", Args: []string{"true"}}
	began := cpu()
	for b.Loop() {
		if err := w.Boot(b.Context(), "b", o); err != nil {
			b.Fatal(err)
		}
		if err := w.Halt(b.Context(), "b"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu()-began)/float64(b.N)/1e6, "cpu-ms/op")
}
