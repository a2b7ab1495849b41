package consume

import (
	"fmt"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// dropKind is how the original names a kind of loss.
type dropKind struct {
	tag, what, detail string
	perCPU            bool
}

var dropKinds = [gen.DropCount]dropKind{
	gen.DropPrincipal: {"PRINCIPAL", "drop", "", true},
	gen.DropNested:    {"PRINCIPAL", "drop", " of nested probes", true},
	gen.DropAgg:       {"AGGREGATION", "aggregation drop", "", true},
	gen.DropDynamic:   {"DYNAMIC", "dynamic variable drop", "", false},
	gen.DropSpec:      {"SPECUNAVAIL", "failed speculation", " (no speculative buffer available)", false},
}

// Lost reports losses since it was last asked.
func (p *Printer) Lost(src Source) error {
	now, err := src.Drops()
	if err != nil {
		return err
	}
	for i, perCPU := range now {
		kind, sum := dropKinds[i], uint64(0)
		for cpu, n := range perCPU {
			if cpu < len(p.drops[i]) {
				n -= p.drops[i][cpu]
			}
			sum += n
			if kind.perCPU && n > 0 {
				if err := p.drop(kind, n, fmt.Sprintf(" on CPU %d", cpu)); err != nil {
					return err
				}
			}
		}
		if !kind.perCPU && sum > 0 {
			if err := p.drop(kind, sum, ""); err != nil {
				return err
			}
		}
	}
	p.drops = now
	return nil
}

func (p *Printer) drop(k dropKind, n uint64, where string) error {
	tag, s := "", "s"
	if p.opts.DropTags {
		tag = "[DTRACEDROP_" + k.tag + "] "
	}
	if n == 1 {
		s = ""
	}
	_, err := fmt.Fprintf(p.err, "dtrace: %s%d %s%s%s%s\n", tag, n, k.what, s, k.detail, where)
	return err
}
