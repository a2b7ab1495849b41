package vm

import "slices"

// Brand is what differs between the kinds of machine. A new kind is a type
// that implements it and a line in brands.
type Brand interface {
	Name() string
	// Type is what lists call it: OS, LX, KVM, BHYV.
	Type() string
	// HVM reports whether a guest with a kernel of its own runs in it.
	HVM() bool
	// Required lists the properties that create cannot do without.
	Required() []string
	// Creatable is nil, or why no machine of this brand can be made here.
	Creatable() error
	// ImageTypes are the types of image that it is cloned from.
	ImageTypes() []string
	// Link is the name of nic n inside the machine.
	Link(n int) string
	// Overhead is what the machine needs beyond its ram, MiB.
	Overhead() int64
	// InfoTypes are what info may be asked for, nil for nothing.
	InfoTypes() []string
}

func brands() []Brand {
	return []Brand{
		zoneBrand{name: "joyent", kind: "OS", link: "net", images: []string{"zone-dataset"}},
		zoneBrand{name: "joyent-minimal", kind: "OS", link: "net", images: []string{"zone-dataset"}},
		zoneBrand{name: "builder", kind: "OS", link: "net", images: []string{"zone-dataset"}},
		zoneBrand{name: "lx", kind: "LX", link: "eth", images: []string{"lx-dataset", "docker"}, needs: []string{"kernel_version"}},
		guestBrand{
			name: "kvm", kind: "KVM", overhead: 1024, why: "brand kvm is not yet supported on this host",
			info: []string{"all", "block", "blockstats", "chardev", "cpus", "kvm", "pci", "spice", "status", "version", "vnc"},
		},
		guestBrand{name: "bhyve", kind: "BHYV", overhead: 1280, why: "Bhyve not supported", info: []string{"all", "vnc"}},
	}
}

// BrandOf finds a brand by its name.
func BrandOf(name string) (Brand, bool) {
	for _, b := range brands() {
		if b.Name() == name {
			return b, true
		}
	}
	return nil, false
}

// BrandNames lists the brands.
func BrandNames() []string {
	var names []string
	for _, b := range brands() {
		names = append(names, b.Name())
	}
	slices.Sort(names)
	return names
}
