package media

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readFAT follows the tables from the root to a file, as firmware does.
func readFAT(t *testing.T, image []byte, name string) []byte {
	t.Helper()
	le := binary.LittleEndian
	per := int(image[13]) * fatSector
	reserved, fatSize := int(le.Uint16(image[14:])), int(le.Uint32(image[36:]))
	data := (reserved + 2*fatSize) * fatSector
	chain := func(cluster uint32, size int) []byte {
		var b []byte
		for cluster < 0x0ffffff8 && cluster >= 2 {
			at := data + int(cluster-2)*per
			b = append(b, image[at:at+per]...)
			next := le.Uint32(image[reserved*fatSector+int(cluster)*4:])
			if copied := le.Uint32(image[(reserved+fatSize)*fatSector+int(cluster)*4:]); copied != next {
				t.Fatal("the two tables differ")
			}
			cluster = next
		}
		if size >= 0 {
			b = b[:size]
		}
		return b
	}
	at := le.Uint32(image[44:])
	parts := strings.Split(name, "/")
	for i, part := range parts {
		short, err := shortName(part)
		if err != nil {
			t.Fatal(err)
		}
		dir := chain(at, -1)
		found := false
		for ; len(dir) >= 32 && dir[0] != 0; dir = dir[32:] {
			if string(dir[:11]) != short {
				continue
			}
			at = uint32(le.Uint16(dir[20:]))<<16 | uint32(le.Uint16(dir[26:]))
			if i == len(parts)-1 {
				return chain(at, int(le.Uint32(dir[28:])))
			}
			found = true
			break
		}
		if !found {
			t.Fatalf("no %s in %s", part, name)
		}
	}
	return nil
}

func TestFAT(t *testing.T) {
	big := bytes.Repeat([]byte("smartbox"), 1<<20/8*40) // 40 MiB
	files := []File{
		{"EFI/BOOT/BOOTX64.EFI", big}, {"efi/boot/small.txt", []byte("hello")}, {"empty", nil}, {"EFI/x/y/z.a", []byte("deep")},
	}
	for _, size := range []int64{0, 300 << 20} {
		image, err := FAT(files, size, 2048, 1)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(image)) < size {
			t.Errorf("%d bytes, want %d", len(image), size)
		}
		for _, f := range files {
			if got := readFAT(t, image, f.Name); !bytes.Equal(got, f.Data) {
				t.Errorf("%s: %d bytes, want %d", f.Name, len(got), len(f.Data))
			}
		}
		again, err := FAT(files, size, 2048, 1)
		if err != nil || !bytes.Equal(image, again) {
			t.Errorf("the same files give other bytes: %v", err)
		}
		if tool, err := exec.LookPath("fsck.vfat"); err == nil {
			file := filepath.Join(t.TempDir(), "fat")
			if err := os.WriteFile(file, image, 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tool, "-n", file).CombinedOutput(); err != nil {
				t.Errorf("fsck: %v: %s", err, out)
			}
		}
	}
	for _, bad := range []string{"toolongname", "a.long", "a b", "x/.hidden", ""} {
		if _, err := FAT([]File{{bad, nil}}, 0, 0, 0); err == nil {
			t.Errorf("%q is a name", bad)
		}
	}
}

func TestGPT(t *testing.T) {
	fat := bytes.Repeat([]byte{7}, 100*fatSector)
	disk := GPT(fat, "seed")
	le := binary.LittleEndian
	check := func(at int) (first, last uint64) {
		h := bytes.Clone(disk[at : at+92])
		sum := le.Uint32(h[16:])
		clear(h[16:20])
		if string(h[:8]) != "EFI PART" || crc32.ChecksumIEEE(h) != sum {
			t.Errorf("header at %d", at)
		}
		table := disk[le.Uint64(h[72:])*fatSector:][:gptEntries*gptEntry]
		if crc32.ChecksumIEEE(table) != le.Uint32(h[88:]) {
			t.Errorf("table of the header at %d", at)
		}
		return le.Uint64(table[32:]), le.Uint64(table[40:])
	}
	for _, at := range []int{fatSector, len(disk) - fatSector} {
		if first, last := check(at); first != gptFirst || last-first+1 != 100 {
			t.Errorf("partition %d-%d", first, last)
		}
	}
	if !bytes.Equal(disk[gptFirst*fatSector:][:len(fat)], fat) {
		t.Error("the partition's content")
	}
	if bytes.Equal(GPT(fat, "other"), disk) || !bytes.Equal(GPT(fat, "seed"), disk) {
		t.Error("GUIDs do not come from the seed")
	}
}

func isoFiles() []File {
	return []File{
		{"isolinux/isolinux.bin", bytes.Repeat([]byte{1, 2, 3, 4}, 1000)},
		{"isolinux/isolinux.cfg", []byte("DEFAULT x")},
		{"efi.img", bytes.Repeat([]byte{9}, 5000*fatSector)},
		{"platform/vmlinuz", []byte("kernel")},
		{"platform/initramfs.zst", bytes.Repeat([]byte("i"), 100000)},
		{"platform/empty", nil},
	}
}

var isoOptions = ISOOptions{Label: "test", BIOS: "isolinux/isolinux.bin", EFI: "efi.img", MBR: bytes.Repeat([]byte{0xeb}, 432)}

