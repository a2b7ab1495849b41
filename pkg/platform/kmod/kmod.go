// Package kmod loads modules into the running kernel from the lists beside
// them (modules.dep and the like): by name, by alias as the kernel asks for
// them, and for all devices that are there. It needs no other program.
package kmod

import (
	"bytes"
	"errors"
	"fmt"
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

// Loader loads modules of one directory.
type Loader struct {
	dir   string
	index *kernel.Index

	mu   sync.Mutex
	done map[string]bool
}

// Open reads the lists of the running kernel's modules. A system without
// modules has a loader that knows none.
func Open() (*Loader, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	x, err := kernel.ReadLists(os.DirFS(dir))
	if errors.Is(err, fs.ErrNotExist) {
		x = &kernel.Index{}
	} else if err != nil {
		return nil, fmt.Errorf("modules in %s: %w", dir, err)
	}
	return &Loader{dir: dir, index: x, done: map[string]bool{}}, nil
}

// Load loads modules by name or alias, with all that they need. One that is
// loaded already is no error.
func (l *Loader) Load(names ...string) error {
	all, err := l.index.Closure(names...)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range all {
		if l.done[m.Name] {
			continue
		}
		if err := insert(filepath.Join(l.dir, m.Path)); err != nil {
			return fmt.Errorf("module %s: %w", m.Name, err)
		}
		l.done[m.Name] = true
	}
	return nil
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
	err = unix.FinitModule(int(f.Fd()), "", 0)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// Coldplug loads the modules of all devices that the kernel has found. Loading
// one may bring out further devices (a bus), so it looks until nothing is new.
// Errors of single modules do not stop the others.
func (l *Loader) Coldplug() error {
	seen := map[string]bool{}
	var errs []error
	for {
		found, err := modaliases()
		if err != nil {
			return err
		}
		news := false
		for _, alias := range found {
			if seen[alias] {
				continue
			}
			seen[alias] = true
			for _, m := range l.index.Match(alias) {
				if l.done[m.Name] {
					continue
				}
				news = true
				if err := l.Load(m.Name); err != nil {
					errs = append(errs, err)
				}
			}
		}
		if !news {
			return errors.Join(errs...)
		}
	}
}

// modaliases is what all devices say they are.
func modaliases() ([]string, error) {
	var all []string
	err := filepath.WalkDir("/sys/devices", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) { // unplugged meanwhile
				return nil
			}
			return err
		}
		if d.Name() != "modalias" {
			return nil
		}
		alias, err := os.ReadFile(file)
		if err == nil && len(bytes.TrimSpace(alias)) > 0 {
			all = append(all, strings.TrimSpace(string(alias)))
		}
		return nil
	})
	return all, err
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
