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
	case "execname", "comm", "probeprov", "probemod", "probefunc", "probename", "zonename":
		return c.str
	case "gid":
		return ctype.Builtin("gid_t")
	case "uid":
		return ctype.Builtin("uid_t")
	case "pid":
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
	anyInt    paramKind = iota
	aString             // a string, or an address of characters
	aPointer            // an address
	anAddress           // an address, as an integer too
	scratch             // an address in memory that alloca() gave
)

// param is one parameter: what it takes, and its type as messages show it.
type param struct {
	kind paramKind
	name string
}

var (
	intParam     = param{anyInt, "int"}
	sizeParam    = param{anyInt, "size_t"}
	stringParam  = param{aString, "char *"}
	addressParam = param{anAddress, "uintptr_t"}
	voidPtr      = param{aPointer, "void *"}
)

// routine is the prototype of a subroutine.
type routine struct {
	result   func(c *checker) *ctype.Type
	params   []param
	optional int // how many at the end may be missing
}

func typed(t *ctype.Type) func(*checker) *ctype.Type {
	return func(*checker) *ctype.Type { return t }
}

func stringType(c *checker) *ctype.Type { return c.str }

// scratchPtr is void *, into D's own scratch memory.
func scratchPtr(*checker) *ctype.Type {
	return &ctype.Type{Kind: ctype.Pointer, Size: 8, Elem: ctype.VoidT, Alloca: true}
}

// subroutine is the prototype of a function that yields a value, nil for none.
func subroutine(name string) *routine {
	if r := stringRoutine(name); r != nil {
		return r
	}
	u := func(name string) *routine {
		return &routine{result: typed(ctype.Builtin(name)), params: []param{{anyInt, name}}}
	}
	switch name {
	case "alloca":
		return &routine{result: scratchPtr, params: []param{sizeParam}}
	case "bcopy":
		return &routine{result: typed(ctype.VoidT), params: []param{voidPtr, {scratch, "void *"}, sizeParam}}
	case "copyin":
		return &routine{result: scratchPtr, params: []param{addressParam, sizeParam}}
	case "copyinto":
		return &routine{result: typed(ctype.VoidT), params: []param{addressParam, sizeParam, {scratch, "void *"}}}
	case "getmajor", "getminor":
		return &routine{result: typed(ctype.Builtin("uint32_t")), params: []param{{anyInt, "dev_t"}}}
	case "htonl", "ntohl":
		return u("uint32_t")
	case "htonll", "ntohll":
		return u("uint64_t")
	case "htons", "ntohs":
		return u("uint16_t")
	case "mutex_owned", "mutex_type_adaptive", "mutex_type_spin":
		return &routine{result: typed(ctype.IntT), params: []param{{aPointer, "struct mutex *"}}}
	case "mutex_owner":
		return &routine{result: (*checker).taskPointer, params: []param{{aPointer, "struct mutex *"}}}
	case "rw_read_held", "rw_write_held", "rw_iswriter":
		return &routine{result: typed(ctype.IntT), params: []param{{aPointer, "rwlock_t *"}}}
	case "progenyof":
		return &routine{result: typed(ctype.IntT), params: []param{{anyInt, "pid_t"}}}
	case "rand", "speculation":
		return &routine{result: typed(ctype.IntT)}
	}
	return nil
}

// stringRoutine is the prototype of a function that takes or yields strings.
func stringRoutine(name string) *routine {
	switch name {
	case "basename", "dirname", "cleanpath", "toupper", "tolower":
		return &routine{result: stringType, params: []param{stringParam}}
	case "copyinstr":
		return &routine{result: stringType, params: []param{addressParam, sizeParam}, optional: 1}
	case "index", "rindex":
		return &routine{result: typed(ctype.IntT), params: []param{stringParam, stringParam, intParam}, optional: 1}
	case "inet_ntoa":
		return &routine{result: stringType, params: []param{{aPointer, "ipaddr_t *"}}}
	case "inet_ntoa6":
		return &routine{result: stringType, params: []param{{aPointer, "in6_addr_t *"}, intParam}, optional: 1}
	case "inet_ntop", "link_ntop":
		return &routine{result: stringType, params: []param{intParam, voidPtr}}
	case "lltostr":
		return &routine{result: stringType, params: []param{{anyInt, "int64_t"}, intParam}, optional: 1}
	case "strchr", "strrchr":
		return &routine{result: stringType, params: []param{stringParam, {anyInt, "char"}}}
	case "strjoin", "strstr", "strtok":
		return &routine{result: stringType, params: []param{stringParam, stringParam}}
	case "strlen":
		return &routine{result: typed(ctype.Builtin("size_t")), params: []param{stringParam}}
	case "strtoll":
		return &routine{result: typed(ctype.Long), params: []param{stringParam, intParam}, optional: 1}
	case "substr":
		return &routine{result: stringType, params: []param{stringParam, intParam, intParam}, optional: 1}
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
