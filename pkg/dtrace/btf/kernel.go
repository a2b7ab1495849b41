package btf

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// Kernel is the types of the running kernel and its modules, read when they are
// first asked for.
type Kernel struct {
	dir     string // /sys/kernel/btf
	vmlinux *Types
	err     error
	modules map[string]*Types
}

// Running returns the types of this host's kernel. It reads nothing yet.
func Running() *Kernel { return &Kernel{dir: "/sys/kernel/btf"} }

// Types are the kernel's own.
func (k *Kernel) Types() (*Types, error) {
	if k.vmlinux == nil && k.err == nil {
		data, err := mapped(filepath.Join(k.dir, "vmlinux"))
		if err == nil {
			k.vmlinux, err = New(data, nil)
		}
		if err != nil {
			k.err = fmt.Errorf("read the kernel's types: %w", err)
		}
	}
	return k.vmlinux, k.err
}

// mapped is a file's content, in the page cache's own memory where the kernel
// allows it (6.17): reading takes a system call for each page. It stays for the
// life of the process.
func mapped(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > 0 {
		data, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_POPULATE)
		if err == nil {
			return data, nil
		}
	}
	return os.ReadFile(path)
}

// module are the types of one module; nil when it has none.
func (k *Kernel) module(name string) *Types {
	base, err := k.Types()
	if err != nil || name == "vmlinux" {
		return base
	}
	if m, ok := k.modules[name]; ok {
		return m
	}
	if k.modules == nil {
		k.modules = map[string]*Types{}
	}
	var m *Types
	if data, err := os.ReadFile(filepath.Join(k.dir, filepath.Base(name))); err == nil {
		if m, err = New(data, base); err != nil {
			m = nil
		}
	}
	k.modules[name] = m
	return m
}

// Modules are the names of the modules that have types, without the kernel.
func (k *Kernel) Modules() []string {
	list, err := os.ReadDir(k.dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range list {
		if e.Name() != "vmlinux" {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names
}

// scoped are the types that a scope names: a module, or the kernel and then all
// modules for "".
func (k *Kernel) scoped(scope string, f func(*Types) bool) {
	if scope != "" {
		if m := k.module(scope); m != nil {
			f(m)
		}
		return
	}
	base, err := k.Types()
	if err != nil || f(base) {
		return
	}
	for _, name := range k.Modules() {
		if m := k.module(name); m != nil && f(m) {
			return
		}
	}
}

// Lookup finds a type; scope is a module or "" for any.
func (k *Kernel) Lookup(scope, what, name string) (found *ctype.Type) {
	k.scoped(scope, func(t *Types) bool {
		found = t.Lookup(what, name)
		return found != nil
	})
	return found
}

// Object is the type of a variable or function.
func (k *Kernel) Object(scope, name string) (found *ctype.Type) {
	k.scoped(scope, func(t *Types) bool {
		found = t.Object(name)
		return found != nil
	})
	return found
}

// Enumerator is the value of a name of the kernel's enums.
func (k *Kernel) Enumerator(name string) (v int64, ok bool) {
	k.scoped("", func(t *Types) bool {
		v, ok = t.Enumerator(name)
		return ok
	})
	return v, ok
}

// Tracepoint is the types of a tracepoint's arguments.
func (k *Kernel) Tracepoint(name string) (params []*ctype.Type, ok bool) {
	k.scoped("", func(t *Types) bool {
		params, ok = t.Tracepoint(name)
		return ok
	})
	return params, ok
}