func TestISO(t *testing.T) {
	image, err := ISO(isoFiles(), isoOptions)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadISO(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range isoFiles() {
		in, err := r.Open(f.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := io.ReadAll(in)
		if f.Name == isoOptions.BIOS { // has its table
			got, f.Data = got[64:], f.Data[64:]
		}
		if err != nil || !bytes.Equal(got, f.Data) {
			t.Errorf("%s: %d bytes, %v", f.Name, len(got), err)
		}
	}
	if _, err := r.Open("platform/nosuch"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if tool, err := exec.LookPath("isoinfo"); err == nil {
		file := filepath.Join(t.TempDir(), "iso")
		if err := os.WriteFile(file, image, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "-x", "/PLATFORM/VMLINUZ;1", "-i", file).Output()
		if err != nil || string(out) != "kernel" {
			t.Errorf("isoinfo: %q, %v", out, err)
		}
	}
}

// The numbers by which firmware finds its programs.
func TestISO_boots(t *testing.T) {
	image, err := ISO(isoFiles(), isoOptions)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	catalog := image[isoCatalog*isoSector:]
	sum := uint16(0)
	for i := 0; i < 32; i += 2 {
		sum += le.Uint16(catalog[i:])
	}
	if sum != 0 {
		t.Error("the catalog's checksum")
	}
	bios := int(le.Uint32(catalog[40:])) * isoSector
	if !bytes.Equal(image[bios+64:bios+4000], isoFiles()[0].Data[64:]) {
		t.Error("BIOS does not find isolinux")
	}
	if at := le.Uint32(image[bios+12:]); int(at)*isoSector != bios || le.Uint32(image[bios+16:]) != 4000 {
		t.Error("isolinux does not find itself")
	}
	efi := int(le.Uint32(catalog[104:])) * isoSector
	if image[efi] != 9 {
		t.Error("UEFI does not find its FAT")
	}
	if at := le.Uint64(image[432:]); int(at)*fatSector != bios {
		t.Error("the stick's code does not find isolinux")
	}
	if start := le.Uint32(image[446+16+8:]); int(start)*fatSector != efi || image[446+16+4] != 0xef {
		t.Error("the stick has no EFI partition")
	}
}

func TestISO_refuses(t *testing.T) {
	o := isoOptions
	o.EFI = "nosuch"
	if _, err := ISO(isoFiles(), o); err == nil {
		t.Error("an image without its EFI program")
	}
	if _, err := ISO([]File{{"a/b/c", nil}}, isoOptions); err == nil {
		t.Error("directories of two levels")
	}
	o = isoOptions
	o.MBR = make([]byte, 512)
	if _, err := ISO(isoFiles(), o); err == nil {
		t.Error("boot code over the partition table")
	}
}

func FuzzReadISO(f *testing.F) {
	image, err := ISO([]File{{"isolinux/isolinux.bin", []byte("x")}, {"efi.img", []byte("y")}}, isoOptions)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(image[isoPVD*isoSector : 30*isoSector])
	f.Fuzz(func(_ *testing.T, part []byte) {
		if len(part) > 1<<20 {
			return
		}
		r, err := ReadISO(bytes.NewReader(append(make([]byte, isoPVD*isoSector), part...)))
		if err != nil {
			return
		}
		for name := range r.files {
			in, err := r.Open(name)
			if err == nil {
				_, _ = io.Copy(io.Discard, io.LimitReader(in, 1<<16))
			}
		}
	})
}

func TestUKI(t *testing.T) {
	stub, err := os.ReadFile(DebianBlobs.Stub)
	if err != nil {
		t.Skipf("needs the package systemd-boot-efi: %v", err)
	}
	sections := []Section{{".osrel", []byte("ID=x\n")}, {".cmdline", []byte("quiet")}, {".initrd", make([]byte, 10000)}, {".linux", []byte("MZkernel")}}
	image, err := UKI(stub, sections)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pe.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	end := uint32(0)
	for _, s := range f.Sections {
		if s.VirtualAddress < end {
			t.Errorf("section %s lies over the one before", s.Name)
		}
		end = s.VirtualAddress + s.VirtualSize
	}
	if size := f.OptionalHeader.(*pe.OptionalHeader64).SizeOfImage; size < end {
		t.Errorf("the image's size %d is less than %d", size, end)
	}
	for _, want := range sections {
		s := f.Section(want.Name)
		if s == nil {
			t.Errorf("no section %s", want.Name)
			continue
		}
		got, err := s.Data()
		if err != nil || !bytes.HasPrefix(got, want.Data) || s.VirtualSize != uint32(len(want.Data)) {
			t.Errorf("%s: %d bytes, %v", want.Name, len(got), err)
		}
	}
	if _, err := UKI(stub, make([]Section, 30)); err == nil {
		t.Error("more sections than there is room for")
	}
}

func FuzzUKI(f *testing.F) {
	f.Add([]byte("MZ"))
	b := make([]byte, 512)
	copy(b, "MZ")
	b[peOffset] = 64
	copy(b[64:], "PE\x00\x00")
	f.Add(b)
	f.Fuzz(func(_ *testing.T, stub []byte) { _, _ = UKI(stub, []Section{{".linux", []byte("x")}}) })
}

func TestBlobs_sayWhatToInstall(t *testing.T) {
	err := Blobs{Stub: "/no/a", Isolinux: "/no/b", Isohybrid: "/no/c", Ldlinux: "/no/d"}.Check()
	if err == nil || !strings.Contains(err.Error(), "/no/a is missing (package systemd-boot-efi)") || !strings.Contains(err.Error(), "syslinux-common") {
		t.Error(err)
	}
}
