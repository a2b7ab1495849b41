package zstream

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Compression numbers as they stand in a stream.
const (
	compressOff   = 2
	compressLZJB  = 3
	compressGzip1 = 5
	compressGzip9 = 13
	compressZLE   = 14
	compressLZ4   = 15
	compressZstd  = 16
)

// errCorrupt is the reason of every block that does not unpack.
var errCorrupt = errors.New("the data is corrupt")

// codec unpacks blocks into one buffer that it reuses.
type codec struct {
	buf  []byte
	zstd *zstd.Decoder
}

// block returns the size bytes that src unpacks to.
func (c *codec) block(alg uint8, size uint64, src []byte) ([]byte, error) {
	if alg <= compressOff {
		if uint64(len(src)) != size {
			return nil, fmt.Errorf("block of %d bytes comes with %d", size, len(src))
		}
		return src, nil
	}
	if uint64(cap(c.buf)) < size {
		c.buf = make([]byte, size)
	}
	dst := c.buf[:size]
	name, err := c.unpack(alg, dst, src)
	if err != nil {
		return nil, fmt.Errorf("unpack %s block of %d bytes: %w", name, size, err)
	}
	return dst, nil
}

// unpack fills dst from src, or tells why it cannot.
func (c *codec) unpack(alg uint8, dst, src []byte) (string, error) {
	switch {
	case alg == compressLZJB:
		return "lzjb", unpackLZJB(dst, src)
	case alg >= compressGzip1 && alg <= compressGzip9:
		return "gzip", unpackGzip(dst, src)
	case alg == compressZLE:
		return "zle", unpackZLE(dst, src)
	case alg == compressLZ4:
		body, err := sized(src, 4)
		if err != nil {
			return "lz4", err
		}
		return "lz4", unpackLZ4(dst, body)
	case alg == compressZstd:
		return "zstd", c.unpackZstd(dst, src)
	}
	return fmt.Sprintf("number %d", alg), errors.New("the compression is not known")
}

// sized cuts src to the big-endian length before its head of that many bytes;
// what follows is padding.
func sized(src []byte, head int) ([]byte, error) {
	if len(src) < head {
		return nil, errCorrupt
	}
	n := binary.BigEndian.Uint32(src)
	if uint64(n) > uint64(len(src)-head) {
		return nil, errCorrupt
	}
	return src[head : head+int(n)], nil
}

func unpackGzip(dst, src []byte) error {
	z, err := zlib.NewReader(bytes.NewReader(src))
	if err != nil {
		return fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if _, err := io.ReadFull(z, dst); err != nil {
		return fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if n, err := z.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return errCorrupt
	}
	return nil
}

// zstdMagic is what ZFS leaves off the front of its frames.
var zstdMagic = [4]byte{0x28, 0xb5, 0x2f, 0xfd}

func (c *codec) unpackZstd(dst, src []byte) error {
	body, err := sized(src, 8)
	if err != nil {
		return err
	}
	if c.zstd == nil {
		c.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock))
		if err != nil {
			return fmt.Errorf("start zstd: %w", err)
		}
	}
	out, err := c.zstd.DecodeAll(append(zstdMagic[:], body...), dst[:0])
	if err != nil {
		return fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if len(out) != len(dst) {
		return errCorrupt
	}
	copy(dst, out) // the same memory, unless the decoder had to move
	return nil
}
