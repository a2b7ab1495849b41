package btrfs

import (
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// What is set counts before what a stream brought, and both are inherited.
func TestProp_sources(t *testing.T) {
	top, a, b := fs(1, "zones"), fs(2, "zones/a"), fs(3, "zones/a/b")
	a.Received = map[string]string{"atime": "off", "exec": "off", "quota": "77", "mountpoint": "/there", "a:b": "c"}
	a.Props = map[string]string{"exec": "on"}
	s, err := parseStore(storeText(t, entry{Put: []*record{top, a, b}}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id       int64
		prop     string
		want     string
		source   string
		received string
	}{
		{2, "atime", "off", "received", "off"},
		{2, "exec", "on", "local", "off"},
		{2, "quota", "77", "received", "77"},
		{2, "setuid", "on", "default", ""},
		{3, "atime", "off", "inherited from zones/a", ""},
		{3, "exec", "on", "inherited from zones/a", ""},
		{3, "quota", "0", "default", ""},
		{3, "mountpoint", "/there/b", "inherited from zones/a", ""},
		{3, "a:b", "c", "inherited from zones/a", ""},
	} {
		want := dataset.Prop{Value: c.want, Source: c.source, Received: c.received}
		if got := s.prop(s.byID[c.id], c.prop); got != want {
			t.Errorf("%s of %d: %+v, want %+v", c.prop, c.id, got, want)
		}
	}
	if n := s.byID[2].number("quota"); n != 77 {
		t.Errorf("the quota that acts is %d", n)
	}
}
