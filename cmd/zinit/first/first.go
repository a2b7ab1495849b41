// Package first is the one package that works while packages are initialised.
// In PID 1 of a sparse zone it runs the zone's init and never returns: what the
// other tools of this binary need is then never made, and an idle zone is the
// smaller for it. Packages are initialised in the order of what they need, then
// of their names, and this one needs little; a test holds that it comes before
// the large ones.
package first

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/pkg/zone/zinit"
)

func init() {
	if os.Getpid() != 1 || filepath.Base(os.Args[0]) != zinit.Name {
		return
	}
	if err := zinit.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", zinit.Name, err)
	}
	os.Exit(1)
}
