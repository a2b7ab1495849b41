package probe

import (
	"slices"
	"testing"
)

const switchFormat = `name: sched_switch
ID: 123
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:char prev_comm[16];	offset:8;	size:16;	signed:0;
	field:pid_t prev_pid;	offset:24;	size:4;	signed:1;
	field:const struct trace_print_flags * p;	offset:32;	size:8;	signed:0;
	field:__data_loc char[] name;	offset:40;	size:4;	signed:0;
	field:u8 flags[6];	offset:44;	size:6;	signed:0;
	field:unsigned long bits;	offset:56;	size:8;	signed:0;
	field:odd;	offset:1;	size:1;	signed:0;
	field:int far;	offset:999999;	size:4;	signed:0;

print fmt: "x"
`

func TestParseFormat(t *testing.T) {
	var names, types []string
	list := parseFormat([]byte(switchFormat))
	for _, f := range list {
		names, types = append(names, f.name), append(types, f.arg().Type)
	}
	if want := []string{"prev_comm", "prev_pid", "p", "name", "flags", "bits"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if want := []string{"char *", "int32_t", "uintptr_t", "char *", "void *", "uint64_t"}; !slices.Equal(types, want) {
		t.Errorf("got %q, want %q", types, want)
	}
	if f := list[1]; f.offset != 24 || f.size != 4 || !f.signed {
		t.Errorf("prev_pid is %+v", f)
	}
	if !list[3].located || list[0].located {
		t.Error("it is not known which fields tell where their data is")
	}
}

func FuzzParseFormat(f *testing.F) {
	f.Add([]byte(switchFormat))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := Record{parseFormat(text)}
		for i, field := range r.fields {
			_ = field.arg()
			if _, err := r.Arg(i, -64); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestParseEvents(t *testing.T) {
	got := parseEvents([]byte("sched:b\nsched:a\nsyscalls:sys_enter_x\nblock:z\nkprobes:mine\nbad\n"))
	want := []event{{"block", "z"}, {"sched", "a"}, {"sched", "b"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestCounter(t *testing.T) {
	for name, ok := range map[string]bool{
		"cpu_clock-all-1000": true, "page_faults-user-1": true, "cpu_clock-kernel-5": true, "cpu_clock-all-0": false,
		"cpu_clock-all-": false, "cpu_clock-all-10k": false, "cpu_clock-most-10": false, "nosuch-all-10": false,
		"cpu_clock-all": false, "cpu_clock-all-99999999999999999999": false,
	} {
		if p := counterProbe(name); (p != nil) != ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := counterProbe("page_faults-user-1"); !p.Attach.NotInKernel || p.Attach.NotUser {
		t.Errorf("mode user is %+v", p.Attach)
	}
}

// TestLazy checks that names which cannot be tracepoints' do not list them.
func TestLazy(t *testing.T) {
	db, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, desc := range []string{"BEGIN", "tick-1s", "syscall:::entry", "profile:::profile-97", "proc:::exit", "openat:entry"} {
		if _, err := db.Match(desc); err != nil {
			t.Fatal(err)
		}
		if desc == "openat:entry" {
			break // a function's name may be a tracepoint's
		}
		for _, l := range db.lazy {
			if l.done {
				t.Errorf("%s listed %v", desc, l.names)
			}
		}
	}
	p, err := db.Match("rawtp:::sched_switch")
	if err != nil || len(p) != 1 {
		t.Skipf("this kernel tells no tracepoints: %v", err)
	}
	again, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if q := again.ByID(uint64(p[0].ID)); q == nil || q.String() != p[0].String() {
		t.Errorf("probe %d is %v in another run", p[0].ID, q)
	}
}
