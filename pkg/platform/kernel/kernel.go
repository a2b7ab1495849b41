package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// Kernel is a kernel and its modules.
type Kernel struct {
	Release string // 6.1.0-56-cloud-amd64
	Image   string // file of the kernel itself
	Modules string // directory of the modules
	Index   *Index

	extra map[*Module]string // files of modules that did not come with it
}

// Add adds modules that were built for this kernel elsewhere.
func (k *Kernel) Add(files ...string) error {
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		m, err := ParseModule(file, content)
		if err != nil {
			return err
		}
		if k.extra == nil {
			k.extra = map[*Module]string{}
		}
		m.Path = "extra/" + filepath.Base(file)
		k.extra[m] = file
		k.Index.Modules = append(k.Index.Modules, m)
		k.Index.once = sync.Once{}
	}
	return nil
}

// Read is a module's content, decompressed.
func (k *Kernel) Read(m *Module) ([]byte, error) {
	file, ok := k.extra[m]
	if !ok {
		file = filepath.Join(k.Modules, m.Path)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	content, err = Decompress(file, content)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", m.Name, err)
	}
	return content, nil
}

// Open reads a kernel from a Debian package, from a directory into which one
// was unpacked, or, where from is empty, this host's own. Packages are unpacked
// once, below cache.
func Open(from, cache string) (*Kernel, error) {
	k, err := open(from, cache)
	if err != nil {
		return nil, fmt.Errorf("kernel %s: %w", from, err)
	}
	return k, nil
}

func open(from, cache string) (*Kernel, error) {
	if from == "" {
		return running()
	}
	fi, err := os.Stat(from)
	if err != nil {
		return nil, plain(err)
	}
	if fi.IsDir() {
		return fromDir(from)
	}
	dir, err := unpacked(from, cache)
	if err != nil {
		return nil, err
	}
	return fromDir(dir)
}

// plain is a path's error without the path, which the caller names.
func plain(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// running is the kernel of this host, from the places where distributions put it.
func running() (*Kernel, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, err
	}
	return ofRelease("/", unix.ByteSliceToString(u.Release[:]))
}

// fromDir is the one kernel in an unpacked directory.
func fromDir(dir string) (*Kernel, error) {
	images, err := filepath.Glob(filepath.Join(dir, "boot", "vmlinuz-*"))
	if err != nil {
		return nil, err
	}
	switch len(images) {
	case 0:
		return nil, errors.New("there is no boot/vmlinuz-* in it")
	case 1:
		return ofRelease(dir, filepath.Base(images[0])[len("vmlinuz-"):])
	}
	return nil, fmt.Errorf("there are %d kernels in it; one is wanted", len(images))
}

func ofRelease(dir, release string) (*Kernel, error) {
	k := &Kernel{Release: release, Image: filepath.Join(dir, "boot", "vmlinuz-"+release)}
	if err := checkImage(k.Image); err != nil {
		return nil, err
	}
	for _, lib := range []string{"lib", "usr/lib"} {
		k.Modules = filepath.Join(dir, lib, "modules", release)
		if _, err := os.Stat(k.Modules); err == nil {
			break
		}
	}
	if _, err := os.Stat(k.Modules); err != nil {
		return nil, fmt.Errorf("there are no modules of %s", release)
	}
	var err error
	k.Index, err = index(k.Modules)
	return k, err
}

// checkImage looks for the mark of a Linux kernel for the PC: "HdrS" at 0x202.
func checkImage(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	mark := make([]byte, 4)
	if _, err := f.ReadAt(mark, 0x202); err != nil || string(mark) != "HdrS" {
		return fmt.Errorf("%s is not a Linux kernel", file)
	}
	return nil
}

// index reads the lists of a directory of modules, or where it has none (a
// package has not) the modules.
func index(dir string) (*Index, error) {
	x, err := ReadLists(os.DirFS(dir))
	if errors.Is(err, os.ErrNotExist) {
		return Scan(os.DirFS(dir))
	}
	return x, err
}

// unpacked is the directory below cache where the package is unpacked; it is
// named by the package's content and made whole or not at all.
func unpacked(file, cache string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", plain(err)
	}
	defer f.Close()
	if !isDeb(f) {
		return "", errNotDeb
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	dir := filepath.Join(cache, hex.EncodeToString(sum.Sum(nil)[:12]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	part, err := os.MkdirTemp(cache, ".unpack-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)
	if err := os.Chmod(part, 0o755); err != nil {
		return "", err
	}
	if err := unpackDeb(f, part); err != nil {
		return "", err
	}
	if err := writeLists(part); err != nil {
		return "", err
	}
	if err := os.Rename(part, dir); err != nil && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) {
		return "", err
	}
	return dir, nil
}

// writeLists adds depmod's lists to an unpacked package, so that its modules
// are read once.
func writeLists(dir string) error {
	k, err := fromDir(dir)
	if err != nil {
		return err
	}
	lists := Lists(k.Index.Modules, func(m *Module) string { return m.Path })
	names := make([]string, 0, len(lists))
	for name := range lists {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(k.Modules, name), lists[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
