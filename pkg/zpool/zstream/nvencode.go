package zstream

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// Sizes of the structures that a kernel unpacks a pair into: it checks them.
const (
	nvpairSize = 16
	nvlistSize = 24
)

// Pack writes a list in the portable encoding, names in order, so that equal
// lists are equal bytes.
func (list Nvlist) Pack() ([]byte, error) {
	return list.append([]byte{1, 1, 0, 0})
}

func (list Nvlist) append(p []byte) ([]byte, error) {
	be := binary.BigEndian
	p = be.AppendUint32(p, 0) // version
	p = be.AppendUint32(p, 1) // names are unique
	for _, name := range slices.Sorted(maps.Keys(list)) {
		kind, count, size, value, err := packValue(list[name])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		head := appendXDR(nil, []byte(name))
		head = be.AppendUint32(head, kind)
		head = be.AppendUint32(head, count)
		p = be.AppendUint32(p, uint32(8+len(head)+len(value)))
		p = be.AppendUint32(p, uint32(roundUp8(uint64(nvpairSize+len(name)+1))+roundUp8(size)))
		p = append(append(p, head...), value...)
	}
	return append(p, make([]byte, 8)...), nil
}

// packValue is a value's type, number of elements, size in memory and bytes.
func packValue(v any) (kind, count uint32, size uint64, p []byte, err error) {
	be := binary.BigEndian
	switch v := v.(type) {
	case bool: // an attribute that is there, or a value
		if v {
			return nvBoolean, 0, 0, nil, nil
		}
		return nvBooleanValue, 1, 4, be.AppendUint32(nil, 0), nil
	case uint64:
		return nvUint64, 1, 8, be.AppendUint64(nil, v), nil
	case string:
		return nvString, 1, uint64(len(v) + 1), appendXDR(nil, []byte(v)), nil
	case []byte:
		n := len(v)
		return nvByteArray, uint32(n), uint64(n), append(slices.Clone(v), make([]byte, -n&3)...), nil
	case Nvlist:
		p, err = v.append(nil)
		return nvList, 1, nvlistSize, p, err
	}
	return 0, 0, 0, nil, fmt.Errorf("%w: values of type %T are not packed", errNvlist, v)
}

// appendXDR writes a length and that many bytes, padded to 4.
func appendXDR(p, s []byte) []byte {
	p = binary.BigEndian.AppendUint32(p, uint32(len(s)))
	return append(append(p, s...), make([]byte, -len(s)&3)...)
}
