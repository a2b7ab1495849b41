package vm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Site is what a payload's check needs to know of the host.
type Site interface {
	HasPool(name string) (bool, error)
	HasImage(uuid, pool string) (bool, error)
}

// Validate judges a payload for an action and brand: types, limits, whether the
// property exists there, whether what is required is there. It finds all
// faults. A nil site leaves out what depends on the host. The second error is
// one of the host's.
func Validate(p Payload, action Action, brand string, site Site) (*PayloadError, error) {
	b, ok := BrandOf(brand)
	if !ok {
		if brand == "" {
			brand = "undefined"
		}
		return &PayloadError{BadBrand: brand}, nil
	}
	v := validation{payload: p, action: action, brand: b, bad: new(PayloadError)}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		v.property(name)
	}
	v.required()
	v.diskSources()
	if site != nil {
		if err := v.host(site); err != nil {
			return nil, err
		}
	}
	if len(v.bad.Faults) == 0 {
		return nil, nil
	}
	return v.bad, nil
}

type validation struct {
	payload Payload
	action  Action
	brand   Brand
	bad     *PayloadError
}

func (v *validation) property(name string) {
	value := v.payload[name]
	row, ok := Lookup(name)
	if !ok || strings.Contains(name, ".") || !row.Allows(v.brand.Name(), v.action) {
		v.bad.add(BadProperty, name, "")
		return
	}
	coerced, err := row.coerce(value)
	if err == nil {
		err = shapeOf(name, coerced)
	}
	if err != nil {
		v.bad.add(BadValue, name, "%v", err)
		return
	}
	if row.Type == ObjectArray {
		v.elements(name, coerced.([]any))
	}
}

// elements judges the members of nics, add_nics, update_nics and their like.
func (v *validation) elements(name string, list []any) {
	base, action := elementOf(name)
	for _, item := range list {
		object := item.(map[string]any)
		for _, member := range slices.Sorted(maps.Keys(object)) {
			v.member(base+".*."+member, object[member], action)
		}
	}
}

func (v *validation) member(name string, value any, action Action) {
	row, ok := Lookup(name)
	if !ok || !row.Allows(v.brand.Name(), action) {
		v.bad.add(BadProperty, name, "")
		return
	}
	coerced, err := row.coerce(value)
	if err == nil {
		err = shapeOf(name, coerced)
	}
	if err != nil {
		v.bad.add(BadValue, name, "%v", err)
	}
}

func (v *validation) required() {
	if v.action != Create {
		return
	}
	for _, name := range v.brand.Required() {
		if v.has(name) || name == "image_uuid" && v.has("dataset_uuid") {
			continue
		}
		v.bad.add(Missing, name, "")
	}
}

func (v *validation) has(name string) bool {
	_, ok := v.payload[name]
	return ok
}

// diskSources judges where the content of new disks comes from: a size makes an
// empty one, an image brings its own.
func (v *validation) diskSources() {
	for _, name := range []string{"disks", "add_disks"} {
		list, _ := v.payload[name].([]any)
		if !v.brand.HVM() {
			return
		}
		for i, item := range list {
			if disk, ok := item.(map[string]any); ok {
				v.diskSource(fmt.Sprintf("disks.%d.", i), disk)
			}
		}
	}
}

func (v *validation) diskSource(prefix string, disk map[string]any) {
	has := func(name string) bool { _, ok := disk[name]; return ok }
	switch {
	case has("image_uuid"):
		if has("size") && v.brand.Name() == "kvm" {
			v.bad.add(BadProperty, prefix+"size", "")
		}
		return
	case has("image_size"):
		v.bad.add(BadProperty, prefix+"image_size", "")
	}
	nocreate, _ := coerceBoolean(disk["nocreate"])
	if !has("size") && disk["media"] != "cdrom" && nocreate != true {
		v.bad.add(Missing, prefix+"size", "")
	}
}

// host checks what only this host can say: its pools and images.
func (v *validation) host(site Site) error {
	pool := "zones"
	for _, name := range []string{"zfs_storage_pool_name", "zpool"} {
		s, ok := v.payload[name].(string)
		if !ok || s == "" {
			continue
		}
		found, err := site.HasPool(s)
		if err != nil {
			return err
		}
		if !found {
			v.bad.add(BadValue, name, "there is no pool %q", s)
			continue
		}
		pool = s
	}
	for _, name := range []string{"image_uuid", "dataset_uuid"} {
		s, ok := v.payload[name].(string)
		if !ok || !IsUUID(s) || v.action != Create {
			continue
		}
		found, err := site.HasImage(s, pool)
		if err != nil {
			return err
		}
		if !found {
			v.bad.add(BadValue, name, "image %s is not installed; imgadm import %s", s, s)
		}
	}
	return nil
}
