package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Section is a part of a unified kernel image.
type Section struct {
	Name string
	Data []byte
}

// Offsets in a PE file, and what a section table's entry says of ours.
const (
	peOffset     = 0x3c
	coffSize     = 24 // with the signature
	sectionSize  = 40
	vmaAlign     = 4096
	fileAlign    = 512
	readableData = 0x40000040
)

var errNotPE = errors.New("the EFI stub is not a PE program")

// UKI adds sections to an EFI stub, which finds kernel, initramfs and command
// line in them.
func UKI(stub []byte, sections []Section) ([]byte, error) {
	le := binary.LittleEndian
	if len(stub) < peOffset+4 || !bytes.HasPrefix(stub, []byte("MZ")) {
		return nil, errNotPE
	}
	pe := int(le.Uint32(stub[peOffset:]))
	if pe < 0 || pe+coffSize > len(stub) || string(stub[pe:pe+4]) != "PE\x00\x00" {
		return nil, errNotPE
	}
	count := int(le.Uint16(stub[pe+6:]))
	optional := pe + coffSize
	table := optional + int(le.Uint16(stub[pe+20:]))
	end := table + (count+len(sections))*sectionSize
	if table < optional+64 || end > len(stub) {
		return nil, errNotPE
	}
	if headers := int(le.Uint32(stub[optional+60:])); end > headers {
		return nil, fmt.Errorf("the EFI stub has no room for %d sections", len(sections))
	}
	vma := 0
	for i := range count {
		s := stub[table+i*sectionSize:]
		vma = max(vma, int(le.Uint32(s[12:]))+int(le.Uint32(s[8:])))
	}
	out := bytes.NewBuffer(bytes.Clone(stub))
	header := out.Bytes()[table+count*sectionSize : end]
	if len(bytes.Trim(header, "\x00")) > 0 {
		return nil, errors.New("the EFI stub has no room for sections")
	}
	entries := make([]byte, 0, len(header))
	for _, s := range sections {
		vma = align(vma, vmaAlign)
		pad(out, fileAlign)
		entry := make([]byte, sectionSize)
		copy(entry[:8], s.Name)
		le.PutUint32(entry[8:], uint32(len(s.Data)))
		le.PutUint32(entry[12:], uint32(vma))
		le.PutUint32(entry[16:], uint32(align(len(s.Data), fileAlign)))
		le.PutUint32(entry[20:], uint32(out.Len()))
		le.PutUint32(entry[36:], readableData)
		entries = append(entries, entry...)
		out.Write(s.Data)
		vma += len(s.Data)
	}
	pad(out, fileAlign)
	image := out.Bytes()
	copy(image[table+count*sectionSize:], entries)
	le.PutUint16(image[pe+6:], uint16(count+len(sections)))
	le.PutUint32(image[optional+56:], uint32(align(vma, vmaAlign)))
	le.PutUint32(image[optional+64:], 0) // the checksum is of the stub
	return image, nil
}

func align(n, to int) int { return (n + to - 1) / to * to }

// pad fills b with zeros to a multiple.
func pad(b *bytes.Buffer, to int) {
	b.Write(make([]byte, align(b.Len(), to)-b.Len()))
}
