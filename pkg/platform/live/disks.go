package live

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Disk is a disk that a pool could be made on.
type Disk struct {
	Path  string
	Size  int64
	Model string
	Empty bool // its first and last MiB are zeros
}

// notDisks are block devices that are none.
var notDisks = []string{"loop", "ram", "zram", "sr", "fd", "dm-", "md", "nbd", "zd"}

// minDisk is the least that a pool is worth making on.
const minDisk = 1 << 30

// Disks lists the machine's disks that are large enough and can be written.
func Disks() ([]Disk, error) {
	dirs, err := filepath.Glob("/sys/block/*")
	if err != nil {
		return nil, err
	}
	var all []Disk
	for _, dir := range dirs {
		name := filepath.Base(dir)
		if isNoDisk(name) || read(dir, "ro") == "1" || read(dir, "removable") == "1" {
			continue
		}
		sectors, err := strconv.ParseInt(read(dir, "size"), 10, 64)
		if err != nil || sectors*512 < minDisk {
			continue
		}
		d := Disk{Path: "/dev/" + name, Size: sectors * 512, Model: read(dir, "device/model")}
		d.Empty, err = isEmpty(d)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

func isNoDisk(name string) bool {
	for _, prefix := range notDisks {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func read(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func isEmpty(d Disk) (bool, error) {
	f, err := os.Open(d.Path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	for _, at := range []int64{0, d.Size - int64(len(buf))} {
		if _, err := f.ReadAt(buf, at); err != nil && !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("read %s: %w", d.Path, err)
		}
		if bytes.Count(buf, []byte{0}) != len(buf) {
			return false, nil
		}
	}
	return true, nil
}

// onlyEmptyDisk is the disk to take when nobody says which.
func onlyEmptyDisk() (string, error) {
	all, err := Disks()
	if err != nil {
		return "", err
	}
	var empty []string
	for _, d := range all {
		if d.Empty {
			empty = append(empty, d.Path)
		}
	}
	switch len(empty) {
	case 1:
		return empty[0], nil
	case 0:
		return "", errors.New("disks: there is no empty disk; name one that may be overwritten")
	}
	return "", fmt.Errorf("disks: %s are empty; name the one to use", strings.Join(empty, " and "))
}
