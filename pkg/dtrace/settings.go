package dtrace

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
	"github.com/smartbox-os/smartbox/pkg/dtrace/sema"
)

// Errors of an option.
var (
	ErrOptionName  = errors.New("Invalid option name")
	ErrOptionValue = errors.New("Invalid value for specified option")
)

// Settings are the options of -x and #pragma D option.
type Settings struct {
	Quiet, Destructive, ErrTags bool
	DefaultArgs, ArgRef         bool
	ProbeSpecs, Empty           bool // pspec, empty
	ZeroProbes                  bool // zdefs
	BPFLog                      bool

	Sizes                     Sizes
	StrSize, Scratch          int
	Specs                     int // speculations at a time
	StackFrames, UStackFrames int
	StackIndent               int
	SwitchRate                time.Duration
	Order                     consume.Order
}

// NewSettings returns the defaults.
func NewSettings() *Settings {
	return &Settings{
		Sizes: Sizes{Buffer: 4 << 20, Agg: 4 << 20, Dyn: 1 << 20}, StrSize: 256, Scratch: 256, Specs: 1,
		StackFrames: 20, UStackFrames: 20, StackIndent: 14, SwitchRate: time.Second,
	}
}

// Set sets an option; for a switch, no value means on.
func (s *Settings) Set(name, value string) error {
	switch name {
	case "aggrate", "statusrate", "cleanrate", "bufresize", "lockmem", "nolibs", "bpflogsize":
		return nil // data is taken when it is asked for, and memory as it is needed
	}
	if b := s.toggle(name); b != nil {
		on, ok := parseSwitch(value)
		if !ok {
			return ErrOptionValue
		}
		*b = on
		return nil
	}
	if n, least := s.size(name); n != nil {
		v, ok := parseSize(value)
		if !ok || v < least || name == "nspec" && v > 256 {
			return ErrOptionValue
		}
		*n = v
		return nil
	}
	if name == "switchrate" {
		d, ok := parseInterval(value)
		if !ok {
			return ErrOptionValue
		}
		s.SwitchRate = d
		return nil
	}
	return ErrOptionName
}

// toggle finds a switch.
func (s *Settings) toggle(name string) *bool {
	switch name {
	case "quiet":
		return &s.Quiet
	case "destructive":
		return &s.Destructive
	case "errtags":
		return &s.ErrTags
	case "defaultargs":
		return &s.DefaultArgs
	case "argref":
		return &s.ArgRef
	case "pspec":
		return &s.ProbeSpecs
	case "empty":
		return &s.Empty
	case "zdefs":
		return &s.ZeroProbes
	case "bpflog":
		return &s.BPFLog
	case "aggsortkey":
		return &s.Order.ByKey
	case "aggsortrev":
		return &s.Order.Reverse
	}
	return nil
}

// size finds a number and its least value.
func (s *Settings) size(name string) (*int, int) {
	switch name {
	case "bufsize":
		return &s.Sizes.Buffer, 0
	case "aggsize":
		return &s.Sizes.Agg, 0
	case "dynvarsize":
		return &s.Sizes.Dyn, 0
	case "strsize":
		return &s.StrSize, 8
	case "scratchsize":
		return &s.Scratch, 0
	case "specsize":
		return &s.Sizes.Spec, 0
	case "nspec":
		return &s.Specs, 1
	case "stackframes":
		return &s.StackFrames, 1
	case "ustackframes":
		return &s.UStackFrames, 1
	case "stackindent":
		return &s.StackIndent, 0
	case "aggsortkeypos":
		return &s.Order.KeyPos, 0
	case "aggsortpos":
		return &s.Order.ValuePos, 0
	}
	return nil, 0
}

func parseSwitch(v string) (on, ok bool) {
	switch strings.ToLower(v) {
	case "", "yes", "enable", "enabled", "on", "set", "true", "1":
		return true, true
	case "no", "disable", "disabled", "off", "unset", "false", "0":
		return false, true
	}
	return false, false
}

// parseSize reads a number of bytes with k, m, g or t behind it.
func parseSize(v string) (int, bool) {
	if v == "" {
		return 0, false
	}
	shift := 0
	if i := strings.IndexByte("kmgt", v[len(v)-1]|0x20); i >= 0 {
		shift, v = 10*(i+1), v[:len(v)-1]
	}
	n, err := strconv.ParseInt(v, 0, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, false
	}
	return int(n << shift), true
}

// parseInterval reads a time with its unit, or a rate in hz; a bare number is
// in seconds.
func parseInterval(v string) (time.Duration, bool) {
	digits := strings.TrimRight(v, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return 0, false
	}
	var unit time.Duration
	switch v[len(digits):] {
	case "hz":
		return max(time.Second/time.Duration(n), 1), true
	case "ns", "nsec":
		unit = time.Nanosecond
	case "us", "usec":
		unit = time.Microsecond
	case "ms", "msec":
		unit = time.Millisecond
	case "", "s", "sec":
		unit = time.Second
	case "m", "min":
		unit = time.Minute
	case "h", "hour":
		unit = time.Hour
	case "d", "day":
		unit = 24 * time.Hour
	default:
		return 0, false
	}
	return time.Duration(n) * unit, n <= math.MaxInt64/int64(unit)
}

// check are the settings that the checker needs.
func (s *Settings) check() sema.Options {
	return sema.Options{
		StrSize: s.StrSize, ZeroProbes: s.ZeroProbes, Empty: s.Empty,
		StackFrames: s.StackFrames, UStackFrame: s.UStackFrames,
	}
}

// pragma carries out #pragma D option NAME[=VALUE].
func (s *Settings) pragma(words []string) error {
	if len(words) < 3 || words[0] != "D" || words[1] != "option" {
		return nil
	}
	name, value, _ := strings.Cut(strings.Join(words[2:], ""), "=")
	if err := s.Set(name, value); err != nil {
		return fmt.Errorf("failed to set option '%s' to '%s': %w", name, value, err)
	}
	return nil
}
