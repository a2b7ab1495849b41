package vm

import (
	"slices"
	"strings"
	"testing"
)

// create judges a create payload that is fine but for what extra says.
func judgeCreate(t *testing.T, brand, extra string) *PayloadError {
	t.Helper()
	text := `{"brand":"` + brand + `","image_uuid":"` + someImage + `"`
	if brand == "lx" {
		text += `,"kernel_version":"5.10"`
	}
	if brand == "kvm" {
		text = `{"brand":"kvm","ram":256`
	}
	if extra != "" {
		text += "," + extra
	}
	p := parseLoosely(t, text+"}")
	bad, err := Validate(p, Create, brand, anySite{})
	if err != nil {
		t.Fatal(err)
	}
	return bad
}

// parseLoosely lets an extra member replace one of the base.
func parseLoosely(t *testing.T, text string) Payload {
	t.Helper()
	if strings.Count(text, `"image_uuid"`) == 2 {
		text = strings.Replace(text, `"image_uuid":"`+someImage+`",`, "", 1)
	}
	return parse(t, text)
}

func TestValidate_blamesOnlyWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		brand, extra string
		kind         FaultKind
		name         string
	}{
		{"joyent", `"alias":42`, BadValue, "alias"},
		{"joyent", `"autoboot":"aardvark"`, BadValue, "autoboot"},
		{"joyent", `"autoboot":2`, BadValue, "autoboot"},
		{"joyent", `"max_swap":255`, BadValue, "max_swap"},
		{"joyent", `"cpu_cap":-1`, BadValue, "cpu_cap"},
		{"joyent", `"cpu_cap":1.5`, BadValue, "cpu_cap"},
		{"joyent", `"cpu_cap":true`, BadValue, "cpu_cap"},
		{"joyent", `"quota":"10G"`, BadValue, "quota"},
		{"joyent", `"quota":1e300`, BadValue, "quota"},
		{"joyent", `"zpool":"nope"`, BadValue, "zpool"},
		{"joyent", `"fs_allowed":["a,b"]`, BadValue, "fs_allowed"},
		{"joyent", `"fs_allowed":{}`, BadValue, "fs_allowed"},
		{"joyent", `"tags":{"a":{"b":1}}`, BadValue, "tags"},
		{"joyent", `"customer_metadata":{"a":null}`, BadValue, "customer_metadata"},
		{"joyent", `"nics":{}`, BadValue, "nics"},
		{"joyent", `"nics":["admin"]`, BadValue, "nics"},
		{"joyent", `"nics":[{"mtu":575}]`, BadValue, "nics.*.mtu"},
		{"joyent", `"nics":[{"mtu":"9001"}]`, BadValue, "nics.*.mtu"},
		{"joyent", `"nics":[{"mac":"aa:bb:cc:dd:ee:ff:12"}]`, BadValue, "nics.*.mac"},
		{"joyent", `"nics":[{"mac":"aaa:b:c:d:e:f"}]`, BadValue, "nics.*.mac"},
		{"joyent", `"nics":[{"vlan_id":4096}]`, BadValue, "nics.*.vlan_id"},
		{"joyent", `"nics":[{"colour":"red"}]`, BadProperty, "nics.*.colour"},
		{"joyent", `"nics":[{"allow_unfiltered_promisc":true}]`, BadProperty, "nics.*.allow_unfiltered_promisc"},
		{"joyent", `"resolvers":["dns.example.com"]`, BadValue, "resolvers"},
		{"joyent", `"internal_metadata_namespaces":["a b"]`, BadValue, "internal_metadata_namespaces"},
		{"joyent", `"uuid":"3F2B7F0E-1111-4222-8333-44445555AAAA"`, BadValue, "uuid"},
		{"joyent", `"image_uuid":"3f2b7f0e-1111-4222-8333-44445555bbbb"`, BadValue, "image_uuid"},
		{"joyent", `"zonename":"../x"`, BadValue, "zonename"},
		{"joyent", `"wibble":1`, BadProperty, "wibble"},
		{"joyent", `"nics.*.ip":"10.0.0.1"`, BadProperty, "nics.*.ip"},
		{"joyent", `"update_nics":[{"mac":"1:2:3:4:5:6"}]`, BadProperty, "update_nics"},
		{"joyent", `"disks":[]`, BadProperty, "disks"},
		{"joyent", `"docker":true`, BadProperty, "docker"},
		{"joyent", `"state":"running"`, BadProperty, "state"},
		{"joyent", `"create_timestamp":"2020"`, BadProperty, "create_timestamp"},
		{"joyent", `"zlog_max_size":-1`, BadValue, "zlog_max_size"},
		{"kvm", `"disks":[{"model":"virtio"}]`, Missing, "disks.0.size"},
		{"kvm", `"disks":[{"size":10},{"model":"ide"}]`, Missing, "disks.1.size"},
		{"kvm", `"disks":[{"size":10,"image_size":10}]`, BadProperty, "disks.0.image_size"},
		{"kvm", `"disks":[{"size":10,"block_size":1000}]`, BadValue, "disks.*.block_size"},
		{"kvm", `"vcpus":0`, BadValue, "vcpus"},
		{"kvm", `"vnc_port":-2`, BadValue, "vnc_port"},
		{"kvm", `"vnc_password":"123456789"`, BadValue, "vnc_password"},
		{"kvm", `"tmpfs":10`, BadProperty, "tmpfs"},
	} {
		bad := judgeCreate(t, c.brand, c.extra)
		if bad == nil {
			t.Errorf("%s is accepted", c.extra)
			continue
		}
		if len(bad.Faults) != 1 || bad.Faults[0].Kind != c.kind || bad.Faults[0].Name != c.name {
			t.Errorf("%s: got %+v", c.extra, bad.Faults)
		}
	}
}

