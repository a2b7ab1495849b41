package zstream

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// split cuts a sound stream into its records, payloads included.
func split(t testing.TB, stream []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for rest := stream; len(rest) > 0; {
		h := parseHeader(rest)
		n, err := h.payloadSize()
		if err != nil {
			t.Fatal(err)
		}
		end := headerSize + int(n)
		all = append(all, rest[:end:end])
		rest = rest[end:]
	}
	return all
}

// join makes a stream of records again, with checksums that fit.
func join(records [][]byte) []byte {
	var out []byte
	var state sum
	for _, r := range records {
		r = bytes.Clone(r)
		kind := binary.LittleEndian.Uint32(r)
		if kind == drrBegin {
			state = sum{}
			state.add(r[:headerSize])
		} else {
			if kind == drrEnd {
				state.put(r[8:])
			}
			state.add(r[:sumOffset])
			state.put(r[sumOffset:])
			state.add(r[sumOffset:headerSize])
		}
		state.add(r[headerSize:])
		out = append(out, r...)
	}
	return out
}

// verdict is what a receiver of the stream says, walking its tree too.
func verdict(stream []byte) error {
	records := NewReader(bytes.NewReader(stream))
	r := NewReceiver(checkStore{NewMemTable(), map[uint64][]byte{}})
	for {
		rec, err := records.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		begin, ok := rec.(*Begin)
		if !ok || begin.Compound {
			continue
		}
		if err := r.Apply(records, begin); err != nil {
			return err
		}
		if begin.Kind == VolumeSet {
			_, err = r.VolumeSize()
		} else {
			err = r.Walk(func(*Entry) error { return nil })
		}
		if err != nil {
			return err
		}
	}
}

// oneLine fails when a refusal is no single readable sentence.
func oneLine(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil && (strings.ContainsAny(err.Error(), "\n\x00") || len(err.Error()) > 600) {
		t.Errorf("%s: %d bytes: %.300q", what, len(err.Error()), err)
	}
}

// rich is a stream with every kind of file, table and place of attributes.
func rich(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	tree := Tree{w}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const root = FirstFile
	must(w.Begin(&Begin{
		Kind: FilesystemSet, Flags: FlagFree | FlagSpillBlock, Features: 1 << 2, ToGUID: 7, ToName: "p/a@s",
		Creation: 1700000000,
	}))
	must(tree.Head(root))
	at := time.Unix(1700000000, 5)
	entry := func(number uint64, mode uint32) *Entry {
		return &Entry{
			Object: number, Mode: mode, Links: 1, Parent: root, Generation: number,
			AccessTime: at, ModTime: at, ChangeTime: at, BirthTime: at, Xattrs: map[string][]byte{},
		}
	}
	many := make([]Name, 0, 80)
	many = append(many, Name{"dir", root + 1, 4}, Name{"file", root + 2, 8}, Name{"hard", root + 2, 8},
		Name{"link", root + 3, 10}, Name{"dev", root + 4, 2}, Name{"fifo", root + 5, 1}, Name{"xattr", root + 6, 8})
	must(tree.Directory(entry(root, 0o40755), many))
	var inner []Name
	for i := range 60 { // long names make the table a large one
		inner = append(inner, Name{fmt.Sprintf("%03d%s", i, strings.Repeat("n", 90)), root + 2, 8})
	}
	must(tree.Directory(entry(root+1, 0o40700), inner))
	file := entry(root+2, 0o100644)
	file.Size, file.Links = 1000, 62
	must(tree.File(file))
	tree.Block(root+2, TypeFile, 0, bytes.Repeat([]byte("content "), 128), false)
	link := entry(root+3, 0o120777)
	link.Target, link.Size = "/etc", 4
	must(tree.File(link))
	dev := entry(root+4, 0o20600)
	dev.Major, dev.Minor = 1, 3
	must(tree.File(dev))
	must(tree.File(entry(root+5, 0o10600)))
	x := entry(root+6, 0o100600)
	x.Xattrs["user.big"] = bytes.Repeat([]byte("v"), 700)
	must(tree.File(x))
	w.FreeObjects(root+7, math.MaxUint64-root-7)
	w.End()
	must(w.Flush())
	return b.Bytes()
}

