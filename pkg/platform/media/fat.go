package media

import (
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

// File is a file of an image; its name has slashes and, on FAT, at most eight
// letters, a dot and three.
type File struct {
	Name string
	Data []byte
}

const (
	fatSector   = 512
	fatReserved = 32
	fatMin      = 65525 + 64 // clusters; with fewer it would not be FAT32
	fatEnd      = 0x0fffffff
	fatDir      = 0x10
	fatArchive  = 0x20
	fatEntry    = 32
)

// fatNode is a file or directory in the making.
type fatNode struct {
	name     string // 8.3, padded, without the dot
	data     []byte
	dir      bool
	children []*fatNode
	cluster  uint32
}

// FAT is a FAT32 file system with the files, of at least size bytes. hidden is
// the sector of the disk where it will lie; serial is its number.
func FAT(files []File, size int64, hidden, serial uint32) ([]byte, error) {
	root := &fatNode{dir: true}
	for _, f := range files {
		if err := root.add(f); err != nil {
			return nil, err
		}
	}
	need := root.clusters(1) // with one sector each, the most there can be
	data := max(int64(need)+64, size/fatSector, fatMin)
	perCluster := uint32(1)
	for data/int64(perCluster*2) > fatMin && perCluster < 64 {
		perCluster *= 2
	}
	count := uint32(data) / perCluster
	fatSectors := ((count+2)*4 + fatSector - 1) / fatSector
	total := fatReserved + 2*fatSectors + count*perCluster
	v := &fatVolume{
		image: make([]byte, int64(total)*fatSector), perCluster: perCluster, fatSectors: fatSectors,
		fat: []uint32{0x0ffffff8, fatEnd},
	}
	v.write(root, root)
	if uint32(len(v.fat)) > count+2 {
		return nil, fmt.Errorf("the files do not fit a FAT of %d clusters", count)
	}
	v.boot(total, hidden, serial, count)
	return v.image, nil
}

// add puts a file below a directory.
func (n *fatNode) add(f File) error {
	dir, base := path.Split(strings.Trim(f.Name, "/"))
	at := n
	for d := range strings.SplitSeq(strings.Trim(dir, "/"), "/") {
		if d == "" {
			continue
		}
		short, err := shortName(d)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(at.children, func(c *fatNode) bool { return c.name == short })
		if i < 0 {
			i = len(at.children)
			at.children = append(at.children, &fatNode{name: short, dir: true})
		}
		at = at.children[i]
	}
	short, err := shortName(base)
	if err != nil {
		return err
	}
	at.children = append(at.children, &fatNode{name: short, data: f.Data})
	return nil
}

// shortName is the eleven letters of a name in 8.3.
func shortName(name string) (string, error) {
	base, ext, _ := strings.Cut(strings.ToUpper(name), ".")
	if base == "" || len(base) > 8 || len(ext) > 3 || strings.ContainsAny(base+ext, ".\"*+,/:;<=>?[\\]| ") {
		return "", fmt.Errorf("%q is no name for a FAT: eight letters, a dot and three", name)
	}
	return fmt.Sprintf("%-8s%-3s", base, ext), nil
}

// size of a node's content in bytes.
func (n *fatNode) size() int {
	if n.dir {
		return (len(n.children) + 3) * fatEntry // with . and .. and an end
	}
	return len(n.data)
}

// clusters of a node and all below.
func (n *fatNode) clusters(perCluster int) int {
	sum := max(1, align(n.size(), perCluster*fatSector)/(perCluster*fatSector))
	for _, c := range n.children {
		sum += c.clusters(perCluster)
	}
	return sum
}

type fatVolume struct {
	image      []byte
	perCluster uint32
	fatSectors uint32
	fat        []uint32
}

// write places a node, children after it, in clusters one after the other.
func (v *fatVolume) write(n, parent *fatNode) {
	n.cluster = uint32(len(v.fat))
	if !n.dir && len(n.data) == 0 {
		n.cluster = 0
		return
	}
	bytes := int(v.perCluster) * fatSector
	for i := range align(n.size(), bytes) / bytes {
		v.fat = append(v.fat, n.cluster+uint32(i)+1)
	}
	v.fat[len(v.fat)-1] = fatEnd
	if !n.dir {
		copy(v.at(n.cluster), n.data)
		return
	}
	for _, c := range n.children {
		v.write(c, n)
	}
	copy(v.at(n.cluster), n.entries(parent))
}

func (v *fatVolume) at(cluster uint32) []byte {
	sector := fatReserved + 2*v.fatSectors + (cluster-2)*v.perCluster
	if int64(sector)*fatSector >= int64(len(v.image)) {
		return nil // FAT tells that it does not fit
	}
	return v.image[int64(sector)*fatSector:]
}

// entries is a directory's content.
func (n *fatNode) entries(parent *fatNode) []byte {
	var b []byte
	put := func(name string, c *fatNode, cluster uint32) {
		e := make([]byte, fatEntry)
		copy(e, name)
		e[11] = fatArchive
		if c.dir {
			e[11] = fatDir
		} else {
			binary.LittleEndian.PutUint32(e[28:], uint32(len(c.data)))
		}
		binary.LittleEndian.PutUint16(e[16:], fatDate)
		binary.LittleEndian.PutUint16(e[18:], fatDate)
		binary.LittleEndian.PutUint16(e[24:], fatDate)
		binary.LittleEndian.PutUint16(e[20:], uint16(cluster>>16))
		binary.LittleEndian.PutUint16(e[26:], uint16(cluster))
		b = append(b, e...)
	}
	if n != parent {
		up := parent.cluster
		if up == 2 { // the root is written as none
			up = 0
		}
		put(".          ", n, n.cluster)
		put("..         ", parent, up)
	}
	for _, c := range n.children {
		put(c.name, c, c.cluster)
	}
	return b
}

// fatDate is 1980-01-01, the first that there is.
const fatDate = 1<<5 | 1

// boot writes the boot sector, its copy, and both tables.
func (v *fatVolume) boot(total, hidden, serial, count uint32) {
	le := binary.LittleEndian
	b := make([]byte, fatSector)
	copy(b, "\xeb\x58\x90SMARTBOX")
	le.PutUint16(b[11:], fatSector)
	b[13] = byte(v.perCluster)
	le.PutUint16(b[14:], fatReserved)
	b[16] = 2
	b[21] = 0xf8
	le.PutUint16(b[24:], 32)
	le.PutUint16(b[26:], 64)
	le.PutUint32(b[28:], hidden)
	le.PutUint32(b[32:], total)
	le.PutUint32(b[36:], v.fatSectors)
	le.PutUint32(b[44:], 2) // the root's cluster
	le.PutUint16(b[48:], 1)
	le.PutUint16(b[50:], 6)
	b[64], b[66] = 0x80, 0x29
	le.PutUint32(b[67:], serial)
	copy(b[71:], "SMARTBOX   FAT32   ")
	b[510], b[511] = 0x55, 0xaa
	info := make([]byte, fatSector)
	copy(info, "RRaA")
	copy(info[484:], "rrAa")
	le.PutUint32(info[488:], count+2-uint32(len(v.fat)))
	le.PutUint32(info[492:], uint32(len(v.fat)))
	info[510], info[511] = 0x55, 0xaa
	for _, at := range []int{0, 6} {
		copy(v.image[at*fatSector:], b)
		copy(v.image[(at+1)*fatSector:], info)
	}
	for i := range uint32(2) {
		table := v.image[(fatReserved+i*v.fatSectors)*fatSector:]
		for j, next := range v.fat {
			le.PutUint32(table[4*j:], next)
		}
	}
}
