package media

import (
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	isoSector  = 2048
	isoPVD     = 16
	isoBoot    = 17
	isoEnd     = 18
	isoCatalog = 19
	isoPathL   = 20
	isoPathM   = 21
	isoFirst   = 22 // of directories and files
)

// isoDir is a directory of the image; there is one level of them.
type isoDir struct {
	name    string // "" is the root
	files   []*isoFile
	sector  uint32
	parent  *isoDir
	ordinal int
}

type isoFile struct {
	File
	base   string
	sector uint32
}

// ISOOptions say what firmware starts.
type ISOOptions struct {
	Label string
	BIOS  string // file of isolinux; gets its table of where it lies
	EFI   string // file with a FAT that has an EFI program
	MBR   []byte // isohybrid's code, for the image as a stick
}

// ISO is an ISO 9660 image (level 2 names, in capitals) with El Torito entries
// for BIOS and UEFI, that boots as a stick too. Files lie in directories of one
// level.
func ISO(files []File, o ISOOptions) ([]byte, error) {
	dirs, err := isoTree(files)
	if err != nil {
		return nil, err
	}
	next := uint32(isoFirst)
	for _, d := range dirs {
		d.sector = next
		next++
	}
	var bios, efi *isoFile
	for _, d := range dirs {
		for _, f := range d.files {
			f.sector = next
			next += uint32(align(max(1, len(f.Data)), isoSector) / isoSector)
			switch f.Name {
			case o.BIOS:
				bios = f
			case o.EFI:
				efi = f
			}
		}
	}
	if bios == nil || efi == nil {
		return nil, fmt.Errorf("%s and %s must be among the image's files", o.BIOS, o.EFI)
	}
	total := align(int(next)*isoSector, 1<<20)
	w := isoImage{b: make([]byte, total), dirs: dirs}
	w.descriptors(o.Label)
	w.catalog(bios, efi)
	w.pathTables()
	for _, d := range dirs {
		if err := w.directory(d); err != nil {
			return nil, err
		}
		for _, f := range d.files {
			copy(w.at(f.sector), f.Data)
		}
	}
	bootTable(w.at(bios.sector)[:len(bios.Data)], bios.sector)
	return w.b, w.hybrid(o.MBR, bios, efi)
}

// isoTree sorts files into directories, the root first.
func isoTree(files []File) ([]*isoDir, error) {
	root := &isoDir{ordinal: 1}
	root.parent = root
	dirs := []*isoDir{root}
	for _, f := range files {
		dir, base := path.Split(strings.Trim(f.Name, "/"))
		dir = strings.ToUpper(strings.Trim(dir, "/"))
		base = strings.ToUpper(base) + ";1"
		if strings.Contains(dir, "/") || len(base) > 32 || len(dir) > 31 {
			return nil, fmt.Errorf("%q is no name for the ISO image", f.Name)
		}
		i := slices.IndexFunc(dirs, func(d *isoDir) bool { return d.name == dir })
		if i < 0 {
			i = len(dirs)
			dirs = append(dirs, &isoDir{name: dir, parent: root})
		}
		dirs[i].files = append(dirs[i].files, &isoFile{File: f, base: base})
	}
	slices.SortFunc(dirs, func(a, b *isoDir) int { return strings.Compare(a.name, b.name) })
	for i, d := range dirs {
		d.ordinal = i + 1
		slices.SortFunc(d.files, func(a, b *isoFile) int { return strings.Compare(a.base, b.base) })
	}
	return dirs, nil
}

type isoImage struct {
	b    []byte
	dirs []*isoDir
}

func (w *isoImage) at(sector uint32) []byte { return w.b[int64(sector)*isoSector:] }

// both writes a number in both orders of bytes, as ISO 9660 wants it.
func both32(b []byte, n uint32) {
	binary.LittleEndian.PutUint32(b, n)
	binary.BigEndian.PutUint32(b[4:], n)
}

func both16(b []byte, n uint16) {
	binary.LittleEndian.PutUint16(b, n)
	binary.BigEndian.PutUint16(b[2:], n)
}

func (w *isoImage) descriptors(label string) {
	p := w.at(isoPVD)
	copy(p, "\x01CD001\x01")
	copy(p[8:], fmt.Sprintf("%-32s%-32s", "LINUX", strings.ToUpper(label)))
	both32(p[80:], uint32(len(w.b)/isoSector))
	both16(p[120:], 1)
	both16(p[124:], 1)
	both16(p[128:], isoSector)
	both32(p[132:], uint32(len(w.pathTable(binary.LittleEndian))))
	binary.LittleEndian.PutUint32(p[140:], isoPathL)
	binary.BigEndian.PutUint32(p[148:], isoPathM)
	copy(p[156:], isoRecord("\x00", w.dirs[0].sector, isoSector, true))
	for i := 190; i < 813; i++ {
		p[i] = ' '
	}
	const never = "0000000000000000\x00"
	copy(p[813:], never+never+never+never)
	p[881] = 1

	e := w.at(isoBoot)
	copy(e, "\x00CD001\x01EL TORITO SPECIFICATION")
	binary.LittleEndian.PutUint32(e[71:], isoCatalog)
	copy(w.at(isoEnd), "\xffCD001\x01")
}

