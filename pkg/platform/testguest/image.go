package testguest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/platform"
	"github.com/smartbox-os/smartbox/pkg/platform/cpio"
	"github.com/smartbox-os/smartbox/pkg/platform/guestjob"
	"github.com/smartbox-os/smartbox/pkg/platform/kernel"
)

// cacheDir is where kernels and initramfs are kept between runs.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "smartbox"), nil
}

// findKernel is the newest kept cloud kernel's package.
func findKernel(cache string) (string, error) {
	if named := os.Getenv("SMARTBOX_TEST_KERNEL"); named != "" {
		return named, nil
	}
	all, err := filepath.Glob(filepath.Join(cache, "kernels", "linux-image-*-cloud-*.deb"))
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", errors.New("there is no kernel package in " + filepath.Join(cache, "kernels") + ": scripts/kernel.sh cloud fetches one")
	}
	slices.SortFunc(all, func(a, b string) int { return modified(a) - modified(b) })
	return all[len(all)-1], nil
}

func modified(file string) int {
	fi, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return int(fi.ModTime().Unix())
}

// image is what a guest boots.
type image struct {
	kernel *kernel.Kernel
	base   string // the packed initramfs, kept between runs
}

// identity is a guest's, as every installed system has one.
var identity = []platform.File{{Name: "etc/machine-id", Mode: 0o444, Content: "0123456789abcdef0123456789abcdef\n"}}

// makeImage finds or makes the initramfs that o asks for.
func makeImage(o Options, binary string) (*image, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	k, err := kernel.Open(o.Kernel, filepath.Join(cache, "kernels", "unpacked"))
	if err != nil {
		return nil, err
	}
	if err := k.Add(o.Extra...); err != nil {
		return nil, err
	}
	spec := &platform.Spec{
		Kernel: k, Binary: binary, Fast: true, Links: o.Links,
		Programs: slices.Concat(o.Programs, platform.HostPrograms(hostPrograms...)),
		Files:    slices.Concat(o.Files, platform.BaseFiles(), identity),
		Modules:  slices.Concat(base, o.Modules),
	}
	if err := spec.Userland(); err != nil {
		return nil, err
	}
	name, err := key(spec, o.Extra)
	if err != nil {
		return nil, err
	}
	img := &image{kernel: k, base: filepath.Join(cache, "guests", name+".zst")}
	if _, err := os.Stat(img.base); err == nil {
		return img, os.Chtimes(img.base, now(), now())
	}
	if err := sweep(filepath.Dir(img.base)); err != nil {
		return nil, err
	}
	return img, write(img.base, spec.Initramfs)
}

// key names the content of an initramfs.
func key(s *platform.Spec, extra []string) (string, error) {
	sum := sha256.New()
	files := append([]string{s.Binary, s.Kernel.Image}, extra...)
	for _, p := range s.Programs {
		files = append(files, filepath.Join("/", p.Root, p.Path))
	}
	for _, f := range s.Files {
		fmt.Fprintf(sum, "%q %o %q\n", f.Name, f.Mode, f.Content)
		if f.From != "" {
			files = append(files, f.From)
		}
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(sum, f)
		f.Close()
		if err != nil {
			return "", err
		}
	}
	fmt.Fprintf(sum, "%q %q %v\n", s.Modules, s.Programs, s.Links)
	return hex.EncodeToString(sum.Sum(nil)[:12]), nil
}

// keepGuests is how many initramfs are kept; the oldest go.
const keepGuests = 8

func sweep(dir string) error {
	all, err := filepath.Glob(filepath.Join(dir, "*.zst"))
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b string) int { return modified(b) - modified(a) })
	for _, old := range all[min(len(all), keepGuests):] {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// write makes a file whole or not at all.
func write(name string, fill func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".part-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(fill(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// payload appends the job and its programs to the packed initramfs: the kernel
// unpacks one archive after the other.
func (img *image) payload(name string, job guestjob.Job, suites []*suite) error {
	base, err := os.ReadFile(img.base)
	if err != nil {
		return err
	}
	content, err := json.Marshal(job)
	if err != nil {
		return err
	}
	return write(name, func(w io.Writer) error {
		if _, err := w.Write(append(base, make([]byte, 4-len(base)%4)...)); err != nil {
			return err
		}
		a := cpio.NewWriter(w)
		if err := a.File(guestjob.File, 0o600, int64(len(content)), bytes.NewReader(content)); err != nil {
			return err
		}
		for _, s := range suites {
			if err := s.add(a); err != nil {
				return err
			}
		}
		return a.Close()
	})
}

// add puts a suite's program and its testdata into the guest.
func (s *suite) add(a *cpio.Writer) error {
	if err := a.Dir(s.dir(), 0o755); err != nil || s.Argv != nil {
		return err
	}
	if err := addFile(a, s.program(), 0o755, s.binary); err != nil || s.source == "" {
		return err
	}
	data := filepath.Join(s.source, "testdata")
	return filepath.WalkDir(data, func(file string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && file == data:
			return nil
		case err != nil:
			return err
		case d.Type().IsRegular():
			rel := strings.TrimPrefix(file, s.source)
			return addFile(a, s.dir()+rel, 0o644, file)
		}
		return nil
	})
}

func addFile(a *cpio.Writer, name string, mode fs.FileMode, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	return a.File(name, mode, fi.Size(), f)
}
