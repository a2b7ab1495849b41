package media

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"
)

const (
	gptEntries = 128
	gptEntry   = 128
	gptFirst   = 2048 // sector of the first partition
	gptTail    = 33   // sectors of the copy at the end
)

// espType is the GUID of EFI system partitions, as it lies on a disk.
var espType = [16]byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}

// GPT is a disk with one EFI system partition that holds fat. Its GUIDs come
// from seed.
func GPT(fat []byte, seed string) []byte {
	sectors := uint64(len(fat)) / fatSector
	total := align(int(gptFirst+sectors+gptTail), 2048)
	disk := make([]byte, total*fatSector)
	copy(disk[gptFirst*fatSector:], fat)
	le := binary.LittleEndian

	entries := make([]byte, gptEntries*gptEntry)
	copy(entries, espType[:])
	copy(entries[16:], guid(seed+" partition"))
	le.PutUint64(entries[32:], gptFirst)
	le.PutUint64(entries[40:], gptFirst+sectors-1)
	for i, c := range utf16.Encode([]rune("smartbox")) {
		le.PutUint16(entries[56+2*i:], c)
	}
	last := uint64(total - 1)
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
	copy(disk[fatSector:], header(1, last, 2))
	copy(disk[2*fatSector:], entries)
	copy(disk[(last-gptTail+1)*fatSector:], entries)
	copy(disk[last*fatSector:], header(last, 1, last-gptTail+1))

	// The protective MBR.
	mbr := disk[446:462]
	mbr[2], mbr[4] = 2, 0xee
	mbr[5], mbr[6], mbr[7] = 0xff, 0xff, 0xff
	le.PutUint32(mbr[8:], 1)
	le.PutUint32(mbr[12:], uint32(last))
	disk[510], disk[511] = 0x55, 0xaa
	return disk
}

// guid makes a random-looking GUID of a text.
func guid(seed string) []byte {
	sum := sha256.Sum256([]byte(seed))
	g := sum[:16]
	g[7] = g[7]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}
