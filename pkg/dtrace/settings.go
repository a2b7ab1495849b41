package dtrace

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf"

	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
	"github.com/smartbox-os/smartbox/pkg/dtrace/sema"
)

// Errors of an option.
var (
	ErrOptionName    = errors.New("Invalid option name")                            //nolint:staticcheck // its words are the original\'s
	ErrOptionValue   = errors.New("Invalid value for specified option")             //nolint:staticcheck // its words are the original\'s
	ErrOptionContext = errors.New("Option cannot be used from within a D program")  //nolint:staticcheck // its words are the original\'s
	ErrOptionVersion = errors.New("Requested version is not supported by compiler") //nolint:staticcheck // its words are the original\'s
	ErrRegisters     = errors.New("Insufficient registers to generate code")        //nolint:staticcheck // its words are the original\'s
)

// Settings are the options of -x and #pragma D option.
type Settings struct {
	Quiet, Destructive, ErrTags bool
	DropTags                    bool
	DefaultArgs, ArgRef         bool
	ProbeSpecs, Empty           bool // pspec, empty
	ZeroProbes                  bool // zdefs
	BPFLog, RawBytes            bool
	FlowIndent, NoResolve       bool
	Listing                     bool // the programs as they are loaded
	Debug                       bool // what the tracer does

	Sizes                     Sizes
	StrSize, Scratch          int
	PrintSize                 int // bytes that print() shows
	Specs                     int // speculations at a time
	TupleRegs                 int // keys of a variable or aggregation
	StackFrames, UStackFrames int
	StackIndent               int
	SwitchRate                time.Duration
	StatusRate, AggRate       time.Duration // 0: at once
	Slow                      bool          // SwitchRate is asked for: no sooner either
	Policy                    Policy
	CPU                       int // -1 for all
	Order                     consume.Order
	Display                   consume.Display

	Preprocess              bool
	Define, Undef, Includes []string // of the preprocessor
	CPPPath                 string   // another preprocessor than ours
	CPPArgs                 []string // arguments of it; those that ours does not know need another
	CPPHeaders              bool     // tell which files it reads
	LibDirs                 []string // directories of libraries in D
}

// NewSettings returns the defaults.
func NewSettings() *Settings {
	return &Settings{
		Sizes: Sizes{Buffer: 4 << 20, Agg: 4 << 20, Dyn: 1 << 20, Spec: 32 << 10}, StrSize: 256, Scratch: 256, PrintSize: 8192, Specs: 1,
		TupleRegs: 8, StackFrames: 20, UStackFrames: 100, StackIndent: 14, SwitchRate: time.Second, CPU: -1,
	}
}

// Set sets an option; for a switch, no value means on.
func (s *Settings) Set(name, value string) error {
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
		if !ok || v < least || v > mostOf(name) {
			return ErrOptionValue
		}
		*n = v
		return nil
	}
	if l := s.list(name); l != nil {
		if value == "" {
			return ErrOptionValue
		}
		*l = append(*l, value)
		return nil
	}
	return s.special(name, value)
}

// special sets what is neither a switch, a number nor a list.
func (s *Settings) special(name, value string) error {
	switch name {
	case "switchrate":
		d, ok := parseInterval(value)
		if !ok {
			return ErrOptionValue
		}
		s.SwitchRate, s.Slow = d, true
		return nil
	case "statusrate", "aggrate":
		d, ok := parseInterval(value)
		if !ok {
			return ErrOptionValue
		}
		if name == "aggrate" {
			s.AggRate = d
		} else {
			s.StatusRate = d
		}
		return nil
	case "cpu":
		return s.setCPU(value)
	case "cpppath":
		s.CPPPath = value
		return nil
	case "cppargs":
		s.CPPArgs = append(s.CPPArgs, strings.Fields(value)...)
		return nil
	case "bufpolicy":
		return s.Policy.set(value)
	case "version":
		return setVersion(value)
	case "iregs":
		n, err := strconv.Atoi(value)
		switch {
		case err != nil || n < 1 || n > 8:
			return ErrOptionValue
		case n < 8:
			return ErrRegisters
		}
		return nil
	}
	return neutral(name, value)
}

