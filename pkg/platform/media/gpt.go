package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"unicode/utf16"
)

const (
	gptEntries = 128
	gptEntry   = 128
	gptFirst   = 2048 // sector of the first partition
	gptTail    = 33   // sectors of the copy at the end
)

// Kinds of partitions: their GUIDs as they lie on a disk.
var (
	espType  = [16]byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}
	dataType = [16]byte{0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4}
)

// Partition is a part of a disk, in sectors of 512 bytes.
type Partition struct {
	Name        string
	ESP         bool
	First, Last uint64
}

// GPT is a disk with one EFI system partition that holds fat. Its GUIDs come
// from seed.
func GPT(fat []byte, seed string) []byte {
	sectors := uint64(len(fat)) / fatSector
	total := align(int(gptFirst+sectors+gptTail), 2048)
	disk := make([]byte, total*fatSector)
	copy(disk[gptFirst*fatSector:], fat)
	head, tail := Tables(uint64(total), seed, []Partition{{Name: "smartbox", ESP: true, First: gptFirst, Last: gptFirst + sectors - 1}})
	copy(disk, head)
	copy(disk[len(disk)-len(tail):], tail)
	return disk
}

// Tables is what a disk of some sectors begins and ends with to have the
// partitions. Its GUIDs come from seed.
func Tables(sectors uint64, seed string, parts []Partition) (head, tail []byte) {
	le := binary.LittleEndian
	entries := make([]byte, gptEntries*gptEntry)
	for i, p := range parts {
		e := entries[i*gptEntry:]
		kind, id := dataType, seed+" partition "+p.Name
		if p.ESP {
			kind, id = espType, seed+" partition"
		}
		copy(e, kind[:])
		copy(e[16:], guid(id))
		le.PutUint64(e[32:], p.First)
		le.PutUint64(e[40:], p.Last)
		for i, c := range utf16.Encode([]rune(p.Name)) {
			le.PutUint16(e[56+2*i:], c)
		}
	}
	last := sectors - 1
	header := func(here, other, table uint64) []byte {
		h := make([]byte, 92)
		copy(h, "EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00")
		le.PutUint64(h[24:], here)
		le.PutUint64(h[32:], other)
		le.PutUint64(h[40:], 34)
		le.PutUint64(h[48:], last-gptTail)
		copy(h[56:], guid(seed+" disk"))
		le.PutUint64(h[72:], table)
		le.PutUint32(h[80:], gptEntries)
		le.PutUint32(h[84:], gptEntry)
		le.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
		le.PutUint32(h[16:], crc32.ChecksumIEEE(h))
		return h
	}
	head = make([]byte, (2+gptEntries*gptEntry/fatSector)*fatSector)
	protect(head, last)
	copy(head[fatSector:], header(1, last, 2))
	copy(head[2*fatSector:], entries)
	tail = make([]byte, gptTail*fatSector)
	copy(tail, entries)
	copy(tail[(gptTail-1)*fatSector:], header(last, 1, last-gptTail+1))
	return head, tail
}

// protect writes the MBR that keeps those off who know no GPT.
func protect(disk []byte, last uint64) {
	le := binary.LittleEndian
	mbr := disk[446:462]
	mbr[2], mbr[4] = 2, 0xee
	mbr[5], mbr[6], mbr[7] = 0xff, 0xff, 0xff
	le.PutUint32(mbr[8:], 1)
	le.PutUint32(mbr[12:], uint32(min(last, 0xffffffff)))
	disk[510], disk[511] = 0x55, 0xaa
}

// errNoGPT says that a disk has no partitions of this kind.
var errNoGPT = errors.New("the disk has no GUID partition table")

// ReadGPT lists the partitions of a disk, the n-th at n-1; those not in use are
// zero.
func ReadGPT(disk io.ReaderAt) ([]Partition, error) {
	le := binary.LittleEndian
	head := make([]byte, 34*fatSector)
	if _, err := disk.ReadAt(head, 0); err != nil {
		return nil, err
	}
	h := head[fatSector:]
	if string(h[:8]) != "EFI PART" || le.Uint64(h[72:]) != 2 || le.Uint32(h[84:]) != gptEntry || le.Uint32(h[80:]) > gptEntries {
		return nil, errNoGPT
	}
	entries := head[2*fatSector:][:le.Uint32(h[80:])*gptEntry]
	if crc32.ChecksumIEEE(entries) != le.Uint32(h[88:]) {
		return nil, errors.New("the disk's partition table is damaged")
	}
	var parts []Partition
	for ; len(entries) > 0; entries = entries[gptEntry:] {
		p := Partition{ESP: bytes.Equal(entries[:16], espType[:]), First: le.Uint64(entries[32:]), Last: le.Uint64(entries[40:])}
		var name []uint16
		for i := 56; i < gptEntry && le.Uint16(entries[i:]) != 0; i += 2 {
			name = append(name, le.Uint16(entries[i:]))
		}
		p.Name = string(utf16.Decode(name))
		parts = append(parts, p)
	}
	return parts, nil
}

// guid makes a random-looking GUID of a text.
func guid(seed string) []byte {
	sum := sha256.Sum256([]byte(seed))
	g := sum[:16]
	g[7] = g[7]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}
