package vnic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
)

// Tags lists the nic tags of the node's configuration, etherstubs last.
func (h *Host) Tags() ([]Tag, error) {
	u, err := h.loadUsbkey()
	if err != nil {
		return nil, err
	}
	rt, err := openRTNL()
	if err != nil {
		return nil, err
	}
	defer rt.Close()
	tags := u.tags()
	for i := range tags {
		if tags[i].Type == TagEtherstub {
			continue
		}
		link, err := tagLink(rt, &tags[i])
		if err != nil {
			return nil, err
		}
		if link != nil {
			tags[i].Link = link.Attrs().Name
		}
	}
	return tags, nil
}

// TagSpec is what a nic tag stands for; in an update, what is zero stays.
type TagSpec struct {
	MAC  net.HardwareAddr
	Aggr string // the aggregation of this name instead
	MTU  int
	Mode string // how nics are connected: "bridge" or "macvlan"
}

// Limits of a tag's properties.
const (
	maxTagName = 30
	minTagMTU  = 1500
	maxTagMTU  = 9000
)

func checkTagName(name string) error {
	if len(name) > maxTagName || !isWord(name) {
		return fmt.Errorf("nic tag name %q must be up to %d letters, digits and underscores", name, maxTagName)
	}
	return nil
}

// AddTag gives a physical link a name that machines know it by.
func (h *Host) AddTag(ctx context.Context, name string, spec TagSpec) error {
	if err := checkTagName(name); err != nil {
		return err
	}
	return h.editUsbkey(ctx, func(u *usbkey) error {
		if err := h.tagIsFree(u, name); err != nil {
			return err
		}
		return u.setTag(name, spec)
	})
}

// UpdateTag changes a tag. Machines see it when they are next connected.
func (h *Host) UpdateTag(ctx context.Context, name string, spec TagSpec) error {
	return h.editUsbkey(ctx, func(u *usbkey) error {
		i := slices.IndexFunc(u.tags(), func(t Tag) bool { return t.Name == name })
		if i < 0 {
			return fmt.Errorf("nic tag %s: %w", name, ErrNotFound)
		}
		if u.tags()[i].Type == TagEtherstub {
			return fmt.Errorf("nic tag %s is an etherstub, which has no properties", name)
		}
		return u.setTag(name, spec)
	})
}

// AddStub notes an etherstub as a nic tag and makes it. The note comes first:
// a noted etherstub is made again when it is missing.
func (h *Host) AddStub(ctx context.Context, name string) error {
	if err := CheckLinkName(name); err != nil {
		return err
	}
	err := h.editUsbkey(ctx, func(u *usbkey) error {
		if err := h.tagIsFree(u, name); err != nil {
			return err
		}
		u.set(keyStubs, strings.Join(append(u.list(keyStubs), name), ","))
		return nil
	})
	if err != nil {
		return err
	}
	if err := h.CreateEtherstub(ctx, name, CreateOptions{}); err != nil {
		return errors.Join(err, h.editUsbkey(ctx, func(u *usbkey) error { u.dropStub(name); return nil }))
	}
	return nil
}

// tagIsFree refuses the names of tags and etherstubs.
func (h *Host) tagIsFree(u *usbkey, name string) error {
	t, err := h.loadTable()
	if err != nil {
		return err
	}
	if _, isLink := t.find(name); isLink || hasTag(u.tags(), name) {
		return fmt.Errorf("nic tag %s: %w", name, ErrExists)
	}
	return nil
}

// setTag writes what spec says and leaves the rest.
func (u *usbkey) setTag(name string, spec TagSpec) error {
	target, err := u.target(name, spec)
	if err != nil {
		return err
	}
	if spec.MTU != 0 && (spec.MTU < minTagMTU || spec.MTU > maxTagMTU) {
		return fmt.Errorf("mtu %d is not between %d and %d", spec.MTU, minTagMTU, maxTagMTU)
	}
	if target != "" {
		u.set(name+keyMAC, target)
	}
	if spec.MTU != 0 {
		u.set(name+keyMTU, strconv.Itoa(spec.MTU))
	}
	switch spec.Mode {
	case "":
	case modeMacvlan:
		u.set(name+keyMode, modeMacvlan)
	case "bridge":
		u.unset(name + keyMode)
	default:
		return fmt.Errorf("mode %q is neither bridge nor macvlan", spec.Mode)
	}
	return nil
}

