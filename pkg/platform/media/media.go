package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/platform"
)

// Kinds of media, and the files that they are.
const (
	ISOFile = "smartbox.iso"
	USBFile = "smartbox-usb.img"
	UKIFile = "smartbox.efi"
	PXEDir  = "pxe"
)

// Options say how an image starts.
type Options struct {
	Blobs   Blobs
	Console string // of the kernel: "ttyS0" first, the screen too
	Append  string // further words of its command line
}

// commandLine is the kernel's.
func (o Options) commandLine() string {
	words := []string{"console=tty0"}
	for c := range strings.FieldsFuncSeq(o.Console, func(r rune) bool { return r == ',' }) {
		words = append(words, "console="+c)
	}
	return strings.Join(append(words, "quiet", "panic=10", o.Append), " ")
}

// source is an image's content.
type source struct {
	manifest          *platform.Manifest
	kernel, initramfs []byte
	files             map[string][]byte // all of them, manifest and signature too
}

func readSource(dir string) (*source, error) {
	s := &source{files: map[string][]byte{}}
	data, err := os.ReadFile(filepath.Join(dir, platform.ManifestFile))
	if err != nil {
		return nil, err
	}
	if s.manifest, err = platform.ParseManifest(data); err != nil {
		return nil, err
	}
	names := []string{platform.ManifestFile, platform.SignatureFile}
	for _, f := range s.manifest.Files {
		names = append(names, f.Name)
	}
	for _, name := range names {
		if s.files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	s.kernel, s.initramfs = s.files[platform.KernelFile], s.files[platform.InitramfsFile]
	return s, nil
}

// uki is the image as one EFI program.
func (s *source) uki(o Options) ([]byte, error) { return s.loader(o.Blobs, o.commandLine()) }

// Loader is the image in a directory as one EFI program that starts its kernel
// with a command line.
func Loader(dir string, blobs Blobs, commandLine string) ([]byte, error) {
	s, err := readSource(dir)
	if err != nil {
		return nil, err
	}
	return s.loader(blobs, commandLine)
}

func (s *source) loader(blobs Blobs, commandLine string) ([]byte, error) {
	stub, err := os.ReadFile(blobs.Stub)
	if err != nil {
		return nil, err
	}
	release := fmt.Sprintf("ID=smartbox\nNAME=smartbox\nPRETTY_NAME=\"smartbox %s\"\nVERSION_ID=%s\n", s.manifest.Stamp, s.manifest.Stamp)
	return UKI(stub, []Section{
		{".osrel", []byte(release)},
		{".cmdline", []byte(commandLine)},
		{".uname", []byte(s.manifest.Release)},
		{".initrd", s.initramfs},
		{".linux", s.kernel},
	})
}

// serial is the number of the image's FAT.
func (s *source) serial() uint32 { return binary.LittleEndian.Uint32(guid(s.manifest.Stamp)) }

// esp is the EFI system partition with the image and, for piadm, its signature.
func (s *source) esp(uki []byte, hidden uint32) ([]byte, error) {
	return FAT([]File{{Name: "EFI/BOOT/BOOTX64.EFI", Data: uki}}, 0, hidden, s.serial())
}

// USB writes a disk image with an EFI system partition.
func USB(dir, out string, o Options) error {
	s, err := readSource(dir)
	if err != nil {
		return err
	}
	uki, err := s.uki(o)
	if err != nil {
		return err
	}
	esp, err := s.esp(uki, gptFirst)
	if err != nil {
		return err
	}
	return writeFile(out, GPT(esp, s.manifest.Stamp))
}

// isolinuxConfig starts the kernel without asking.
const isolinuxConfig = `SERIAL 0 115200
DEFAULT smartbox
PROMPT 0
TIMEOUT 0
LABEL smartbox
  LINUX /platform/vmlinuz
  INITRD /platform/initramfs.zst
  APPEND %s
`

// WriteISO writes the hybrid image.
func WriteISO(dir, out string, o Options) error {
	s, err := readSource(dir)
	if err != nil {
		return err
	}
	uki, err := s.uki(o)
	if err != nil {
		return err
	}
	esp, err := s.esp(uki, 0)
	if err != nil {
		return err
	}
	var blobs [3][]byte
	for i, name := range []string{o.Blobs.Isolinux, o.Blobs.Ldlinux, o.Blobs.Isohybrid} {
		if blobs[i], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	files := []File{
		{"isolinux/isolinux.bin", blobs[0]},
		{"isolinux/ldlinux.c32", blobs[1]},
		{"isolinux/isolinux.cfg", fmt.Appendf(nil, isolinuxConfig, o.commandLine())},
		{"efi.img", esp},
	}
	for name, data := range s.files {
		files = append(files, File{"platform/" + name, data})
	}
	slices.SortFunc(files[4:], func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	image, err := ISO(files, ISOOptions{Label: "SMARTBOX", BIOS: "isolinux/isolinux.bin", EFI: "efi.img", MBR: blobs[2]})
	if err != nil {
		return err
	}
	return writeFile(out, image)
}

const ipxeScript = `#!ipxe
# Chain this script: it finds its files beside itself.
kernel vmlinuz initrd=initramfs.zst %s
initrd initramfs.zst
boot
`

// PXE writes a directory for a TFTP or HTTP server: boot.ipxe for iPXE, and the
// image as one EFI program for firmware that loads one by itself.
func PXE(dir, out string, o Options) error {
	s, err := readSource(dir)
	if err != nil {
		return err
	}
	uki, err := s.uki(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	all := map[string][]byte{
		"boot.ipxe": fmt.Appendf(nil, ipxeScript, o.commandLine()), UKIFile: uki,
		platform.KernelFile: s.kernel, platform.InitramfsFile: s.initramfs,
	}
	var errs []error
	for name, data := range all {
		errs = append(errs, writeFile(filepath.Join(out, name), data))
	}
	return errors.Join(errs...)
}

// writeFile replaces a file whole.
func writeFile(name string, data []byte) error {
	tmp := name + ".part"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return os.Rename(tmp, name)
}
