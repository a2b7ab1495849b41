package cgroup

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// On v2 a program decides about devices. It is a dozen instructions, written
// here by hand: a library for it would be in the memory of every zoneadmd.

// instruction is struct bpf_insn.
type instruction struct {
	op   uint8
	regs uint8 // source << 4 | destination
	off  int16
	imm  int32
}

// Operations of the program.
const (
	opLoadWord = unix.BPF_LDX | unix.BPF_MEM | unix.BPF_W
	opAnd      = 0x07 | unix.BPF_AND // 64 bits, with imm
	opMove     = 0x07 | 0xb0         // likewise
	opUnequal  = unix.BPF_JMP | 0x50 // jump unless register == imm
	opExit     = unix.BPF_JMP | 0x90
)

// Registers: the kernel gives the question in ctx and takes the answer from
// answer.
const (
	answer = iota
	ctx
	kind
	major
	minor
)

// The question, struct bpf_cgroup_dev_ctx: kind of device and of access, major
// and minor number, of 32 bits each.
const (
	kindMask  = 0xffff
	kindBlock = 1
	kindChar  = 2
)

// program answers 1 for the listed devices and 0 for others.
func program(list []Device) []instruction {
	p := []instruction{
		{op: opLoadWord, regs: ctx<<4 | kind},
		{op: opAnd, regs: kind, imm: kindMask},
		{op: opLoadWord, regs: ctx<<4 | major, off: 4},
		{op: opLoadWord, regs: ctx<<4 | minor, off: 8},
	}
	for _, d := range list {
		p = append(p, d.check()...)
	}
	return append(p, instruction{op: opMove, regs: answer, imm: 0}, instruction{op: opExit})
}

// check allows one device, or goes on behind itself.
func (d Device) check() []instruction {
	want := int32(kindChar)
	if d.Block {
		want = kindBlock
	}
	c := []instruction{
		{op: opUnequal, regs: kind, imm: want},
		{op: opUnequal, regs: major, imm: int32(d.Major)},
	}
	if d.Minor != Any {
		c = append(c, instruction{op: opUnequal, regs: minor, imm: int32(d.Minor)})
	}
	c = append(c, instruction{op: opMove, regs: answer, imm: 1}, instruction{op: opExit})
	for i := range c {
		if c[i].op == opUnequal {
			c[i].off = int16(len(c) - i - 1)
		}
	}
	return c
}

// allowV2 attaches the program to a group; it goes with the group.
func allowV2(dir string, list []Device) error {
	group, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(group)
	prog, err := load(program(list))
	if err != nil {
		return fmt.Errorf("load the device program: %w", err)
	}
	defer unix.Close(prog)
	// union bpf_attr of BPF_PROG_ATTACH
	attr := struct{ target, prog, kind, flags uint32 }{
		uint32(group), uint32(prog), unix.BPF_CGROUP_DEVICE, unix.BPF_F_ALLOW_MULTI,
	}
	if _, err := bpf(unix.BPF_PROG_ATTACH, unsafe.Pointer(&attr), unsafe.Sizeof(attr)); err != nil {
		return fmt.Errorf("attach the device program: %w", err)
	}
	return nil
}

func load(p []instruction) (int, error) {
	license := []byte("GPL\x00")
	// the beginning of union bpf_attr of BPF_PROG_LOAD
	attr := struct {
		kind, count    uint32
		insns, license uint64
		logLevel       uint32
		logSize        uint32
		log            uint64
		kernel, flags  uint32
	}{
		kind: unix.BPF_PROG_TYPE_CGROUP_DEVICE, count: uint32(len(p)),
		insns: uint64(uintptr(unsafe.Pointer(&p[0]))), license: uint64(uintptr(unsafe.Pointer(&license[0]))),
	}
	fd, err := bpf(unix.BPF_PROG_LOAD, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	runtime.KeepAlive(p)
	runtime.KeepAlive(license)
	return fd, err
}

func bpf(command int, attr unsafe.Pointer, size uintptr) (int, error) {
	r, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(attr), size)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}
