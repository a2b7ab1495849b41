package btrfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrNoBtrfs says that a device holds no btrfs.
var ErrNoBtrfs = errors.New("no btrfs superblock")

// The superblock and its mirrors.
var superOffsets = [3]int64{64 << 10, 64 << 20, 256 << 30}

const (
	superSize  = 4096
	superMagic = "_BHRfS_M"
	offMagic   = 64
)

// Super is a device's superblock as far as pools need it.
type Super struct {
	UUID       UUID
	Label      string
	Generation uint64
	TotalBytes uint64
	Devices    uint64
}

// ReadSuper reads the first superblock of a device or image file.
func ReadSuper(r io.ReaderAt) (Super, error) {
	buf := make([]byte, superSize)
	if _, err := r.ReadAt(buf, superOffsets[0]); err != nil {
		if errors.Is(err, io.EOF) {
			return Super{}, ErrNoBtrfs
		}
		return Super{}, fmt.Errorf("read superblock: %w", err)
	}
	return parseSuper(buf)
}

func parseSuper(b []byte) (Super, error) {
	if len(b) < superSize || string(b[offMagic:offMagic+8]) != superMagic {
		return Super{}, ErrNoBtrfs
	}
	return Super{
		UUID:       UUID(b[32:48]),
		Generation: binary.LittleEndian.Uint64(b[72:]),
		TotalBytes: binary.LittleEndian.Uint64(b[112:]),
		Devices:    binary.LittleEndian.Uint64(b[136:]),
		Label:      cString(b[299 : 299+256]),
	}, nil
}

// WipeSuper removes every superblock from a device, so that nothing takes it
// for a file system any more.
func WipeSuper(f interface {
	io.ReaderAt
	io.WriterAt
},
) error {
	buf := make([]byte, superSize)
	for _, off := range superOffsets {
		if _, err := f.ReadAt(buf, off); err != nil {
			if errors.Is(err, io.EOF) {
				return nil // a small device has fewer mirrors
			}
			return fmt.Errorf("wipe superblock: %w", err)
		}
		if _, err := parseSuper(buf); err != nil {
			continue
		}
		if _, err := f.WriteAt(make([]byte, superSize), off); err != nil {
			return fmt.Errorf("wipe superblock: %w", err)
		}
	}
	return nil
}