// neutral takes the options that tell the original how to work inside, and
// change nothing here: data is taken when it is asked for, memory as it is
// needed.
func neutral(name, value string) error {
	oneOf := func(values ...string) error {
		if slices.Contains(values, value) {
			return nil
		}
		return ErrOptionValue
	}
	switch name {
	case "cleanrate":
		if _, ok := parseInterval(value); !ok {
			return ErrOptionValue
		}
		return nil
	case "bufresize":
		return oneOf("auto", "manual")
	case "linkmode":
		return oneOf("dynamic", "kernel", "static")
	case "linktype":
		return oneOf("dof", "elf")
	case "stdc":
		return oneOf("a", "c", "s", "t")
	case "evaltime":
		return oneOf("exec", "main", "postinit", "preinit")
	case "lockmem", "nolibs", "bpflogsize", "pgmax", "maxframes", "jstackframes", "jstackstrsize", "pcapsize",
		"ctypes", "dtypes", "knodefs", "kdefs", "udefs", "unodefs", "late", "lazyload", "modpath", "ctfpath",
		"preallocate", "procfspath", "strip", "syslibdir", "sysslice", "useruid", "core", "ldpath", "grabanon",
		"quietresize", "tree", "debugassert", "dofstashpath", "temporal":
		return nil
	}
	return ErrOptionName
}

// Policy says what becomes of records while the run goes on.
type Policy int

// The policies.
const (
	Switch Policy = iota // they are printed
	Fill                 // they are kept; the first CPU whose buffer is full ends the run
	Ring                 // the last ones of each CPU are kept, up to its buffer's size
)

func (p *Policy) set(name string) error {
	switch name {
	case "switch":
		*p = Switch
	case "fill":
		*p = Fill
	case "ring":
		*p = Ring
	default:
		return ErrOptionValue
	}
	return nil
}

// setCPU makes probes fire on one CPU only.
func (s *Settings) setCPU(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n >= ebpf.MustPossibleCPU() {
		return ErrOptionValue
	}
	s.CPU = n
	return nil
}

// onlyOutside are the options that a program cannot set itself.
func onlyOutside(name string) bool {
	switch name {
	case "lockmem", "modpath", "ldpath", "libdir", "syslibdir", "ctfpath", "cpppath", "cpphdrs", "cppargs", "cpp", "define", "undef",
		"incdir", "procfspath", "useruid", "dofstashpath", "core":
		return true
	}
	return false
}

// setVersion accepts the versions of the language that there have been.
func setVersion(value string) error {
	var major, minor, micro int
	n, _ := fmt.Sscanf(value, "%d.%d.%d", &major, &minor, &micro)
	switch {
	case n < 2:
		return ErrOptionValue
	case major < 1 || major > 2 || major == 2 && minor > 0:
		return ErrOptionVersion
	}
	return nil
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
	case "droptags":
		return &s.DropTags
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
	case "rawbytes":
		return &s.RawBytes
	case "flowindent":
		return &s.FlowIndent
	case "noresolve":
		return &s.NoResolve
	case "verbose", "disasm":
		return &s.Listing
	case "debug":
		return &s.Debug
	case "cpp":
		return &s.Preprocess
	case "cpphdrs":
		return &s.CPPHeaders
	}
	return s.order(name)
}

// order finds a switch that says how aggregations are shown.
func (s *Settings) order(name string) *bool {
	switch name {
	case "aggsortkey":
		return &s.Order.ByKey
	case "aggsortrev":
		return &s.Order.Reverse
	case "aggpack":
		return &s.Display.Pack
	case "agghist":
		return &s.Display.Histogram
	case "aggzoom":
		return &s.Display.Zoom
	}
	return nil
}

// list finds an option that may be given several times.
func (s *Settings) list(name string) *[]string {
	switch name {
	case "define":
		return &s.Define
	case "undef":
		return &s.Undef
	case "incdir":
		return &s.Includes
	case "libdir":
		return &s.LibDirs
	}
	return nil
}

// mostOf bounds a number, so that what the kernel gives room for is bounded.
func mostOf(name string) int {
	switch name {
	case "nspec":
		return 256
	case "strsize":
		return 2048
	case "scratchsize":
		return 16 << 10
	case "stackframes", "ustackframes":
		return 512
	case "tregs":
		return 64
	}
	return math.MaxInt
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
	case "specsize":
		return &s.Sizes.Spec, 0
	case "strsize":
		return &s.StrSize, 2
	case "scratchsize":
		return &s.Scratch, 0
	case "printsize":
		return &s.PrintSize, 0
	case "nspec":
		return &s.Specs, 1
	case "tregs":
		return &s.TupleRegs, 0
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
		StackFrames: s.StackFrames, UStackFrame: s.UStackFrames, TupleRegs: s.TupleRegs, Scratch: s.Scratch,
	}
}

// option sets NAME[=VALUE] from within a program.
func (s *Settings) option(text string) error {
	name, value, _ := strings.Cut(text, "=")
	err := s.Set(name, value)
	if onlyOutside(name) {
		err = ErrOptionContext
	}
	if err != nil {
		return fmt.Errorf("failed to set option '%s' to '%s': %w", name, value, err)
	}
	return nil
}
