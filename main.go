// Smartbox is one binary that acts as vmadm, imgadm, zoneadm, zfs, dladm and
// the other SmartOS tools by the name it is called with. Start reading at
// cmd/applets.go, the table of tools; ARCHITECTURE.md shows the house.
package main

import (
	"os"

	"github.com/smartbox-os/smartbox/cmd"
	_ "github.com/smartbox-os/smartbox/cmd/early" // what is done before the Go runtime
	"github.com/smartbox-os/smartbox/internal/cli"
)

func main() {
	os.Exit(cmd.Main(cli.FromOS()))
}
