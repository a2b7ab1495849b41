package vm

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/internal/beneath"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// refreshResolvers rewrites resolv.conf of a running machine that asks for it
// when its resolvers change. The machine may have put a link in its place, so
// the file is replaced beneath its root.
func (h *Host) refreshResolvers(p *plan) error {
	keep, _ := homes()["maintain_resolvers"].get(p.After).(bool)
	if !keep || slices.Equal(resolversOf(p.Before), resolversOf(p.After)) {
		return nil
	}
	tree, err := beneath.Open(filepath.Join(h.path(p.After), "root"))
	if err != nil {
		return err
	}
	defer tree.Close()
	f, err := tree.Create("etc/resolv.conf")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(f, resolvConf(p.After)); err != nil {
		f.Abandon()
		return err
	}
	return f.Finish(beneath.Attr{Mode: 0o644, MTime: h.Now().Truncate(time.Second)})
}

func resolversOf(c *zone.Config) []string {
	list, _ := homes()["resolvers"].get(c).([]string)
	return list
}

func resolvConf(c *zone.Config) string {
	var b strings.Builder
	if domain, _ := homes()["dns_domain"].get(c).(string); domain != "" {
		b.WriteString("search " + domain + "\n")
	}
	for _, r := range resolversOf(c) {
		b.WriteString("nameserver " + r + "\n")
	}
	return b.String()
}

// touchFile changes when a machine changed in a way that its configuration and
// state do not show; events watches it.
func (h *Host) touchFile(name string) string {
	return filepath.Join(h.touchDir(), name)
}

func (h *Host) touchDir() string { return filepath.Join(h.root.Run(), "changed") }

// touch tells those who watch. It is only a signal: failing to give it changes
// nothing that was done.
func (h *Host) touch(name string) {
	err := os.WriteFile(h.touchFile(name), nil, 0o600)
	if err != nil && os.MkdirAll(h.touchDir(), 0o755) == nil {
		err = os.WriteFile(h.touchFile(name), nil, 0o600)
	}
	if err != nil {
		h.log.Debug("touch", "zone", name, "error", err)
	}
}
