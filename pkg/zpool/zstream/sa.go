package zstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

const saMagic = 0x2F505A

// saTables tell where a dataset's system attributes lie. Their numbers are
// the dataset's own, so only the names of the registry may be relied on.
type saTables struct {
	attrs   map[uint16]saAttr
	layouts map[uint16][]uint16
}

type saAttr struct {
	name   string
	length uint16 // 0 for variable ones
}

// register takes in an entry of the registry.
func (t *saTables) register(name string, v zapValue) error {
	n, err := v.number()
	if err != nil {
		return err
	}
	t.attrs[uint16(n)] = saAttr{name: name, length: uint16(n >> 24)}
	return nil
}

// layout takes in an entry of the layouts: the order of attributes.
func (t *saTables) layout(name string, v zapValue) error {
	number, err := strconv.ParseUint(name, 10, 16)
	if err != nil || v.width != 2 {
		return fmt.Errorf("layout %q is corrupt", name)
	}
	order := make([]uint16, len(v.data)/2)
	for i := range order {
		order[i] = binary.BigEndian.Uint16(v.data[2*i:])
	}
	t.layouts[uint16(number)] = order
	return nil
}

var errSA = errors.New("system attributes are corrupt")

// decode calls fn for each attribute in a bonus or a spill block.
func (t *saTables) decode(p []byte, fn func(name string, value []byte)) error {
	le := binary.LittleEndian
	if len(p) < 8 || le.Uint32(p) != saMagic {
		return errSA
	}
	info := le.Uint16(p[4:])
	size := int(info>>10) * 8
	order, known := t.layouts[info&0x3ff]
	if !known || size < 8 || size > len(p) {
		return fmt.Errorf("%w: layout %d", errSA, info&0x3ff)
	}
	lengths, data := p[6:size], p[size:]
	for _, number := range order {
		attr, known := t.attrs[number]
		if !known {
			return fmt.Errorf("%w: attribute %d", errSA, number)
		}
		n := int(attr.length)
		if n == 0 {
			if len(lengths) < 2 {
				return errSA
			}
			n, lengths = int(le.Uint16(lengths)), lengths[2:]
		}
		if n > len(data) {
			return errSA
		}
		fn(attr.name, data[:n])
		data = data[min(int(roundUp8(uint64(n))), len(data)):]
	}
	return nil
}
