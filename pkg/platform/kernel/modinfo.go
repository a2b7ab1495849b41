package kernel

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxModule bounds what one compressed module may become.
const maxModule = 64 << 20

// Module is what a module says of itself.
type Module struct {
	Name    string   // as the kernel has it: with underscores
	Path    string   // below the directory of modules
	Depends []string // modules it takes symbols from
	Soft    []string // modules or aliases it wants loaded before it
	Aliases []string
}

var errNotModule = errors.New("is not a kernel module")

// ParseModule reads what the module in content, as a file of that path has it
// (.ko, .ko.gz, .ko.xz, .ko.zst), says of itself.
func ParseModule(file string, content []byte) (*Module, error) {
	content, err := Decompress(file, content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	info, err := modinfo(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	m := &Module{Name: NameOf(file), Path: file}
	m.take(info)
	return m, nil
}

// take reads the NUL-separated key=value pairs of a .modinfo section.
func (m *Module) take(info []byte) {
	for pair := range bytes.SplitSeq(info, []byte{0}) {
		key, value, _ := strings.Cut(string(pair), "=")
		switch key {
		case "name":
			m.Name = underscored(value)
		case "depends":
			for d := range strings.SplitSeq(value, ",") {
				if d != "" {
					m.Depends = append(m.Depends, underscored(d))
				}
			}
		case "softdep":
			m.Soft = append(m.Soft, pre(value)...)
		case "alias":
			m.Aliases = append(m.Aliases, value)
		}
	}
}

// pre is the "pre:" part of a softdep: "pre: a b post: c" wants a and b before.
func pre(softdep string) []string {
	var names []string
	before := false
	for word := range strings.FieldsSeq(softdep) {
		switch {
		case word == "pre:":
			before = true
		case word == "post:":
			before = false
		case before:
			names = append(names, word)
		}
	}
	return names
}

// modinfo is the .modinfo section of a module.
func modinfo(content []byte) ([]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotModule, err)
	}
	s := f.Section(".modinfo")
	if s == nil || s.Type == elf.SHT_NOBITS || s.Size > uint64(len(content)) {
		return nil, fmt.Errorf("%w: it has no .modinfo", errNotModule)
	}
	return s.Data()
}

// Decompress is the content of a file that its name may say is compressed.
func Decompress(name string, content []byte) ([]byte, error) {
	var r io.Reader
	switch path.Ext(name) {
	case ".xz":
		z, err := xz.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		r = z
	case ".gz":
		z, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		r = z
	case ".zst":
		z, err := zstd.NewReader(bytes.NewReader(content), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxModule))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	default:
		return content, nil
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	if err != nil {
		return nil, err
	}
	if len(plain) > maxModule {
		return nil, fmt.Errorf("is larger than %d MiB unpacked", maxModule>>20)
	}
	return plain, nil
}

// NameOf is the name of the module in a file.
func NameOf(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".ko")
	return underscored(name)
}

// isModule tells a module's file by its name.
func isModule(file string) bool {
	for _, end := range []string{".ko", ".ko.gz", ".ko.xz", ".ko.zst"} {
		if strings.HasSuffix(file, end) {
			return true
		}
	}
	return false
}

func underscored(name string) string { return strings.ReplaceAll(name, "-", "_") }
