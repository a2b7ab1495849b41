package vm

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Every payload in testdata/payloads becomes a machine with the properties in
// its .want.
func TestPayloads_becomeMachines(t *testing.T) {
	files, err := filepath.Glob("../../testdata/payloads/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			h := testHost(t)
			s := rest(t, h, string(text))
			bad, err := Validate(parse(t, string(text)), Create, s.Config.Brand, anySite{})
			if err != nil || bad != nil {
				t.Fatal(bad, err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			m := h.machine(context.Background(), zone.Status{Name: s.Config.Name, State: s.Config.State, Config: s.Config})
			for pair := range strings.FieldsSeq(string(want)) {
				key, value, _ := strings.Cut(pair, "=")
				got, err := m.Field(key)
				if err != nil || Text(got) != value {
					t.Errorf("%s is %q (%v), want %q", key, Text(got), err, value)
				}
			}
		})
	}
}
