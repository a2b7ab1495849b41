package meta_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/meta"
)

// machine is a Tables over maps, and the maps.
func machine() (meta.Tables, meta.Machine) {
	m := meta.Machine{
		Customer:   map[string]string{"colour": "blue", "stray_pw": "c", "op:stray": "c"},
		Internal:   map[string]string{"root_pw": "secret", "op:zone": "rack 1", "hidden": "x", "operator-script": "#!"},
		Namespaces: []string{"op"},
		SDC: func(name string) (string, bool, error) {
			if name != "uuid" {
				return "", false, nil
			}
			return "5c1f", true, nil
		},
	}
	return meta.Tables{
		Load: func() (meta.Machine, error) { return m, nil },
		Save: func(table meta.Table, key string, value *string) error {
			values := m.Customer
			if table == meta.Internal {
				values = m.Internal
			}
			delete(values, key)
			if value != nil {
				values[key] = *value
			}
			return nil
		},
	}, m
}

func TestTables_get(t *testing.T) {
	tables, _ := machine()
	for key, want := range map[string]string{
		"colour": "blue", "root_pw": "secret", "op:zone": "rack 1", "sdc:uuid": "5c1f",
		"sdc:operator-script": "#!",
		"hidden":              "", "operator-script": "", "stray_pw": "", "op:stray": "", "sdc:none": "", "none": "",
	} {
		got, found, err := tables.Get(key)
		if err != nil || got != want || found != (want != "") {
			t.Errorf("Get(%q) = %q, %v, %v; want %q", key, got, found, err, want)
		}
	}
}

func TestTables_keys(t *testing.T) {
	tables, _ := machine()
	got, err := tables.Keys()
	if want := []string{"colour", "op:zone", "root_pw"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Keys() = %q, %v; want %q", got, err, want)
	}
}

func TestTables_writes(t *testing.T) {
	tables, m := machine()
	for _, step := range []struct {
		key, value string
		table      map[string]string
	}{
		{"size", "7", m.Customer},
		{"admin_pw", "p", m.Internal},
		{"operator-script", "echo", m.Internal},
		{"other:key", "v", m.Customer}, // not one of the operator's namespaces
		{"size", "", m.Customer},       // the empty value deletes
	} {
		if err := tables.Put(step.key, step.value); err != nil {
			t.Errorf("Put(%q): %v", step.key, err)
		}
		if got := step.table[step.key]; got != step.value {
			t.Errorf("after Put(%q, %q) the table has %q", step.key, step.value, got)
		}
	}
	if _, still := m.Customer["size"]; still {
		t.Error("Put of the empty value kept the key")
	}
	for _, key := range []string{"colour", "root_pw", "never-was"} {
		if err := tables.Delete(key); err != nil {
			t.Errorf("Delete(%q): %v", key, err)
		}
	}
	if _, still := m.Internal["root_pw"]; still {
		t.Error("Delete kept the key")
	}
}

func TestTables_refuses(t *testing.T) {
	tables, _ := machine()
	for name, err := range map[string]error{
		"put sdc":          tables.Put("sdc:uuid", "x"),
		"put empty sdc":    tables.Put("sdc:uuid", ""),
		"put namespace":    tables.Put("op:zone", "x"),
		"delete sdc":       tables.Delete("sdc:uuid"),
		"delete namespace": tables.Delete("op:zone"),
		"line feed":        tables.Put("a\nb", "x"),
		"key not text":     tables.Put("a\xff", "x"),
		"value not text":   tables.Put("a", "\xff"),
		"long key":         tables.Put(strings.Repeat("k", meta.MaxKey+1), "x"),
		"too much":         tables.Put("a", strings.Repeat("v", meta.MaxTotal)),
	} {
		if _, ok := errors.AsType[*meta.Refusal](err); !ok {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}
