package command

import (
	"slices"
	"testing"

	"github.com/smartbox-os/smartbox/internal/cli"
)

func TestCalled(t *testing.T) {
	for _, args := range [][]string{
		{"/usr/bin/zfs", "set", "-v", "a=b", "zones/x"},
		{"/opt/smartbox", "zfs", "set", "-v", "a=b", "zones/x"},
	} {
		line, names := Called(&cli.Env{Args: args})
		if line != "zfs set -v a=b zones/x" || !slices.Equal(names, []string{"set", "zones/x"}) {
			t.Errorf("%q: %q, %q", args, line, names)
		}
	}
	if line, names := Called(&cli.Env{Args: []string{"zfs"}}); line != "zfs" || names != nil {
		t.Errorf("%q, %q", line, names)
	}
}
