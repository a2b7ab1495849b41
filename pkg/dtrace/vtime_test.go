package dtrace

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
)

// spin uses the thread's own CPU time.
func spin(t *testing.T, d time.Duration) {
	t.Helper()
	now := func() int64 {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
			t.Error(err)
		}
		return ts.Nano()
	}
	for began := now(); now()-began < d.Nanoseconds(); {
	}
}

// TestVirtualTime has a thread compute for 20 ms between two naps of 50 ms: the
// time on a CPU has the first in it and not the others, whatever else runs here.
func TestVirtualTime(t *testing.T) {
	work := func(t *testing.T) func() {
		return func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			unix.Getsid(0)
			nap := unix.NsecToTimespec(int64(50 * time.Millisecond))
			unix.Nanosleep(&nap, nil)
			spin(t, 20*time.Millisecond)
			unix.Nanosleep(&nap, nil)
			unix.Getpriority(unix.PRIO_PROCESS, 0)
		}
	}
	runAll(t, []providerTest{
		{"naps", `syscall::getsid:entry /pid == $pid/ { self->v = vtimestamp; self->t = timestamp; self->in = 1 }
syscall::getpriority:entry /self->in/ {
	this->cpu = (vtimestamp - self->v) / 1000000; this->wall = (timestamp - self->t) / 1000000;
	printf("%d %d", this->cpu >= 19, this->wall - this->cpu >= 95); exit(0)
}`, "1 1", work},
		{"grows", `syscall::getsid:entry /pid == $pid/ { self->v = vtimestamp; self->in = 1 }
syscall::getpriority:entry /self->in/ { this->a = vtimestamp; this->b = vtimestamp; printf("%d %d", this->a == this->b, this->a > self->v); exit(0) }`, "1 1", work},
		{"elsewhere", `sched:::off-cpu, sched:::on-cpu, profile-97, tick-50 { x = vtimestamp } tick-5 { printf("%d", x >= 0); exit(0) }`, "1", nil},
	})
}

// TestSetupUncounted checks that clauses which a variable or a probe needs are
// not counted as the program's.
func TestSetupUncounted(t *testing.T) {
	testenv.RequireRoot(t)
	for text, want := range map[string]int{
		"BEGIN { trace(vtimestamp); exit(0) }":             1,
		"BEGIN { exit(0) } lockstat:::spin-spin { x = 1 }": 2,
	} {
		u, err := compile(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(u.Matched, len(u.Probes())); got != fmt.Sprint([]int{want}, want) {
			t.Errorf("%s: matched and lists %s, want %d", text, got, want)
		}
	}
	if out, errs := run(t, "BEGIN { trace(vtimestamp); exit(0) }", consume.Options{Quiet: true}); out != "0" || errs != "" {
		t.Errorf("a thread that is seen for the first time has %q %q", out, errs)
	}
}
