// Package sym names addresses: those of the kernel by /proc/kallsyms, those of
// processes by the symbol tables of the files that they have mapped. It reads
// what it needs when it is first asked, and never fails: an address that it
// cannot name stays a number.
package sym

import (
	"bufio"
	"bytes"
	"os"
	"sort"
	"strconv"
)

// Name is what is known of an address.
type Name struct {
	Addr   uint64
	Module string // file or kernel module; empty when unknown
	Symbol string // empty when unknown
	Offset uint64 // from the symbol
}

// String is MODULE`SYMBOL+0xOFFSET, or less when less is known.
func (n Name) String() string {
	if n.Symbol != "" && n.Offset != 0 {
		return n.Function() + "+0x" + strconv.FormatUint(n.Offset, 16)
	}
	return n.Function()
}

// Function is MODULE`SYMBOL.
func (n Name) Function() string {
	hex := "0x" + strconv.FormatUint(n.Addr, 16)
	switch {
	case n.Module == "":
		return hex
	case n.Symbol == "":
		return n.Module + "`" + hex
	}
	return n.Module + "`" + n.Symbol
}

// Object is MODULE alone.
func (n Name) Object() string {
	if n.Module == "" {
		return n.Function()
	}
	return n.Module
}

// symbol is an entry of a table that is sorted by address.
type symbol struct {
	addr, size uint64 // size 0: up to the next one
	name       string
	module     string
}

type table []symbol

// find returns the symbol that an address is in.
func (t table) find(addr uint64) (symbol, bool) {
	i := sort.Search(len(t), func(i int) bool { return t[i].addr > addr }) - 1
	if i < 0 || t[i].size != 0 && addr-t[i].addr >= t[i].size {
		return symbol{}, false
	}
	for i > 0 && t[i-1].addr == t[i].addr && t[i-1].size >= t[i].size {
		i--
	}
	return t[i], true
}

// Kernel names the kernel's addresses.
type Kernel struct {
	loaded  bool
	symbols table
	text    []byte // for names
}

// Lookup names an address.
func (k *Kernel) Lookup(addr uint64) Name {
	if !k.loaded {
		k.loaded = true
		if text, err := os.ReadFile("/proc/kallsyms"); err == nil {
			k.symbols = parseKallsyms(text)
		}
	}
	n := Name{Addr: addr}
	if s, ok := k.symbols.find(addr); ok {
		n.Module, n.Symbol, n.Offset = s.module, s.name, addr-s.addr
	}
	return n
}

// Address finds a function, or a variable where the kernel lists them, by its
// name; module "" is any, the kernel itself first.
func (k *Kernel) Address(module, name string) (uint64, bool) {
	if k.text == nil {
		var err error
		if k.text, err = os.ReadFile("/proc/kallsyms"); err != nil {
			return 0, false
		}
	}
	return address(k.text, module, name)
}

func address(text []byte, module, name string) (uint64, bool) {
	want := []byte(" " + name)
	for rest := text; ; {
		i := bytes.Index(rest, want)
		if i < 0 {
			return 0, false
		}
		from := bytes.LastIndexByte(rest[:i], '\n') + 1
		line := rest[from:]
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line = line[:end]
		}
		f := bytes.Fields(line)
		in := "vmlinux"
		if len(f) > 3 {
			in = string(bytes.Trim(f[3], "[]"))
		}
		if len(f) >= 3 && string(f[2]) == name && (module == "" || module == in) {
			addr, err := strconv.ParseUint(string(f[0]), 16, 64)
			return addr, err == nil && addr != 0
		}
		rest = rest[i+len(want):]
	}
}

// parseKallsyms reads lines of ADDRESS TYPE NAME [MODULE]; only code counts.
func parseKallsyms(text []byte) table {
	var t table
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := bytes.Fields(lines.Bytes())
		if len(f) < 3 || len(f[1]) != 1 || bytes.IndexByte([]byte("tTwW"), f[1][0]) < 0 {
			continue
		}
		addr, err := strconv.ParseUint(string(f[0]), 16, 64)
		if err != nil || addr == 0 {
			continue
		}
		module := "vmlinux"
		if len(f) > 3 {
			module = string(bytes.Trim(f[3], "[]"))
		}
		t = append(t, symbol{addr: addr, name: string(f[2]), module: module})
	}
	sort.SliceStable(t, func(i, j int) bool { return t[i].addr < t[j].addr })
	return t
}
