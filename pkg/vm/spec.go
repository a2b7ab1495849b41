package vm

import (
	"context"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Spec is a new machine as plain data: all decided, nothing made.
type Spec struct {
	Config   *zone.Config
	Origin   string            // snapshot of the image
	Dataset  map[string]string // properties of the new dataset
	Metadata metadata
	Tags     flat
	Routes   flat
	NoWait   bool
	Guarded  bool // not to be destroyed
}

// specify judges and completes a create payload.
func (h *Host) specify(ctx context.Context, p Payload) (*Spec, error) {
	b, settled, err := h.judge(ctx, p)
	if err != nil {
		return nil, err
	}
	settled.complete(b, h.Now(), newUUID)
	s, err := newSpec(settled, b)
	if err != nil {
		return nil, err
	}
	image, err := h.checkImage(ctx, settled.str("image_uuid"), settled.str("zpool"), b)
	if err != nil {
		return nil, err
	}
	s.Origin = image.Snapshot()
	return s, h.checkNICs(nicsOf(s.Config))
}

// judge finds all that is wrong with a create payload, and gives its values
// their types.
func (h *Host) judge(ctx context.Context, p Payload) (Brand, Payload, error) {
	name := "joyent"
	if given, ok := p["brand"]; ok {
		name, _ = given.(string)
	}
	b, known := BrandOf(name)
	if known {
		if err := b.Creatable(); err != nil {
			return nil, nil, err
		}
	}
	bad, err := Validate(p, Create, name, h.Site(ctx))
	if err != nil {
		return nil, nil, err
	}
	if bad != nil {
		if bad = bad.dropUnknown(); bad != nil {
			return nil, nil, bad
		}
	}
	settled, err := h.settled(p, Create, b)
	return b, settled, err
}

// settled is a payload without faults in the table's types; what it loses or
// cannot have is warned about.
func (h *Host) settled(p Payload, action Action, b Brand) (Payload, error) {
	settled, dropped, err := p.settle(action, b.Name())
	if err != nil {
		return nil, err
	}
	if len(dropped) > 0 {
		h.warn("ignored, not properties of brand %s here: %s", b.Name(), strings.Join(dropped, ", "))
	}
	warnings, err := settled.honest(action)
	for _, w := range warnings {
		h.warn("%s", w)
	}
	return settled, err
}

// newSpec turns a complete payload into a machine.
func newSpec(p Payload, b Brand) (*Spec, error) {
	if err := checkZoneName(p.str("zonename")); err != nil {
		return nil, err
	}
	c := &zone.Config{
		Path: "/" + p.str("zpool") + "/" + p.str("zonename"), IPType: zone.Exclusive, State: zone.Configured,
	}
	for name, value := range p {
		if home, ok := homes()[name]; ok && home.set != nil {
			home.set(c, value)
		}
	}
	tidy(c)
	nics, err := payloadNICs(p.objects("nics"))
	if err != nil {
		return nil, err
	}
	if err := settleNICs(nics, b); err != nil {
		return nil, err
	}
	setNICs(c, nics)
	if err := addFilesystems(c, p.objects("filesystems")); err != nil {
		return nil, err
	}
	routes, _ := p["routes"].(map[string]any)
	if err := checkRoutes(routes, nics); err != nil {
		return nil, err
	}
	s := &Spec{Config: c, Dataset: p.datasetSettings(), Routes: routes, NoWait: p.truth("nowait"), Guarded: p.truth("indestructible_zoneroot")}
	s.Tags, _ = p["tags"].(map[string]any)
	s.Metadata.Customer, _ = p["customer_metadata"].(map[string]any)
	s.Metadata.Internal, _ = p["internal_metadata"].(map[string]any)
	return s, nil
}

func payloadNICs(list []map[string]any) ([]nic, error) {
	nics := make([]nic, len(list))
	for i, object := range list {
		nics[i] = nic(object)
		if err := nics[i].settle(); err != nil {
			return nil, err
		}
	}
	return nics, nil
}

// checkNICs asks the host whether it could make the nics.
func (h *Host) checkNICs(nics []nic) error {
	for _, n := range nics {
		tag := n.str("nic_tag")
		if tag == "" {
			return worded("Missing .nic_tag option for NIC: %s", n)
		}
		found, err := h.links.TagExists(tag)
		if err != nil {
			return err
		}
		if !found {
			return worded("Invalid nic tag %q", tag)
		}
		mtu, _ := n["mtu"].(int64)
		vlan, _ := n["vlan_id"].(int64)
		if err := h.links.Check(vnic.NIC{Name: n.str("interface"), Over: tag, MTU: int(mtu), VLAN: int(vlan)}); err != nil {
			return worded("NIC %s: %w", n.str("mac"), err)
		}
	}
	return nil
}
