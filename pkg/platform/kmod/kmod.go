// Package kmod loads modules into the running kernel from the lists beside
// them (modules.dep and the like): by name, by alias as the kernel asks for
// them, and for all devices that are there or come later. It needs no other
// program.
package kmod

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/platform/kernel"
)

// Dir is the directory of the running kernel's modules.
func Dir() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", err
	}
	return filepath.Join("/lib/modules", unix.ByteSliceToString(u.Release[:])), nil
}

// Loader loads modules of one directory, several at a time when it is asked by
// several.
type Loader struct {
	dir    string
	index  *kernel.Index
	insert func(file string) error

	mu   sync.Mutex
	jobs map[string]*job
}

// job is one module's way into the kernel, which it takes once.
type job struct {
	done chan struct{}
	err  error
}

// Open reads the lists of the running kernel's modules. A system without
// modules has a loader that knows none.
func Open() (*Loader, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	return open(dir, insert)
}

func open(dir string, insert func(string) error) (*Loader, error) {
	x, err := kernel.ReadLists(os.DirFS(dir))
	if errors.Is(err, fs.ErrNotExist) {
		x = &kernel.Index{}
	} else if err != nil {
		return nil, fmt.Errorf("modules in %s: %w", dir, err)
	}
	return &Loader{dir: dir, index: x, insert: insert, jobs: map[string]*job{}}, nil
}

// Load loads modules by name or alias, with all that they need. One that is
// loaded already is no error, nor is a soft dependency that this machine cannot
// use; of several modules with one alias (a checksum in portable code and for
// this processor) one is enough.
func (l *Loader) Load(names ...string) error {
	all, err := l.index.Closure(names...)
	if err != nil {
		return err
	}
	failed := map[string]error{}
	for _, m := range all {
		failed[m.Name] = l.one(m, failed)
	}
	var errs []error
	for _, name := range names {
		if err := nothingOf(l.index.Match(strings.TrimSuffix(name, "?")), failed); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// nothingOf is an error when none of some modules was loaded.
func nothingOf(wanted []*kernel.Module, failed map[string]error) error {
	var first error
	for _, m := range wanted {
		err := failed[m.Name]
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// one inserts a module whose needs were inserted before, or waits until
// somebody else has.
func (l *Loader) one(m *kernel.Module, failed map[string]error) error {
	for _, need := range m.Depends {
		if err := failed[need]; err != nil {
			return fmt.Errorf("module %s: needs %w", m.Name, err)
		}
	}
	l.mu.Lock()
	j, begun := l.jobs[m.Name]
	if !begun {
		j = &job{done: make(chan struct{})}
		l.jobs[m.Name] = j
	}
	l.mu.Unlock()
	if begun {
		<-j.done
		return j.err
	}
	if err := l.insert(filepath.Join(l.dir, m.Path)); err != nil {
		j.err = fmt.Errorf("module %s: %w", m.Name, err)
	}
	close(j.done)
	return j.err
}

// begun reports whether a module was asked for already.
func (l *Loader) begun(m *kernel.Module) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.jobs[m.Name] != nil
}

// Names is every module that there is.
func (l *Loader) Names() []string {
	var names []string
	for _, m := range l.index.Modules {
		names = append(names, m.Name)
	}
	return names
}

func insert(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if filepath.Ext(file) == ".ko" {
		err = unix.FinitModule(int(f.Fd()), "", 0)
	} else {
		err = insertPacked(f)
	}
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// insertPacked unpacks a module first, which not every kernel can do itself.
func insertPacked(f *os.File) error {
	packed, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	content, err := kernel.Decompress(f.Name(), packed)
	if err != nil {
		return err
	}
	return unix.InitModule(content, "")
}

// MakeNodes makes the device nodes whose opening loads their module.
func (l *Loader) MakeNodes(dev string) error {
	list, err := os.ReadFile(filepath.Join(l.dir, "modules.devname"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		var module, name string
		var major, minor uint32
		if n, _ := fmt.Sscanf(line, "%s %s c%d:%d", &module, &name, &major, &minor); n != 4 {
			continue
		}
		file := filepath.Join(dev, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		err := unix.Mknod(file, unix.S_IFCHR|0o600, int(unix.Mkdev(major, minor)))
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("device %s: %w", file, err)
		}
	}
	return nil
}
