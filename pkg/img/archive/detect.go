package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

type magic struct {
	offset int
	bytes  string
	name   string
}

// compressions, by the marks of their own specifications: RFC 1952, the xz
// and bzip2 formats, RFC 8878.
var compressions = []magic{
	{0, "\x1f\x8b\x08", "gzip"},
	{0, "\xfd7zXZ\x00", "xz"},
	{0, "\x28\xb5\x2f\xfd", "zstd"},
	{0, "BZh", "bzip2"},
}

func compressionOf(start []byte) string {
	for _, m := range compressions {
		if m.match(start) {
			return m.name
		}
	}
	return "none"
}

func (m magic) match(start []byte) bool {
	return len(start) >= m.offset+len(m.bytes) && string(start[m.offset:m.offset+len(m.bytes)]) == m.bytes
}

// kindOf tells what the content is, or words what it looks like instead.
func kindOf(start []byte, compression string) (Kind, error) {
	switch {
	case isZFS(start):
		return ZFS, nil
	case isTar(start):
		return Tar, nil
	}
	within := ""
	if compression != "none" {
		within = compression + " data of "
	}
	return 0, fmt.Errorf("%w: it looks like %s%s; root archives (tar) and ZFS streams are understood",
		ErrFormat, within, looksLike(start))
}

// isZFS finds the magic of the stream's first record (struct drr_begin of
// zfs_ioctl.h), in either byte order.
func isZFS(start []byte) bool {
	const dmuBackupMagic = 0x2F5bacbac
	return len(start) >= 16 &&
		(binary.LittleEndian.Uint64(start[8:]) == dmuBackupMagic || binary.BigEndian.Uint64(start[8:]) == dmuBackupMagic)
}

// isTar checks the header's sum, which old tar has too, unlike "ustar". A
// header of zeros is the end mark of an archive without entries.
func isTar(start []byte) bool {
	const block, sumAt, sumLen = 512, 148, 8
	if len(start) < block {
		return false
	}
	header := start[:block]
	if len(bytes.Trim(header, "\x00")) == 0 {
		return len(start) >= 2*block && len(bytes.Trim(start[:2*block], "\x00")) == 0
	}
	field := strings.Trim(string(header[sumAt:sumAt+sumLen]), " \x00")
	want, err := strconv.ParseUint(field, 8, 32)
	if err != nil {
		return false
	}
	sum := uint64(sumLen * ' ')
	for i, c := range header {
		if i < sumAt || i >= sumAt+sumLen {
			sum += uint64(c)
		}
	}
	return sum == want
}

// lookalikes are what people give by mistake.
var lookalikes = []magic{
	{0, "PK\x03\x04", "a zip archive"},
	{0, "hsqs", "a squashfs file system"},
	{0, "QFI\xfb", "a qcow2 disk image"},
	{0, "KDMV", "a VMDK disk image"},
	{0, "conectix", "a VHD disk image"},
	{0, "\x7fELF", "a program (ELF)"},
	{0, "\x04\x22\x4d\x18", "lz4 data"},
	{0, "LZIP", "lzip data"},
	{0, "\x5d\x00\x00", "lzma data"},
	{0, "\x1f\x9d", "compress (.Z) data"},
	{0, "070701", "a cpio archive"},
	{0, "!<arch>\n", "an ar archive (a Debian package?)"},
	{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
	{0, "-----BEGIN", "a PEM file (a key or certificate)"},
	{0, "#!", "a script"},
	{32769, "CD001", "an ISO 9660 image"},
	{510, "\x55\xaa", "a disk image with a boot sector"},
	{1080, "\x53\xef", "an ext file system"},
}

func looksLike(start []byte) string {
	if name := compressionOf(start); name != "none" {
		return name + " data once more"
	}
	for _, m := range lookalikes {
		if m.match(start) {
			return m.name
		}
	}
	text := strings.ToLower(string(bytes.Trim(start[:min(len(start), 200)], "\x00 \t\r\n")))
	switch {
	case text == "":
		return "zeros or blanks"
	case strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html"):
		return "a web page (HTML)"
	case text[0] == '{' || text[0] == '[':
		return "JSON (a manifest?)"
	case isText(text):
		return "text"
	}
	return fmt.Sprintf("unknown bytes (%x)", start[:min(len(start), 8)])
}

func isText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == 0xfffd || r == 0x7f })
}
