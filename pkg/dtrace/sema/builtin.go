package sema

import "github.com/smartbox-os/smartbox/pkg/dtrace/ctype"

// builtinVar is the type of a variable that D itself knows, nil for none. It
// is a switch for the same reason as the keywords' are.
func (c *checker) builtinVar(name string) *ctype.Type {
	switch name {
	case "arg0", "arg1", "arg2", "arg3", "arg4", "arg5", "arg6", "arg7", "arg8", "arg9":
		return ctype.Builtin("int64_t")
	case "caller", "ucaller":
		return ctype.Builtin("uintptr_t")
	case "cpu":
		return ctype.Builtin("processorid_t")
	case "epid", "id", "ipl":
		return ctype.Builtin("uint_t")
	case "errno":
		return ctype.IntT
	case "execname", "comm", "probeprov", "probemod", "probefunc", "probename", "zonename", "cwd", "root":
		return c.str
	case "gid":
		return ctype.Builtin("gid_t")
	case "uid":
		return ctype.Builtin("uid_t")
	case "pid", "ppid":
		return ctype.Builtin("pid_t")
	case "tid":
		return ctype.Builtin("id_t")
	case "zoneid":
		return ctype.Builtin("zoneid_t")
	case "stackdepth", "ustackdepth":
		return ctype.Builtin("uint32_t")
	case "timestamp", "vtimestamp", "cgroup":
		return ctype.Builtin("uint64_t")
	case "walltimestamp":
		return ctype.Builtin("int64_t")
	case "curthread":
		return c.taskPointer()
	}
	return nil
}

// taskPointer is struct task_struct *, of an unknown struct where no kernel
// types are at hand.
func (c *checker) taskPointer() *ctype.Type {
	t := c.tagged("struct", "task_struct")
	if t == nil {
		t = &ctype.Type{Kind: ctype.Forward, Name: "task_struct"}
	}
	return ctype.PointerTo(t)
}

// isBuiltinName reports names that are D's own and so need no look-up among
// the kernel's types.
func isBuiltinName(name string) bool {
	switch name {
	case "args", "uregs", "fds", "vmregs":
		return true
	}
	dummy := checker{}
	return name != "curthread" && dummy.builtinVar(name) != nil || name == "curthread" || subroutine(name) != nil || isAction(name)
}

// paramKind is what an argument of a subroutine must be.
type paramKind int

const (
	anyInt   paramKind = iota
	aString            // a string, or an address of characters
	aPointer           // an address or an integer used as one
	anyThing
)

// routine is the prototype of a subroutine.
type routine struct {
	result      func(c *checker) *ctype.Type
	params      []paramKind
	optional    int // how many at the end may be missing
	destructive bool
	proto       string // as messages show it
}

func typed(t *ctype.Type) func(*checker) *ctype.Type {
	return func(*checker) *ctype.Type { return t }
}

func stringType(c *checker) *ctype.Type { return c.str }

// subroutine is the prototype of a function that yields a value, nil for none.
func subroutine(name string) *routine {
	u := func(name string) func(*checker) *ctype.Type { return typed(ctype.Builtin(name)) }
	switch name {
	case "alloca":
		return &routine{result: typed(&ctype.Type{Kind: ctype.Pointer, Size: 8, Elem: ctype.VoidT, Alloca: true}), params: []paramKind{anyInt}}
	case "basename", "dirname", "cleanpath", "toupper", "tolower":
		return &routine{result: stringType, params: []paramKind{aString}}
	case "bcopy":
		return &routine{result: typed(ctype.VoidT), params: []paramKind{aPointer, aPointer, anyInt}}
	case "copyin":
		return &routine{result: typed(&ctype.Type{Kind: ctype.Pointer, Size: 8, Elem: ctype.VoidT, Alloca: true}), params: []paramKind{aPointer, anyInt}}
	case "copyinstr":
		return &routine{result: stringType, params: []paramKind{aPointer, anyInt}, optional: 1}
	case "copyinto":
		return &routine{result: typed(ctype.VoidT), params: []paramKind{aPointer, anyInt, aPointer}}
	case "getmajor", "getminor":
		return &routine{result: u("uint32_t"), params: []paramKind{anyInt}}
	case "htonl", "ntohl":
		return &routine{result: u("uint32_t"), params: []paramKind{anyInt}}
	case "htonll", "ntohll":
		return &routine{result: u("uint64_t"), params: []paramKind{anyInt}}
	case "htons", "ntohs":
		return &routine{result: u("uint16_t"), params: []paramKind{anyInt}}
	case "index", "rindex":
		return &routine{result: typed(ctype.IntT), params: []paramKind{aString, aString, anyInt}, optional: 1}
	case "inet_ntoa", "inet_ntoa6":
		return &routine{result: stringType, params: []paramKind{aPointer}}
	case "inet_ntop":
		return &routine{result: stringType, params: []paramKind{anyInt, aPointer}}
	case "link_ntop":
		return &routine{result: stringType, params: []paramKind{anyInt, aPointer}}
	case "lltostr":
		return &routine{result: stringType, params: []paramKind{anyInt, anyInt}, optional: 1}
	case "progenyof":
		return &routine{result: typed(ctype.IntT), params: []paramKind{anyInt}}
	case "rand":
		return &routine{result: typed(ctype.IntT)}
	case "speculation":
		return &routine{result: typed(ctype.IntT)}
	case "strchr", "strrchr":
		return &routine{result: stringType, params: []paramKind{aString, anyInt}}
	case "strjoin":
		return &routine{result: stringType, params: []paramKind{aString, aString}}
	case "strlen":
		return &routine{result: u("size_t"), params: []paramKind{aString}}
	case "strstr", "strtok":
		return &routine{result: stringType, params: []paramKind{aString, aString}}
	case "strtoll":
		return &routine{result: typed(ctype.Long), params: []paramKind{aString, anyInt}, optional: 1}
	case "substr":
		return &routine{result: stringType, params: []paramKind{aString, anyInt, anyInt}, optional: 1}
	}
	return nil
}

// isAction reports the names of tracing actions and aggregating functions.
func isAction(name string) bool {
	switch name {
	case "trace", "tracemem", "printf", "printa", "print", "stack", "ustack", "jstack", "sym", "mod",
		"func", "addr", "usym", "umod", "ufunc", "uaddr", "exit", "speculate", "commit", "discard",
		"clear", "trunc", "normalize", "denormalize", "copyout", "copyoutstr", "raise", "stop",
		"system", "freopen", "ftruncate", "breakpoint", "panic", "chill", "setopt", "pcap",
		"count", "sum", "min", "max", "avg", "stddev", "quantize", "lquantize", "llquantize":
		return true
	}
	return false
}
