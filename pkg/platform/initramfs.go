package platform

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/smartbox-os/smartbox/pkg/platform/cpio"
	"github.com/smartbox-os/smartbox/pkg/platform/kernel"
)

// Spec is what an initramfs is made of.
type Spec struct {
	Kernel  *kernel.Kernel
	Modules []string // names and aliases; those ending in "?" may be missing
	Binary  string   // smartbox, which becomes /init
	Tools   []string // names for it in /usr/sbin

	Programs []Program // of a distribution, with the libraries they need
	Files    []File
	Links    map[string]string // symbolic links, name to target
	Fast     bool              // pack in less time into more bytes
}

// File is a file of an initramfs: Content, or what the file From has.
type File struct {
	Name    string
	Mode    fs.FileMode
	Content string
	From    string
}

// Initramfs writes the initramfs that s describes.
func (s *Spec) Initramfs(w io.Writer) error {
	level := zstd.SpeedBetterCompression
	if s.Fast {
		level = zstd.SpeedFastest
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		return err
	}
	if err := s.archive(z); err != nil {
		z.Close()
		return fmt.Errorf("initramfs: %w", err)
	}
	return z.Close()
}

func (s *Spec) archive(w io.Writer) error {
	a := archive{cpio.NewWriter(w)}
	for _, step := range []func(*Spec) error{a.skeleton, a.binary, a.modules, a.programs, a.files} {
		if err := step(s); err != nil {
			return err
		}
	}
	return a.Close()
}

type archive struct{ *cpio.Writer }

// skeleton is the directories and devices that must be there before anything
// is mounted.
func (a archive) skeleton(*Spec) error {
	for _, dir := range []string{
		"dev", "etc", "mnt", "proc", "root", "run", "sys", "sbin", "bin", "usr/bin", "usr/sbin", "var/log", "var/lib",
	} {
		if err := a.Dir(dir, 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"tmp", "var/tmp"} {
		if err := a.Dir(dir, 0o777|fs.ModeSticky); err != nil {
			return err
		}
	}
	if err := a.CharDevice("dev/console", 0o600, 5, 1); err != nil {
		return err
	}
	return a.CharDevice("dev/null", 0o666, 1, 3)
}

func (a archive) binary(s *Spec) error {
	if err := a.fromFile("init", 0o755, s.Binary); err != nil {
		return err
	}
	// There is no /sbin/modprobe: init makes it. Until then whatever part of the
	// kernel asks for a module that this kernel may not even have would have to
	// wait for a program's start.
	links := map[string]string{"usr/bin/smartbox": "../../init"}
	for _, tool := range s.Tools {
		links[path.Join("usr/sbin", tool)] = "../../init"
	}
	maps.Copy(links, s.Links)
	for _, name := range slices.Sorted(maps.Keys(links)) {
		if err := a.Symlink(name, links[name]); err != nil {
			return err
		}
	}
	return nil
}

func packed(content []byte) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out) // without a time: the same bytes each time
	_, err := z.Write(content)
	err = errors.Join(err, z.Close())
	return out.Bytes(), err
}

// bootModules are what a virtual machine loads on its way to a prompt.
var bootModules = []string{
	"btrfs?", "virtio_pci?", "virtio_blk?", "virtio_scsi?", "sd_mod?", "virtio_net?", "virtio_console?", "virtio_rng?",
	"ata_piix?", "bridge?",
}

// atBoot is the modules that are not packed each by itself. The kernel has to
// unpack the whole archive before it starts init, and what was packed twice it
// has only to copy.
func (s *Spec) atBoot() (map[*kernel.Module]bool, error) {
	all, err := s.Kernel.Index.Closure(bootModules...)
	set := map[*kernel.Module]bool{}
	for _, m := range all {
		set[m] = true
	}
	return set, err
}

// modules adds the closure of the wanted modules and their lists.
func (a archive) modules(s *Spec) error {
	all, err := s.Kernel.Index.Closure(s.Modules...)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b *kernel.Module) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	dir := path.Join("lib/modules", s.Kernel.Release)
	atBoot, err := s.atBoot()
	if err != nil {
		return err
	}
	place := func(m *kernel.Module) string {
		name := path.Join("kernel", m.Name+".ko")
		if !atBoot[m] {
			name += ".gz" // which busybox's modprobe reads too
		}
		return name
	}
	for _, m := range all {
		content, err := s.Kernel.Read(m)
		if err != nil {
			return err
		}
		if !atBoot[m] {
			if content, err = packed(content); err != nil {
				return err
			}
		}
		if err := a.File(path.Join(dir, place(m)), 0o644, int64(len(content)), bytes.NewReader(content)); err != nil {
			return err
		}
	}
	lists := kernel.Lists(all, place)
	lists["modules.builtin"] = builtinList(s.Kernel.Index)
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if err := a.Bytes(path.Join(dir, name), 0o644, string(lists[name])); err != nil {
			return err
		}
	}
	return nil
}

func builtinList(x *kernel.Index) []byte {
	var b bytes.Buffer
	for _, name := range x.Builtin {
		fmt.Fprintf(&b, "%s\n", name)
	}
	return b.Bytes()
}

func (a archive) files(s *Spec) error {
	for _, f := range s.Files {
		var err error
		if f.From != "" {
			err = a.fromFile(f.Name, f.Mode, f.From)
		} else {
			err = a.Bytes(f.Name, f.Mode, f.Content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a archive) fromFile(name string, mode fs.FileMode, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", from)
	}
	return a.File(name, mode, fi.Size(), f)
}
