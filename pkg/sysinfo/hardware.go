package sysinfo

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processors counts and names them. A core is a pair of physical and core id;
// kernels that tell neither have a core per processor.
func (h *Host) processors(i *Info) error {
	data, err := os.ReadFile(filepath.Join(h.proc, "cpuinfo"))
	if err != nil {
		return err
	}
	cores := map[string]bool{}
	i.CPUVirt = "none"
	for one := range strings.SplitSeq(string(data), "\n\n") {
		number := value(one, "processor", ":")
		if number == "" {
			continue
		}
		i.CPUTotal++
		core := value(one, "physical id", ":") + "/" + value(one, "core id", ":")
		if core == "/" {
			core = number
		}
		cores[core] = true
		if i.CPUType == "" {
			i.CPUType = value(one, "model name", ":")
		}
		for flag := range strings.FieldsSeq(value(one, "flags", ":")) {
			if flag == "vmx" || flag == "svm" {
				i.CPUVirt = flag
			}
		}
	}
	i.CPUPhysical = len(cores)
	_, err = os.Stat("/dev/kvm")
	i.VMCapable = err == nil && i.CPUVirt != "none"
	return nil
}

// noDisks are block devices that are none.
var noDisks = []string{"loop", "ram", "zram", "dm-", "sr", "fd", "md", "nbd", "zd"}

func (h *Host) disks(i *Info) error {
	list, err := os.ReadDir(filepath.Join(h.sys, "block"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		if hasPrefix(e.Name(), noDisks) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(h.sys, "block", e.Name(), "size"))
		if err != nil {
			return err
		}
		sectors, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
		if err != nil {
			return err
		}
		const sector, gb = 512, 1_000_000_000
		i.Disks[e.Name()] = Disk{sectors * sector / gb}
	}
	return nil
}

func hasPrefix(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
