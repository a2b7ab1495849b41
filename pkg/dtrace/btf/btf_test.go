package btf

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// file builds type information by hand.
type file struct {
	types []uint32
	strs  []byte
	base  int
}

func newFile() *file { return &file{strs: []byte{0}} }

func (f *file) str(s string) uint32 {
	if s == "" {
		return 0
	}
	off := f.base + len(f.strs)
	f.strs = append(append(f.strs, s...), 0)
	return uint32(off)
}

func (f *file) add(name string, k kind, flag bool, vlen int, size uint32, rest ...uint32) {
	info := uint32(k)<<24 | uint32(vlen)
	if flag {
		info |= 1 << 31
	}
	f.types = append(append(f.types, f.str(name), info, size), rest...)
}

func (f *file) bytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	n := uint32(4 * len(f.types))
	h := header{Magic: 0xeb9f, Version: 1, Len: 24, TypeLen: n, StrOff: n, StrLen: uint32(len(f.strs))}
	for _, v := range []any{h, f.types, f.strs} {
		if err := binary.Write(&b, binary.NativeEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// sample has struct list { struct list *next; unsigned a:3, b:5; union { int i;
// char c; }; } and more.
func sample() *file {
	f := newFile()
	f.add("int", kindInt, false, 0, 4, 1<<24|32)                          // 1
	f.add("unsigned int", kindInt, false, 0, 4, 32)                       // 2
	f.add("char", kindInt, false, 0, 1, 1<<24|8)                          // 3
	f.add("", kindPtr, false, 0, 6)                                       // 4
	f.add("", kindUnion, false, 2, 4, f.str("i"), 1, 0, f.str("c"), 3, 0) // 5
	f.add("list", kindStruct, true, 4, 24,
		f.str("next"), 4, 0, f.str("a"), 2, 3<<24|64, f.str("b"), 2, 5<<24|67, 0, 5, 96) // 6
	f.add("list_t", kindTypedef, false, 0, 6)                                         // 7
	f.add("colour", kindEnum, true, 2, 4, f.str("RED"), 0, f.str("BLUE"), 0xffffffff) // 8
	f.add("", kindConst, false, 0, 3)                                                 // 9
	f.add("", kindPtr, false, 0, 9)                                                   // 10
	f.add("", kindFuncProto, false, 3, 1, 0, 10, f.str("l"), 4, 0, 0)                 // 11
	f.add("walk", kindFunc, false, 0, 11)                                             // 12
	f.add("", kindPtr, false, 0, 11)                                                  // 13
	f.add("btf_trace_stepped", kindTypedef, false, 0, 13)                             // 14
	f.add("", kindArray, false, 0, 0, 3, 1, 16)                                       // 15
	f.add("name", kindVar, false, 0, 15, 1)                                           // 16
	f.add("wide", kindEnum64, false, 1, 8, f.str("HUGE"), 1, 2)                       // 17
	f.add("user", kindTypeTag, false, 0, 3)                                           // 18
	f.add("", kindPtr, false, 0, 18)                                                  // 19
	f.add("text_t", kindTypedef, false, 0, 19)                                        // 20
	return f
}

func load(t testing.TB, f *file, base *Types) *Types {
	t.Helper()
	types, err := New(f.bytes(t), base)
	if err != nil {
		t.Fatal(err)
	}
	return types
}

func TestStruct(t *testing.T) {
	types := load(t, sample(), nil)
	list := types.Lookup("typedef", "list_t")
	if list == nil || list.Bytes() != 24 || list.Base() != types.Lookup("struct", "list") {
		t.Fatalf("list_t is %v", list)
	}
	for _, c := range []struct {
		name           string
		off, bit, bits int
		typ            string
	}{
		{"next", 0, 0, 0, "struct list *"},
		{"a", 8, 0, 3, "unsigned int"},
		{"b", 8, 3, 5, "unsigned int"},
		{"i", 12, 0, 0, "int"},
		{"c", 12, 0, 0, "char"},
	} {
		m, ok := list.Base().Find(c.name)
		if !ok || m.Offset != c.off || m.BitOff != c.bit || m.BitSize != c.bits || m.Type.String() != c.typ {
			t.Errorf("%s: got %+v of type %s", c.name, m, m.Type)
		}
	}
	next, _ := list.Base().Find("next")
	if next.Type.Base().Elem != list.Base() {
		t.Error("the pointer does not lead to the struct itself")
	}
}

func TestNames(t *testing.T) {
	types := load(t, sample(), nil)
	for _, none := range [][2]string{{"struct", "list_t"}, {"union", "list"}, {"typedef", ""}, {"enum", "is"}, {"nothing", "list"}} {
		if got := types.Lookup(none[0], none[1]); got != nil {
			t.Errorf("%s %s is %v", none[0], none[1], got)
		}
	}
	for name, want := range map[string]int64{"RED": 0, "BLUE": -1, "HUGE": 2<<32 | 1} {
		if got, ok := types.Enumerator(name); !ok || got != want {
			t.Errorf("%s is %d, %v", name, got, ok)
		}
	}
	if _, ok := types.Enumerator("list"); ok {
		t.Error("a struct was taken for an enumerator")
	}
	if got := types.Object("name"); got == nil || got.String() != "char [16]" {
		t.Errorf("the variable is a %v", got)
	}
	if got := types.Object("walk"); got == nil || got.Kind != ctype.Func || !got.Variadic || len(got.Params) != 2 {
		t.Errorf("the function is %+v", got)
	}
	if got := types.Lookup("typedef", "text_t"); !got.Base().User {
		t.Error("a pointer into a process is not known as such")
	}
	if got := types.Lookup("enum", "colour"); !got.Signed || len(got.Values) != 2 {
		t.Errorf("the enum is %+v", got)
	}
}

func TestTracepoint(t *testing.T) {
	types := load(t, sample(), nil)
	if got := types.Tracepoints(); !slices.Equal(got, []string{"stepped"}) {
		t.Errorf("got %q", got)
	}
	params, ok := types.Tracepoint("stepped")
	if !ok || len(params) != 1 || params[0].String() != "struct list *" {
		t.Errorf("got %v", params)
	}
	if _, ok := types.Tracepoint("list_t"); ok {
		t.Error("found a tracepoint that is none")
	}
}

// TestModule reads types that stand on the kernel's.
func TestModule(t *testing.T) {
	base := load(t, sample(), nil)
	f := newFile()
	f.base = len(base.strs)
	f.add("mine", kindStruct, false, 1, 8, f.str("head"), 4, 0)
	m := load(t, f, base)
	head, ok := m.Lookup("struct", "mine").Find("head")
	if !ok || head.Type.Base().Elem != base.Lookup("struct", "list") {
		t.Errorf("got %+v", head)
	}
	if m.Lookup("struct", "list") != nil {
		t.Error("a module's look-up found the kernel's type")
	}
}

func TestMalformed(t *testing.T) {
	good := sample().bytes(t)
	for name, data := range map[string][]byte{
		"nothing": nil, "short": good[:20], "magic": append([]byte{1}, good[1:]...), "cut": good[:len(good)/2],
	} {
		types, err := New(data, nil)
		if err == nil && types.Lookup("struct", "list") != nil {
			t.Errorf("%s: was taken", name)
		}
	}
	f := newFile()
	f.add("loop", kindTypedef, false, 0, 1) // of itself
	if got := load(t, f, nil).Lookup("typedef", "loop"); got.Base().Kind != ctype.Void {
		t.Errorf("got %v", got)
	}
}

// FuzzNew reads whatever a file says without ever failing.
func FuzzNew(f *testing.F) {
	f.Add(sample().bytes(f), "list")
	f.Fuzz(func(_ *testing.T, data []byte, name string) {
		types, err := New(data, nil)
		if err != nil {
			return
		}
		for _, what := range []string{"struct", "union", "enum", "typedef"} {
			if t := types.Lookup(what, name); t != nil {
				t.Members()
			}
		}
		types.Enumerator(name)
		types.Tracepoint(name)
		types.Object(name)
	})
}

func TestRunning(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		t.Skip("this kernel does not tell its types")
	}
	k := Running()
	task := k.Lookup("", "struct", "task_struct")
	if task == nil {
		t.Fatal("no struct task_struct")
	}
	for name, want := range map[string]string{"pid": "pid_t", "comm": "char [16]", "real_parent": "struct task_struct *"} {
		m, ok := task.Find(name)
		if !ok || m.Type.String() != want {
			t.Errorf("%s is %v", name, m.Type)
		}
	}
	params, ok := k.Tracepoint("sched_switch")
	if !ok || len(params) < 3 || params[1].String() != "struct task_struct *" {
		t.Errorf("sched_switch has %v", params)
	}
	if k.Lookup("vmlinux", "typedef", "pid_t") == nil || k.Lookup("nosuch", "typedef", "pid_t") != nil {
		t.Error("scopes are not kept apart")
	}
	if types, err := k.Types(); err != nil || len(types.Tracepoints()) < 100 {
		t.Errorf("too few tracepoints: %v", err)
	}
}

func BenchmarkLookup(b *testing.B) {
	for b.Loop() {
		if Running().Lookup("", "struct", "task_struct") == nil {
			b.Skip("this kernel does not tell its types")
		}
	}
}
