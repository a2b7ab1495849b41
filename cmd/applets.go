// Package cmd is the table of tools and the dispatcher that picks one.
package cmd

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/dladm"
	"github.com/smartbox-os/smartbox/cmd/dtrace"
	"github.com/smartbox-os/smartbox/cmd/imgadm"
	"github.com/smartbox-os/smartbox/cmd/initrole"
	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/cmd/mdata"
	"github.com/smartbox-os/smartbox/cmd/nictagadm"
	"github.com/smartbox-os/smartbox/cmd/piadm"
	"github.com/smartbox-os/smartbox/cmd/platform"
	"github.com/smartbox-os/smartbox/cmd/setup"
	"github.com/smartbox-os/smartbox/cmd/svczones"
	"github.com/smartbox-os/smartbox/cmd/sysinfo"
	"github.com/smartbox-os/smartbox/cmd/vmadm"
	"github.com/smartbox-os/smartbox/cmd/zfs"
	"github.com/smartbox-os/smartbox/cmd/zinit"
	"github.com/smartbox-os/smartbox/cmd/zlogin"
	"github.com/smartbox-os/smartbox/cmd/zoneadm"
	"github.com/smartbox-os/smartbox/cmd/zoneadmd"
	"github.com/smartbox-os/smartbox/cmd/zonecfg"
	"github.com/smartbox-os/smartbox/cmd/zonename"
	"github.com/smartbox-os/smartbox/cmd/zpool"
	"github.com/smartbox-os/smartbox/internal/cli"
)

// Applet is one tool, or (with Role) a hidden part that smartbox plays when it
// starts itself again.
type Applet struct {
	Name    string
	Summary string // one line, for --list and the manual's head
	Manual  string // the tool's section 8 manual in Markdown
	New     func(*cli.Env) *cobra.Command
	Role    func(*cli.Env, []string) int // instead of New; never listed
	Bare    bool                         // reached as "smartbox NAME" only: the name alone says too little
}

// applets returns the one table name -> constructor. It is a function, so that
// nothing is built before the name is known.
func applets() []Applet {
	return []Applet{
		{Name: "dladm", Summary: "administer links: etherstubs, vnics, physical links", New: dladm.New, Manual: dladm.Manual},
		{Name: "dtrace", Summary: "trace the kernel and processes with programs in D", New: dtrace.New, Manual: dtrace.Manual},
		{Name: "halt", Role: zinit.Halt},
		{Name: "imgadm", Summary: "manage the images that machines are made from", New: imgadm.New, Manual: imgadm.Manual},
		{Name: "init", Role: initrole.Init},
		{Name: "init-login", Role: initrole.Login},
		{Name: "init-worker", Role: initrole.Worker},
		{Name: "mdata-delete", Summary: "remove a metadata key, inside a zone", New: mdata.NewDelete, Manual: mdata.DeleteManual},
		{Name: "mdata-get", Summary: "print a metadata key, inside a zone", New: mdata.NewGet, Manual: mdata.GetManual},
		{Name: "mdata-list", Summary: "list the metadata keys, inside a zone", New: mdata.NewList, Manual: mdata.ListManual},
		{Name: "mdata-put", Summary: "set a metadata key, inside a zone", New: mdata.NewPut, Manual: mdata.PutManual},
		{Name: "modprobe", Role: initrole.Modprobe},
		{Name: "nictagadm", Summary: "administer nic tags, names for the host's links", New: nictagadm.New, Manual: nictagadm.Manual},
		{Name: "piadm", Summary: "administer platform images on the pool", New: piadm.New, Manual: piadm.Manual},
		{Name: "platform", Summary: "build images of the in-memory system", New: platform.New, Manual: platform.Manual, Bare: true},
		{Name: "poweroff", Role: zinit.Halt},
		{Name: "reboot", Role: zinit.Halt},
		{Name: "setup", Summary: "make the pool and configuration of the in-memory system", New: setup.New, Manual: setup.Manual, Bare: true},
		{Name: "shutdown", Role: zinit.Halt},
		{Name: "svc-zones", Role: svczones.Role},
		{Name: "sysinfo", Summary: "show what this host is", New: sysinfo.New, Manual: sysinfo.Manual},
		{Name: "vmadm", Summary: "make, change, show and remove machines", New: vmadm.New, Manual: vmadm.Manual},
		{Name: "zfs", Summary: "datasets, snapshots and their properties", New: zfs.New, Manual: zfs.Manual},
		{Name: "zinit", Role: zinit.Role},
		{Name: "zlogin", Summary: "enter a zone: a command, a shell or its console", New: zlogin.New, Manual: zlogin.Manual},
		{Name: "zoneadm", Summary: "install, boot, list, halt and remove zones", New: zoneadm.New, Manual: zoneadm.Manual},
		{Name: "zoneadmd", Role: zoneadmd.Role},
		{Name: "zonecfg", Summary: "edit the configuration of zones", New: zonecfg.New, Manual: zonecfg.Manual},
		{Name: "zonename", Summary: "print the name of this zone", New: zonename.New, Manual: zonename.Manual},
		{Name: "zpool", Summary: "storage pools", New: zpool.New, Manual: zpool.Manual},
	}
}

func (a Applet) run(env *cli.Env, args []string) int {
	if a.Role != nil {
		return a.Role(env, args)
	}
	root := a.New(env)
	return command.Run(env, root, args)
}
