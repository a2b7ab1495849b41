package pid1

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// PhasesFile has a line NAME SECONDS for each phase of this boot: when it ended,
// counted from the kernel's start.
const PhasesFile = "/run/smartbox/phases"

var phaseMu sync.Mutex

// Phase notes that a phase of the boot is over; for one that was noted before it
// does nothing.
func Phase(name string) { note(name, uptime()) }

// note adds to the file. Who measures misses a line that cannot be written;
// nobody else does.
func note(name string, seconds float64) {
	phaseMu.Lock()
	defer phaseMu.Unlock()
	if err := addPhase(PhasesFile, name, seconds); err != nil {
		say("%v", err)
	}
}

func addPhase(file, name string, seconds float64) error {
	before, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		err = os.MkdirAll("/run/smartbox", 0o755)
	}
	if err != nil {
		return err
	}
	if strings.HasPrefix(string(before), name+" ") || strings.Contains(string(before), "\n"+name+" ") {
		return nil
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %.2f\n", name, seconds)
	return errors.Join(err, f.Close())
}

// Phases is the phases that are over, in one line.
func Phases() string {
	text, err := os.ReadFile(PhasesFile)
	if err != nil {
		return ""
	}
	return phaseLine(string(text))
}

func phaseLine(text string) string {
	var words []string
	for line := range strings.Lines(text) {
		words = append(words, strings.Replace(strings.TrimSpace(line), " ", "=", 1))
	}
	return strings.Join(words, " ")
}

// uptime is the seconds since the kernel began.
func uptime() float64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return float64(ts.Nano()) / 1e9
}