// target is the value of the tag's setting: the address of a link that is
// there, or an aggregation.
func (u *usbkey) target(name string, spec TagSpec) (string, error) {
	if spec.Aggr != "" {
		if _, known := u.aggrs()[spec.Aggr]; !known {
			return "", fmt.Errorf("%q is neither a MAC address nor a link aggregation", spec.Aggr)
		}
		return spec.Aggr, nil
	}
	if spec.MAC == nil {
		if _, known := u.get(name + keyMAC); !known {
			return "", fmt.Errorf("nic tag %s needs the MAC address of a physical link", name)
		}
		return "", nil
	}
	rt, err := openRTNL()
	if err != nil {
		return "", err
	}
	defer rt.Close()
	link, err := physByMAC(rt, spec.MAC)
	if err != nil {
		return "", err
	}
	if link == nil {
		return "", fmt.Errorf("no physical link has the MAC address %s", spec.MAC)
	}
	return spec.MAC.String(), nil
}

// InUseError says who uses a nic tag.
type InUseError struct {
	Tag   string
	Users []string
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("nic tag %s is in use by %s", e.Tag, strings.Join(e.Users, ", "))
}

// Is makes errors.Is(err, ErrBusy) true.
func (e *InUseError) Is(target error) bool { return target == ErrBusy }

// DeleteTag forgets a nic tag, and removes its etherstub. users tells which
// machines are configured to use it; nil asks nobody.
func (h *Host) DeleteTag(ctx context.Context, name string, users func(tag string) ([]string, error)) error {
	u, err := h.loadUsbkey()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(u.tags(), func(t Tag) bool { return t.Name == name })
	if i < 0 {
		return fmt.Errorf("nic tag %s: %w", name, ErrNotFound)
	}
	if users != nil {
		if err := h.refuseUsed(name, users); err != nil {
			return err
		}
	}
	if u.tags()[i].Type == TagEtherstub {
		if err := h.deleteStub(ctx, name); err != nil {
			return err
		}
	}
	return h.editUsbkey(ctx, func(u *usbkey) error {
		for _, key := range []string{keyMAC, keyMTU, keyMode} {
			u.unset(name + key)
		}
		u.dropStub(name)
		return nil
	})
}

func (h *Host) refuseUsed(name string, users func(string) ([]string, error)) error {
	who, err := users(name)
	if err != nil {
		return err
	}
	t, err := h.loadTable()
	if err != nil {
		return err
	}
	if over := t.over(name); over != "" {
		who = append(who, over)
	}
	if len(who) > 0 {
		return &InUseError{name, who}
	}
	return nil
}

// deleteStub removes the etherstub of a tag, also one that dladm knows nothing
// of.
func (h *Host) deleteStub(ctx context.Context, name string) error {
	err := h.DeleteEtherstub(ctx, name, CreateOptions{})
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	l, err := h.lockTable(ctx)
	if err != nil {
		return err
	}
	defer l.Unlock()
	rt, err := openRTNL()
	if err != nil {
		return err
	}
	defer rt.Close()
	return h.removeStub(rt, name, kernelName(h.root, classBridge, name))
}

func (u *usbkey) dropStub(name string) {
	stubs := u.list(keyStubs)
	left := slices.DeleteFunc(slices.Clone(stubs), func(s string) bool { return s == name })
	switch {
	case len(left) == len(stubs):
	case len(left) == 0:
		u.unset(keyStubs)
	default:
		u.set(keyStubs, strings.Join(left, ","))
	}
}

// editUsbkey changes the node's configuration under the lock; an error of
// change leaves it as it was.
func (h *Host) editUsbkey(ctx context.Context, change func(*usbkey) error) error {
	l, err := h.lockTable(ctx)
	if err != nil {
		return err
	}
	defer l.Unlock()
	u, err := h.loadUsbkey()
	if err != nil {
		return err
	}
	if err := change(u); err != nil {
		return err
	}
	if err := os.MkdirAll(h.root.Usbkey(), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(h.usbkeyFile(), u.bytes(), h.usbkeyMode())
}

// usbkeyMode is that of the file as it is: it may hold secrets.
func (h *Host) usbkeyMode() os.FileMode {
	if info, err := os.Stat(h.usbkeyFile()); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}
