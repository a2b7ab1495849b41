package vm

import (
	"slices"
	"strings"
	"testing"
)

func TestProperties_areWhole(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range Properties() {
		if seen[p.Name] {
			t.Errorf("%s is there twice", p.Name)
		}
		seen[p.Name] = true
		if p.Doc == "" || p.Type == "" || p.Effect == "" || p.Class == 0 {
			t.Errorf("%s: incomplete: %+v", p.Name, p)
		}
		if strings.HasSuffix(p.Linux, ".") || !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("%s: the sentence ends in a stop, the Linux part not", p.Name)
		}
		base, _, isMember := strings.Cut(p.Name, ".*.")
		if isMember && !seen[base] {
			t.Errorf("%s: %s is no property", p.Name, base)
		}
		if (p.Type == ObjectArray) != (p.Name == "snapshots") && p.Type == ObjectArray {
			if base, _ := elementOf(p.Name); !seen[base] && base != p.Name && !hasRow(base) {
				t.Errorf("%s: no members are known", p.Name)
			}
		}
	}
	if len(seen) < 180 {
		t.Errorf("only %d properties", len(seen))
	}
}

func hasRow(name string) bool { _, ok := Lookup(name); return ok }

// A property that create takes must have a place, or be one of those that
// create itself uses up.
func TestHomes_keepWhatCreateTakes(t *testing.T) {
	elsewhere := map[string]bool{
		"ram": true, "nics": true, "filesystems": true, "zpool": true, "dataset_uuid": true, "zfs_storage_pool_name": true,
		"quota": true, "zfs_root_recsize": true, "zfs_root_compression": true, "indestructible_zoneroot": true, "customer_metadata": true, "internal_metadata": true,
		"tags": true, "routes": true, "nowait": true,
	}
	for _, p := range Properties() {
		if !p.Allows("joyent-minimal", Create) && !p.Allows("lx", Create) || elsewhere[p.Name] {
			continue
		}
		if home, ok := homes()[p.Name]; ok && home.set != nil {
			continue
		}
		if !p.Pending && !refusedAt(p.Name) {
			t.Errorf("%s is taken and lost", p.Name)
		}
	}
}

func refusedAt(name string) bool {
	return slices.Contains(refused[Create], name)
}
