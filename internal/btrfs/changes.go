package btrfs

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"
)

// ChangeOp is what one change does.
type ChangeOp uint16

// The changes, as the kernel's send stream numbers them.
const (
	OpMkfile  ChangeOp = 3
	OpMkdir   ChangeOp = 4
	OpMknod   ChangeOp = 5
	OpMkfifo  ChangeOp = 6
	OpMksock  ChangeOp = 7
	OpSymlink ChangeOp = 8
	OpRename  ChangeOp = 9
	OpLink    ChangeOp = 10
	OpUnlink  ChangeOp = 11
	OpRmdir   ChangeOp = 12
	OpUtimes  ChangeOp = 20
	opEnd     ChangeOp = 21
)

// Change is one step from a snapshot to a later one. Steps that change a file's
// content or attributes have other numbers than those above.
type Change struct {
	Op   ChangeOp
	Path string // of the tree as the steps before have left it, empty for its root
	To   string // new name of OpRename, existing file of OpLink
}

// Changes lets the kernel compare two read-only subvolumes, to and the one with
// the id from, and calls each for every step that leads from one to the other.
func Changes(to *os.File, from uint64, each func(Change) error) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		err := send(to, from, w)
		w.Close()
		done <- err
	}()
	err = parseChanges(r, each)
	r.Close()
	if sendErr := <-done; sendErr != nil && (err == nil || errors.Is(err, io.ErrUnexpectedEOF)) {
		err = sendErr
	}
	return err
}

func send(to *os.File, from uint64, w *os.File) error {
	const noFileData = 1
	a := &struct {
		fd        int64
		sources   uint64
		sourceIDs uint64 // an address
		parent    uint64
		flags     uint64
		version   uint32
		_         [28]byte
	}{fd: int64(w.Fd()), parent: from, flags: noFileData}
	return call(to, "compare subvolumes", code(dirWrite, 38, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

var errStream = errors.New("the kernel's list of changes is not understood")

const (
	changesMagic = "btrfs-stream\x00"
	maxCommand   = 1 << 20
)

// parseChanges reads a send stream: a header, then commands of attributes.
func parseChanges(r io.Reader, each func(Change) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	head := make([]byte, len(changesMagic)+4)
	if _, err := io.ReadFull(in, head); err != nil {
		return unexpected(err)
	}
	if string(head[:len(changesMagic)]) != changesMagic {
		return errStream
	}
	var body []byte
	for {
		var h [10]byte // length, command, checksum
		if _, err := io.ReadFull(in, h[:]); err != nil {
			return unexpected(err)
		}
		size, op := binary.LittleEndian.Uint32(h[:]), ChangeOp(binary.LittleEndian.Uint16(h[4:]))
		if size > maxCommand {
			return fmt.Errorf("%w: a command of %d bytes", errStream, size)
		}
		if cap(body) < int(size) {
			body = make([]byte, size)
		}
		body = body[:size]
		if _, err := io.ReadFull(in, body); err != nil {
			return unexpected(err)
		}
		if op == opEnd {
			return nil
		}
		c, err := parseChange(op, body)
		if err == nil && op >= OpMkfile { // before that comes which subvolumes they are
			err = each(c)
		}
		if err != nil {
			return err
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %w", errStream, err)
}

func parseChange(op ChangeOp, body []byte) (Change, error) {
	const (
		attrPath = 15
		attrTo   = 16
		attrLink = 17
	)
	c := Change{Op: op}
	for len(body) > 0 {
		if len(body) < 4 {
			return c, errStream
		}
		kind, size := binary.LittleEndian.Uint16(body), int(binary.LittleEndian.Uint16(body[2:]))
		body = body[4:]
		if size > len(body) {
			return c, errStream
		}
		switch kind {
		case attrPath:
			c.Path = string(body[:size])
		case attrTo, attrLink:
			if kind == attrTo && op == OpRename || kind == attrLink && op == OpLink {
				c.To = string(body[:size])
			}
		}
		body = body[size:]
	}
	if op == OpRename && c.To == "" {
		return c, errStream
	}
	return c, nil
}
