package vm

import (
	"bytes"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

func TestReadPayload_refusesBadJSONInOneLine(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	for text, want := range map[string]string{
		``:                             "text ends",
		`{"brand": `:                   "text ends",
		`{"brand":"joyent"} {}`:        "more data",
		`[]`:                           "an object",
		`null`:                         "null is not an object",
		`{"brand":"lx","brand":"kvm"}`: "twice",
		`{"Brand":"lx"}`:               `"Brand" is brand`,
		`{"nics":[{"MAC":"1"}]}`:       `"nics.*.MAC" is mac`,
		"{\"alias\":\"a\x00b\"}":       "NUL",
		`{"alias":"` + "\xff" + `"}`:   "UTF-8",
		deep:                           "deep",
		`{"alias":"` + strings.Repeat("x", MaxPayload) + `"}`: "too big",
	} {
		_, err := ReadPayload(strings.NewReader(text))
		if err == nil {
			t.Errorf("%.40q is accepted", text)
			continue
		}
		got := err.Error()
		if !strings.HasPrefix(got, "Invalid JSON payload: ") || !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%.40q: %q does not say %q", text, got, want)
		}
	}
}

func TestAssignments(t *testing.T) {
	p, err := Assignments([]string{"alias=a=b", "quota=5", "quota=6", "hostname=null"})
	if err != nil || p["alias"] != "a=b" || p["quota"] != "6" || p["hostname"] != "null" {
		t.Errorf("%v %v", p, err)
	}
	for _, word := range []string{"alias", "=x", "nics.0.ip=1", `{"a":"b=c"}`, "state=running", "wibble=1"} {
		if p, err := Assignments([]string{word}); err == nil {
			t.Errorf("%q is accepted as %v", word, p)
		}
	}
}

func TestSettle_dropsAndNamesWhatIsNotForTheBrand(t *testing.T) {
	p := parse(t, `{"alias":"x","wibble":1,"disks":[],"nics":[{"ip":"dhcp","colour":"red","mtu":"1500"}],"ram":"512"}`)
	settled, dropped, err := p.settle(Create, "joyent")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(dropped, " "); got != "disks nics.*.colour wibble" {
		t.Errorf("dropped %q", got)
	}
	if nic := settled.objects("nics")[0]; nic["mtu"] != int64(1500) || nic["colour"] != nil {
		t.Errorf("nic is %v", nic)
	}
	if settled["ram"] != int64(512) {
		t.Errorf("ram is %#v", settled["ram"])
	}
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte(`{"brand":"joyent","image_uuid":"` + someImage + `","nics":[{"ip":"10.0.0.1","netmask":"255.0.0.0"}]}`))
	f.Add([]byte(`{"brand":"lx","ram":"1e3","quota":0x1,"tags":{"a":1.5},"nics":[{"ips":["fe80::1/64"],"mac":"1:2:3:4:5:6"}]}`))
	f.Add([]byte(`{"brand":"kvm","disks":[{"size":1,"nocreate":"1"}],"routes":{"10.0.0.0/8":"nics[0]"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadPayload(bytes.NewReader(data))
		if err != nil {
			return
		}
		brand, _ := p["brand"].(string)
		bad, err := Validate(p, Create, brand, anySite{})
		if err != nil || bad != nil && bad.dropUnknown() != nil {
			return
		}
		b, _ := BrandOf(brand)
		settled, _, err := p.settle(Create, brand)
		if err != nil {
			t.Fatalf("judged good, but: %v", err)
		}
		settled.complete(b, testHost(t).Now(), newUUID)
		s, err := newSpec(settled, b)
		if err != nil {
			return
		}
		again := nicsOf(s.Config)
		copied := clone(s.Config)
		setNICs(copied, again)
		if !same(s.Config, copied) {
			t.Fatalf("nics change when they are read:\n%s\n%s", asJSON(t, s.Config), asJSON(t, copied))
		}
	})
}

// Zonecfg knows no attr without a value, and checks those of vmadm too.
func TestSetAttr_keepsNoEmptyValue(t *testing.T) {
	c := &zone.Config{}
	for _, value := range []any{"text", []string{"a"}, nil, "x", "", []string{"a", "b"}, []string{}} {
		setAttr(c, "resolvers", List, value)
		for _, a := range c.Attrs {
			if a.Value == "" {
				t.Errorf("%v makes an attr without a value", value)
			}
		}
	}
	if len(c.Attrs) != 0 {
		t.Errorf("left: %v", c.Attrs)
	}
}
