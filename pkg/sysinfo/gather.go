package sysinfo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Host is the host of one root.
type Host struct {
	root  paths.Root
	pools *zpool.Host
	links *vnic.Host
	proc  string // /proc
	sys   string // /sys
}

// New returns the host. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Host {
	return &Host{root: root, pools: zpool.New(root, log), links: vnic.New(root, log), proc: "/proc", sys: "/sys"}
}

// Info reads everything anew. What cannot be read is left out and told in the
// error, beside the rest.
func (h *Host) Info(ctx context.Context) (*Info, error) {
	i := &Info{
		SystemType: "Linux", SDCVersion: "7.0", Datacenter: h.setting("datacenter_name", "unknown"),
		Disks: map[string]Disk{}, BootParameters: map[string]string{},
		NICs: map[string]NIC{}, VNICs: map[string]VNIC{}, Aggregations: map[string]Aggr{},
	}
	h.firmware(i)
	errs := []error{h.identity(i), h.processors(i), h.memory(i), h.bootParameters(i), h.disks(i)}
	errs = append(errs, h.pool(ctx, i), h.network(i))
	return i, errors.Join(errs...)
}

// identity is what tells this host and boot from others.
func (h *Host) identity(i *Info) (err error) {
	if st, err := os.Stat("/proc/self/exe"); err == nil {
		i.LiveImage = st.ModTime().UTC().Format("20060102T150405Z")
	}
	if i.Hostname, err = os.Hostname(); err != nil {
		return err
	}
	if i.UUID, err = h.uuid(); err != nil {
		return err
	}
	stat, err := os.ReadFile(filepath.Join(h.proc, "stat"))
	if err != nil {
		return err
	}
	i.BootTime = value(string(stat), "btime", " ")
	return nil
}

// uuid is the machine's, or one that is made up once.
func (h *Host) uuid() (string, error) {
	if id, err := host.MachineUUID(); err == nil {
		return id, nil
	}
	file := filepath.Join(h.root.Lib(), "server-uuid")
	if data, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	data, err := os.ReadFile(filepath.Join(h.proc, "sys/kernel/random/uuid"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(h.root.Lib(), 0o755); err != nil {
		return "", err
	}
	return strings.TrimSpace(string(data)), atomicfile.Write(file, data, 0o644)
}

// firmware reads DMI, which virtual machines may lack.
func (h *Host) firmware(i *Info) {
	for name, to := range map[string]*string{
		"sys_vendor": &i.Manufacturer, "product_name": &i.Product, "product_serial": &i.Serial,
		"product_sku": &i.SKU, "product_version": &i.HWVersion, "product_family": &i.HWFamily,
	} {
		data, err := os.ReadFile(filepath.Join(h.sys, "class/dmi/id", name))
		if err == nil {
			*to = strings.TrimSpace(string(data))
		}
	}
}

func (h *Host) memory(i *Info) error {
	data, err := os.ReadFile(filepath.Join(h.proc, "meminfo"))
	if err != nil {
		return err
	}
	kib, _, _ := strings.Cut(value(string(data), "MemTotal", ":"), " ")
	n, err := strconv.ParseInt(kib, 10, 64)
	if err != nil {
		return fmt.Errorf("meminfo: %w", err)
	}
	i.Memory = strconv.FormatInt(n>>10, 10)
	return nil
}

func (h *Host) bootParameters(i *Info) error {
	data, err := os.ReadFile(filepath.Join(h.proc, "cmdline"))
	if err != nil {
		return err
	}
	for word := range strings.FieldsSeq(string(data)) {
		key, val, ok := strings.Cut(word, "=")
		if !ok {
			val = "true"
		}
		i.BootParameters[key] = val
	}
	return nil
}

// pool is the one that machines live on.
func (h *Host) pool(ctx context.Context, i *Info) error {
	i.Setup = "false"
	found, err := h.pools.Pools(ctx, zpool.SystemPool)
	if errors.Is(err, zpool.ErrNoPool) || errors.Is(err, zpool.ErrNotFound) {
		return nil
	}
	if err != nil || len(found) == 0 {
		return err
	}
	p := found[0]
	i.Setup, i.Zpool, i.ZpoolSize = "true", p.Name, p.Size>>30
	i.ZpoolProfile = "striped"
	names := make([]string, len(p.Devices))
	for n, d := range p.Devices {
		names[n] = strings.TrimPrefix(h.root.Display(d.Path), "/dev/")
	}
	i.ZpoolDisks = strings.Join(names, ",")
	top, err := h.pools.Get(ctx, p.Name, "creation")
	if err != nil {
		return err
	}
	if sec, err := strconv.ParseInt(top.Props["creation"].Value, 10, 64); err == nil {
		i.ZpoolCreation = sec
	} else if at, err := time.Parse("Mon Jan _2 15:04 2006", top.Props["creation"].Value); err == nil {
		i.ZpoolCreation = at.Unix()
	}
	return nil
}

// setting reads the node's configuration, KEY=value lines.
func (h *Host) setting(key, otherwise string) string {
	data, err := os.ReadFile(filepath.Join(h.root.Usbkey(), "config"))
	if err != nil {
		return otherwise
	}
	if v := strings.Trim(value(string(data), key, "="), `"'`); v != "" {
		return v
	}
	return otherwise
}

// value is what follows key and a separator on a line of text.
func value(text, key, separator string) string {
	for line := range strings.Lines(text) {
		k, v, ok := strings.Cut(line, separator)
		if ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