func volume(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	if err := w.Begin(&Begin{Kind: VolumeSet, Flags: FlagFree, ToGUID: 9, ToName: "p/v@s"}); err != nil {
		t.Fatal(err)
	}
	tree := Tree{w}
	tree.Volume(4096)
	tree.Block(1, TypeVolume, 8192, bytes.Repeat([]byte{1}, 4096), false)
	if err := tree.VolumeEnd(1 << 20); err != nil {
		t.Fatal(err)
	}
	w.End()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unzipped(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	p, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sound is the streams that the tests below damage.
func sound(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"rich": rich(t), "volume": volume(t), "crafted": unzipped(t, "testdata/crafted-none.zsend.gz"),
		"empty": unzipped(t, "testdata/empty.zsend.gz"),
	}
}

func TestSound(t *testing.T) {
	for name, stream := range sound(t) {
		if err := verdict(stream); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := verdict(join(split(t, stream))); err != nil {
			t.Errorf("%s, joined again: %v", name, err)
		}
	}
}

// stride goes over every byte of a stream's first records, and over a sample of
// what follows.
func stride(n, size int) int {
	if n < 3*headerSize {
		return 1
	}
	return 1 + size/400
}

// A stream that ends early anywhere, or has any bit flipped, is refused.
func TestDamage_everywhere(t *testing.T) {
	for name, stream := range sound(t) {
		for n := 0; n < len(stream); n += stride(n, len(stream)) {
			if err := verdict(stream[:n]); err == nil {
				t.Fatalf("%s: cut at %d was taken", name, n)
			} else if n%97 == 0 {
				oneLine(t, name, err)
			}
			bad := bytes.Clone(stream)
			bad[n] ^= 1 << (n % 8)
			if err := verdict(bad); err == nil {
				t.Fatalf("%s: flip at %d was taken", name, n)
			} else if n%97 == 0 {
				oneLine(t, name, err)
			}
		}
	}
}

// What a liar writes has checksums that fit. Any value in any field of any
// record is taken or refused in one line, in no time, and never panics.
func TestLies_inEveryField(t *testing.T) {
	for name, stream := range sound(t) {
		records := split(t, stream)
		for i, r := range records {
			if i > 12 && i%9 != 0 { // more of the same kinds
				continue
			}
			for off := 4; off < sumOffset; off += 4 {
				if kind := binary.LittleEndian.Uint32(r); off >= 120 && kind != drrBegin || off > 400 {
					break
				}
				for _, v := range []uint32{0, 1, 3, 512, 1 << 16, 1<<31 - 1, 1 << 31, math.MaxUint32, binary.LittleEndian.Uint32(r[off:]) ^ 0x10} {
					lie := bytes.Clone(r)
					binary.LittleEndian.PutUint32(lie[off:], v)
					changed := append(append(append([][]byte{}, records[:i]...), lie), records[i+1:]...)
					oneLine(t, fmt.Sprintf("%s, record %d, field %d, value %#x", name, i, off, v), verdict(join(changed)))
				}
			}
		}
	}
}

// The same for what records carry: attributes, tables, directories.
func TestLies_inEveryPayload(t *testing.T) {
	for name, stream := range sound(t) {
		if len(stream) > 256<<10 {
			continue
		}
		records := split(t, stream)
		for i, r := range records {
			for off := headerSize; off < len(r) && off < headerSize+4096; off++ {
				if off > headerSize+128 && off%29 != 0 {
					continue
				}
				for _, v := range []byte{0, 0xff, r[off] ^ 1} {
					if v == r[off] {
						continue
					}
					lie := bytes.Clone(r)
					lie[off] = v
					changed := append(append(append([][]byte{}, records[:i]...), lie), records[i+1:]...)
					oneLine(t, fmt.Sprintf("%s, record %d, byte %d, value %#x", name, i, off-headerSize, v), verdict(join(changed)))
				}
			}
		}
	}
}

// Records that are left out, repeated or put elsewhere.
func TestLies_inTheOrder(t *testing.T) {
	for name, stream := range sound(t) {
		records := split(t, stream)
		for i := range records {
			without := append(append([][]byte{}, records[:i]...), records[i+1:]...)
			twice := append(append(append([][]byte{}, records[:i+1]...), records[i]), records[i+1:]...)
			oneLine(t, fmt.Sprintf("%s without record %d", name, i), verdict(join(without)))
			oneLine(t, fmt.Sprintf("%s with record %d twice", name, i), verdict(join(twice)))
			for j := range i {
				if (i+j)%11 != 0 {
					continue
				}
				swapped := append([][]byte{}, records...)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				oneLine(t, fmt.Sprintf("%s with records %d and %d swapped", name, i, j), verdict(join(swapped)))
			}
		}
	}
}

// FuzzLies changes any part of a stream and makes the checksums fit.
func FuzzLies(f *testing.F) {
	stream := rich(f)
	f.Add(uint16(3), uint16(8), []byte{0xff, 0xff})
	f.Add(uint16(9), uint16(340), []byte{0})
	f.Fuzz(func(t *testing.T, record, off uint16, change []byte) {
		records := split(t, stream)
		i := int(record) % len(records)
		lie := bytes.Clone(records[i])
		if int(off) < len(lie) {
			copy(lie[off:], change)
		}
		records[i] = lie
		oneLine(t, "fuzzed", verdict(join(records)))
	})
}
