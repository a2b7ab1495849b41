package zstream

import (
	"bytes"
	"errors"
	"testing"
)

func TestUnpack(t *testing.T) {
	for _, c := range []struct {
		name string
		alg  uint8
		src  string
		want string
	}{
		{"zle literals", compressZLE, "\x02abc", "abc"},
		{"zle zeros", compressZLE, "\x00a\x42", "a\x00\x00\x00"},
		{"lzjb literals", compressLZJB, "\x00abc", "abc"},
		{"lzjb match", compressLZJB, "\x02a\x00\x01", "aaaa"},
		{"lz4 literals", compressLZ4, "\x00\x00\x00\x04\x30abc\x00\x00", "abc"},
		{"lz4 match", compressLZ4, "\x00\x00\x00\x04\x10a\x01\x00", "aaaaa"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := new(codec).block(c.alg, uint64(len(c.want)), []byte(c.src))
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		alg  uint8
		size uint64
		src  string
	}{
		{"zle short", compressZLE, 4, "\x02ab"},
		{"lzjb before start", compressLZJB, 8, "\x02a\x00\x02"},
		{"lzjb distance zero", compressLZJB, 8, "\x02a\x00\x00"},
		{"lz4 longer than its block", compressLZ4, 2, "\x00\x00\x00\x04\x30abc"},
		{"lz4 shorter than its block", compressLZ4, 4, "\x00\x00\x00\x04\x30abc"},
		{"lz4 length beyond payload", compressLZ4, 4, "\xff\x00\x00\x04\x30abc"},
		{"lz4 before start", compressLZ4, 5, "\x00\x00\x00\x04\x10a\x02\x00"},
		{"gzip", compressGzip1, 4, "nonsense"},
		{"zstd", compressZstd, 4, "\x00\x00\x00\x04\x00\x00\x00\x00abcd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := new(codec).block(c.alg, c.size, []byte(c.src)); !errors.Is(err, errCorrupt) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	for _, alg := range []uint8{compressLZJB, compressGzip1, compressZLE, compressLZ4, compressZstd} {
		f.Add(alg, uint16(5), []byte("\x00\x00\x00\x04\x10a\x01\x00"))
	}
	f.Fuzz(func(t *testing.T, alg uint8, size uint16, src []byte) {
		before := bytes.Clone(src)
		got, err := new(codec).block(alg, uint64(size), src)
		if err == nil && len(got) != int(size) {
			t.Errorf("%d bytes instead of %d", len(got), size)
		}
		if !bytes.Equal(src, before) {
			t.Error("the source was changed")
		}
	})
}
