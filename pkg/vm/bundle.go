package vm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A bundle is what vmadm send writes: the machine as JSON, then its dataset as
// a ZFS stream, each behind a header of one block with fields that end in NUL.
const (
	bundleMagic   = "MAGIC-VMBUNDLE"
	bundleVersion = "1"
	bundleBlock   = 512
	bundleJSON    = "JSON"
	maxBundleJSON = 64 << 20
)

// bundlePart is a header: the name and size of what follows, 0 for a stream
// that tells its own end.
type bundlePart struct {
	name string
	size int64
}

func (p bundlePart) padded() int64 { return (p.size + bundleBlock - 1) / bundleBlock * bundleBlock }

// write writes the header.
func (p bundlePart) write(w io.Writer) error {
	fields := []string{bundleMagic, bundleVersion, "0", p.name, strconv.FormatInt(p.size, 10), strconv.FormatInt(p.padded(), 10), ""}
	text := strings.Join(fields, "\x00")
	if len(text) > bundleBlock {
		return fmt.Errorf("the name %q is too long for a bundle", p.name)
	}
	_, err := io.WriteString(w, text+strings.Repeat("\x00", bundleBlock-len(text)))
	return err
}

// writeJSON writes a header and text, padded to whole blocks.
func (p bundlePart) writeJSON(w io.Writer, text []byte) error {
	p.size = int64(len(text))
	if err := p.write(w); err != nil {
		return err
	}
	_, err := w.Write(append(bytes.Clone(text), make([]byte, p.padded()-p.size)...))
	return err
}

var errBundle = errors.New("it is not a machine as vmadm send writes it")

// readPart reads a header.
func readPart(r io.Reader) (bundlePart, error) {
	block := make([]byte, bundleBlock)
	if n, err := io.ReadFull(r, block); err != nil {
		if n == 0 && errors.Is(err, io.EOF) {
			return bundlePart{}, errors.New("nothing came")
		}
		if errors.Is(err, io.ErrUnexpectedEOF) && !bytes.HasPrefix(block, []byte(bundleMagic)) {
			return bundlePart{}, errBundle
		}
		return bundlePart{}, cutShort(err)
	}
	fields := strings.Split(string(block), "\x00")
	switch {
	case fields[0] != bundleMagic:
		return bundlePart{}, errBundle
	case len(fields) < 7:
		return bundlePart{}, errors.New("the header of the bundle is damaged")
	case fields[1] != bundleVersion:
		return bundlePart{}, fmt.Errorf("the bundle is of version %.20q, which is not known", fields[1])
	}
	size, err := strconv.ParseUint(fields[4], 10, 62)
	p := bundlePart{fields[3], int64(size)}
	if padded, e := strconv.ParseUint(fields[5], 10, 62); err != nil || e != nil || int64(padded) < p.size || int64(padded)-p.size >= bundleBlock {
		return bundlePart{}, errors.New("the header of the bundle is damaged")
	}
	return p, nil
}

// readJSON reads the machine that a bundle begins with.
func readJSON(r io.Reader) ([]byte, error) {
	p, err := readPart(r)
	switch {
	case err != nil:
		return nil, err
	case p.name != bundleJSON:
		return nil, fmt.Errorf("the bundle begins with %.60q, not with the machine", p.name)
	case p.size > maxBundleJSON:
		return nil, fmt.Errorf("the bundle's machine has %d bytes, more than the %d that are read", p.size, maxBundleJSON)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, p.padded()); err != nil {
		return nil, cutShort(err)
	}
	return b.Bytes()[:p.size], nil
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the bundle is incomplete")
	}
	return err
}