// catalog is El Torito's: isolinux for BIOS, a FAT for UEFI.
func (w *isoImage) catalog(bios, efi *isoFile) {
	c := w.at(isoCatalog)
	le := binary.LittleEndian
	c[0] = 1
	copy(c[4:], "smartbox")
	c[30], c[31] = 0x55, 0xaa
	sum := uint16(0)
	for i := 0; i < 32; i += 2 {
		sum += le.Uint16(c[i:])
	}
	le.PutUint16(c[28:], -sum)
	entry := func(b []byte, sectors uint16, lba uint32) {
		b[0] = 0x88
		le.PutUint16(b[6:], sectors)
		le.PutUint32(b[8:], lba)
	}
	entry(c[32:], 4, bios.sector)
	c[64], c[65], c[66] = 0x91, 0xef, 1
	count := len(efi.Data) / fatSector
	if count > 0xffff { // then firmware takes the file system's own word
		count = 0
	}
	entry(c[96:], uint16(count), efi.sector)
}

func (w *isoImage) pathTable(order binary.ByteOrder) []byte {
	var t []byte
	for _, d := range w.dirs {
		name := d.name
		if name == "" {
			name = "\x00"
		}
		e := make([]byte, 8, 8+len(name)+1)
		e[0] = byte(len(name))
		order.PutUint32(e[2:], d.sector)
		order.PutUint16(e[6:], uint16(d.parent.ordinal))
		e = append(e, name...)
		if len(name)%2 == 1 {
			e = append(e, 0)
		}
		t = append(t, e...)
	}
	return t
}

func (w *isoImage) pathTables() {
	copy(w.at(isoPathL), w.pathTable(binary.LittleEndian))
	copy(w.at(isoPathM), w.pathTable(binary.BigEndian))
}

func (w *isoImage) directory(d *isoDir) error {
	b := slices.Concat(isoRecord("\x00", d.sector, isoSector, true), isoRecord("\x01", d.parent.sector, isoSector, true))
	type named struct {
		name   string
		record []byte
	}
	var all []named
	if d.name == "" {
		for _, sub := range w.dirs[1:] {
			all = append(all, named{sub.name, isoRecord(sub.name, sub.sector, isoSector, true)})
		}
	}
	for _, f := range d.files {
		all = append(all, named{f.base, isoRecord(f.base, f.sector, uint32(len(f.Data)), false)})
	}
	slices.SortFunc(all, func(a, b named) int { return strings.Compare(a.name, b.name) })
	for _, n := range all {
		b = append(b, n.record...)
	}
	if len(b) > isoSector {
		return fmt.Errorf("the ISO image's directory %s has too many files", d.name)
	}
	copy(w.at(d.sector), b)
	return nil
}

func isoRecord(name string, sector, size uint32, dir bool) []byte {
	r := make([]byte, align(33+len(name), 2))
	r[0] = byte(len(r))
	both32(r[2:], sector)
	both32(r[10:], size)
	copy(r[18:], []byte{80, 1, 1, 0, 0, 0, 0}) // 1980-01-01
	if dir {
		r[25] = 2
	}
	both16(r[28:], 1)
	r[32] = byte(len(name))
	copy(r[33:], name)
	return r
}

// bootTable tells isolinux where it lies.
func bootTable(program []byte, sector uint32) {
	if len(program) < 64 {
		return
	}
	le := binary.LittleEndian
	sum := uint32(0)
	for i := 64; i < len(program); i += 4 {
		word := make([]byte, 4)
		copy(word, program[i:])
		sum += le.Uint32(word)
	}
	le.PutUint32(program[8:], isoPVD)
	le.PutUint32(program[12:], sector)
	le.PutUint32(program[16:], uint32(len(program)))
	le.PutUint32(program[20:], sum)
	clear(program[24:64])
}

// hybrid makes the image a disk, too.
func (w *isoImage) hybrid(code []byte, bios, efi *isoFile) error {
	if len(code) == 0 {
		return nil
	}
	if len(code) > 432 {
		return fmt.Errorf("the stick's boot code has %d bytes; 432 fit", len(code))
	}
	le := binary.LittleEndian
	copy(w.b, code)
	le.PutUint64(w.b[432:], uint64(bios.sector)*4)
	copy(w.b[440:], "smbx")
	entry := func(n int, active, kind byte, start, count uint32) {
		e := w.b[446+16*n:]
		e[0], e[4] = active, kind
		e[1], e[2], e[3] = 0xfe, 0xff, 0xff
		e[5], e[6], e[7] = 0xfe, 0xff, 0xff
		le.PutUint32(e[8:], start)
		le.PutUint32(e[12:], count)
	}
	entry(0, 0x80, 0x17, 0, uint32(len(w.b)/fatSector))
	entry(1, 0, 0xef, efi.sector*4, uint32(len(efi.Data)/fatSector))
	w.b[510], w.b[511] = 0x55, 0xaa
	return nil
}