func TestValidate_acceptsTheFormsThatPeopleWrite(t *testing.T) {
	for _, extra := range []string{
		"", `"zpool":"zones"`, `"fs_allowed":"ufs,tmpfs"`, `"autoboot":"false"`, `"autoboot":1`,
		`"ram":"512","quota":" 7 "`, `"cpu_cap":null,"alias":null`, `"cpu_cap":""`, `"quota":5.0`,
		`"customer_metadata":{"a":1,"b":true,"c d":"e"}`, `"nics":[{"mtu":"2323","ip":"dhcp"}]`,
		`"resolvers":"8.8.8.8,8.8.4.4"`, `"resolvers":["2001:4860:4860::8888"]`, `"max_swap":256`,
	} {
		for _, brand := range []string{"joyent", "lx"} {
			if bad := judgeCreate(t, brand, extra); bad != nil {
				t.Errorf("%s: %s: %v", brand, extra, bad)
			}
		}
	}
}

func TestValidate_findsAllFaultsAtOnce(t *testing.T) {
	p := parse(t, `{"brand":"lx","cpu_cap":"x","ram":-1,"wibble":1,"disks":[],"nics":[{"mtu":1},{"mtu":2}]}`)
	bad, err := Validate(p, Create, "lx", anySite{})
	if err != nil || bad == nil {
		t.Fatal(bad, err)
	}
	want := `{"bad_values":["cpu_cap","nics.*.mtu","ram"],"bad_properties":["disks","wibble"],` +
		`"missing_properties":["image_uuid","kernel_version"]}`
	if got := asJSON(t, bad.Answer()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if text := bad.dropUnknown().Error(); !strings.HasPrefix(text, "Invalid value(s) for: cpu_cap,nics.*.mtu,ram") ||
		!strings.Contains(text, "Missing required properties: image_uuid,kernel_version") {
		t.Errorf("it reads %q", text)
	}
}

func TestValidate_knowsItsBrands(t *testing.T) {
	for brand, want := range map[string]string{"": "undefined", "gorilla": "gorilla"} {
		bad, err := Validate(Payload{}, Create, brand, nil)
		if err != nil || bad == nil || bad.BadBrand != want {
			t.Errorf("brand %q: %+v %v", brand, bad, err)
		}
	}
	if !slices.Equal(BrandNames(), []string{"bhyve", "builder", "joyent", "joyent-minimal", "kvm", "lx"}) {
		t.Errorf("the brands are %v", BrandNames())
	}
}

func TestValidate_ofAnUpdate(t *testing.T) {
	for text, want := range map[string][]string{
		`{"uuid":"doogle","alias":"x"}`: {"uuid"}, `{"nics":[]}`: {"nics"}, `{"tags":{}}`: {"tags"},
		`{"nowait":true,"mdata_exec_timeout":1}`:                              {"mdata_exec_timeout", "nowait"},
		`{"add_nics":[{"ip":"dhcp"}],"set_tags":{"a":1},"remove_tags":["b"]}`: {},
		`{"update_nics":[{"mac":"01:02:03:0a:0b:0c","nic_tag":"external"}]}`:  {},
	} {
		bad, err := Validate(parse(t, text), Update, "joyent", nil)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		if bad != nil {
			got = bad.Names(BadProperty)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: bad properties %v, want %v", text, got, want)
		}
	}
}
