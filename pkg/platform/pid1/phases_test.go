package pid1

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddPhase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "phases")
	for _, p := range []struct {
		name string
		at   float64
	}{{"kernel", 1.234}, {"init", 1.5}, {"kernel", 9}, {"in", 2}} {
		if err := addPhase(file, p.name, p.at); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || string(text) != "kernel 1.23\ninit 1.50\nin 2.00\n" {
		t.Errorf("%q, %v", text, err)
	}
	if got := phaseLine(string(text)); got != "kernel=1.23 init=1.50 in=2.00" {
		t.Error(got)
	}
	if err := addPhase(t.TempDir(), "x", 1); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Error(err)
	}
}

func TestUptime(t *testing.T) {
	if a, b := uptime(), uptime(); a <= 0 || b < a {
		t.Errorf("%v, %v", a, b)
	}
}
