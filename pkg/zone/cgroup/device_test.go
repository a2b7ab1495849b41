package cgroup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func TestDevice_rule(t *testing.T) {
	for want, d := range map[string]Device{
		"c 1:3 rwm":   {Major: 1, Minor: 3},
		"b 8:0 rwm":   {Block: true, Major: 8},
		"c 136:* rwm": {Major: 136, Minor: Any},
	} {
		if got := d.rule(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// run is what the kernel would do with a program.
func run(t *testing.T, p []instruction, question [3]uint32) int32 {
	t.Helper()
	var reg [5]uint64
	reg[ctx] = 1
	for pc, steps := 0, 0; ; pc, steps = pc+1, steps+1 {
		if pc >= len(p) || steps > 1000 {
			t.Fatal("the program does not end")
		}
		i := p[pc]
		dst := i.regs & 15
		switch i.op {
		case opLoadWord:
			reg[dst] = uint64(question[i.off/4])
		case opAnd:
			reg[dst] &= uint64(uint32(i.imm))
		case opMove:
			reg[dst] = uint64(uint32(i.imm))
		case opUnequal:
			if reg[dst] != uint64(uint32(i.imm)) {
				pc += int(i.off)
			}
		case opExit:
			return int32(reg[answer])
		default:
			t.Fatalf("operation %#x", i.op)
		}
	}
}

func TestProgram_allowsWhatIsListed(t *testing.T) {
	if unsafe.Sizeof(instruction{}) != 8 {
		t.Error("an instruction has 8 bytes")
	}
	p := program([]Device{{Major: 1, Minor: 3}, {Major: 136, Minor: Any}, {Block: true, Major: 8, Minor: 1}})
	const read, write = 2 << 16, 4 << 16
	for _, c := range []struct {
		question [3]uint32
		want     int32
	}{
		{[3]uint32{kindChar | read, 1, 3}, 1},
		{[3]uint32{kindChar | write, 1, 3}, 1},
		{[3]uint32{kindBlock | read, 1, 3}, 0},
		{[3]uint32{kindChar | read, 1, 4}, 0},
		{[3]uint32{kindChar | read, 3, 1}, 0},
		{[3]uint32{kindChar | read, 136, 99}, 1},
		{[3]uint32{kindBlock | write, 8, 1}, 1},
		{[3]uint32{kindBlock | write, 8, 0}, 0},
		{[3]uint32{kindChar | write, 8, 1}, 0},
	} {
		if got := run(t, p, c.question); got != c.want {
			t.Errorf("%v: %d, want %d", c.question, got, c.want)
		}
	}
	if got := run(t, program(nil), [3]uint32{kindChar, 1, 3}); got != 0 {
		t.Errorf("an empty list allows: %d", got)
	}
}

// readsIn says which files a process in the group can read from.
func readsIn(t *testing.T, dir string, files ...string) string {
	t.Helper()
	script := "echo $$ > " + filepath.Join(dir, "cgroup.procs") + " || exit 9\n"
	for _, f := range files {
		script += "head -c 1 " + f + " >/dev/null 2>&1 && echo " + f + "\n"
	}
	out, err := exec.Command("sh", "-c", script+"exit 0").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestAllowDevices_holds(t *testing.T) {
	s := newSet(t, "devices")
	v1 := ""
	for _, g := range s.groups {
		if g.has("devices") {
			v1 = g.dir
		}
	}
	try := func(t *testing.T, dir string, allow func([]Device) error) {
		dev := t.TempDir()
		zero, full, random := filepath.Join(dev, "zero"), filepath.Join(dev, "hole"), "/dev/urandom"
		for file, number := range map[string]uint64{zero: unix.Mkdev(1, 5), full: unix.Mkdev(10, 237)} { // loop-control
			if err := unix.Mknod(file, unix.S_IFCHR|0o666, int(number)); err != nil {
				t.Fatal(err)
			}
		}
		// Opening is what is controlled: loop-control cannot be read from.
		can := func() bool { return readsIn(t, dir, zero, random) == zero+" "+random }
		if err := opensIn(t, dir, full); !can() || err != nil {
			t.Fatalf("before, nothing is denied: %v", err)
		}
		if err := allow(usualDevices); err != nil {
			t.Fatal(err)
		}
		if !can() {
			t.Error("the usual devices cannot be read")
		}
		if err := opensIn(t, dir, full); err == nil {
			t.Error("another device can be opened")
		}
	}
	t.Run("v1", func(t *testing.T) {
		if v1 == "" {
			t.Skip("this host has no v1 hierarchy of devices")
		}
		try(t, v1, func(list []Device) error { return allowV1(v1, list) })
		if held, err := s.AllowDevices([]Device{{Major: 10, Minor: 237}}); !held || err != nil {
			t.Errorf("%v, %v", held, err)
		}
		if got, err := os.ReadFile(filepath.Join(v1, "devices.list")); err != nil || !strings.Contains(string(got), "c 10:237 rwm") ||
			strings.Contains(string(got), "*:*") {
			t.Errorf("devices.list has %q, %v", got, err)
		}
	})
	t.Run("v2", func(t *testing.T) {
		dir := s.Unified()
		if dir == "" {
			t.Skip("this host has no v2 hierarchy")
		}
		try(t, dir, func(list []Device) error { return allowV2(dir, list) })
	})
}

// opensIn opens a file in a group.
func opensIn(t *testing.T, dir, file string) error {
	t.Helper()
	return exec.Command("sh", "-c", "echo $$ > "+filepath.Join(dir, "cgroup.procs")+" && : < "+file).Run()
}

func TestAllowDevices_withoutAController(t *testing.T) {
	s := &Set{groups: []hierarchy{{dir: t.TempDir(), controllers: []string{"freezer"}}}}
	if held, err := s.AllowDevices(nil); held || err != nil {
		t.Errorf("%v, %v", held, err)
	}
	testenv.RequireRoot(t)
	s = &Set{groups: []hierarchy{{dir: t.TempDir(), v2: true}}}
	if held, err := s.AllowDevices(nil); held && err == nil {
		t.Error("a plain directory counts as a control group")
	}
}
