package live

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseConfig(t *testing.T) {
	c, err := ParseConfig([]byte(`# of the node
hostname="box1"
admin_nic=52:54:00:12:34:56
admin_ip=192.0.2.10
admin_netmask=255.255.255.192
admin_gateway=192.0.2.1
external_nic=52:54:00:12:34:57
external_ip=dhcp
spare_nic=52:54:00:12:34:58
other_nic=52:54:00:12:34:59
other_ip=none
dns_resolvers=192.0.2.1, 2001:db8::1
etherstub=stub0
`))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(c.Hostname, c.Resolvers, len(c.Links))
	if got != "box1[192.0.2.1 2001:db8::1] 2" {
		t.Error(got)
	}
	a, e := c.Links[0], c.Links[1]
	if a.Tag != "admin" || a.Addr.String() != "192.0.2.10/26" || a.Gateway.String() != "192.0.2.1" || a.DHCP {
		t.Errorf("%+v", a)
	}
	if e.Tag != "external" || !e.DHCP || e.MAC.String() != "52:54:00:12:34:57" {
		t.Errorf("%+v", e)
	}
	for text, want := range map[string]string{
		"admin_nic=x\nadmin_ip=dhcp":                                                `admin_nic: "x" is not a MAC`,
		"admin_nic=52:54:00:12:34:56\nadmin_ip=10.0.0.300":                          `"10.0.0.300" is not an IP`,
		"admin_nic=52:54:00:12:34:56\nadmin_ip=10.0.0.3":                            `netmask "" of 10.0.0.3`,
		"admin_nic=52:54:00:12:34:56\nadmin_ip=10.0.0.3\nadmin_netmask=255.0.255.0": `netmask "255.0.255.0"`,
		"admin_nic=52:54:00:12:34:56\nadmin_ip=10.0.0.3/8\nadmin_gateway=gw":        `admin_gateway: "gw"`,
		"dns_resolvers=1.1.1.1,ns":                                                  `dns_resolvers: "ns"`,
	} {
		if _, err := ParseConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add("admin_nic=52:54:00:12:34:56\nadmin_ip=10.0.0.3\nadmin_netmask=8\n")
	f.Fuzz(func(_ *testing.T, s string) { _, _ = ParseConfig([]byte(s)) })
}

func TestParseAnswers(t *testing.T) {
	a, err := ParseAnswers([]byte(`{"admin_ip": "10.0.0.2/24", "admin_gateway": "10.0.0.1", "nic_tags": {"b": "52:54:00:12:34:58", "a": "52:54:00:12:34:57"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "hostname=smartbox\nadmin_nic=52:54:00:00:00:01\nadmin_ip=10.0.0.2/24\nadmin_gateway=10.0.0.1\na_nic=52:54:00:12:34:57\nb_nic=52:54:00:12:34:58\n"
	if got := string(a.config("52:54:00:00:00:01")); got != want {
		t.Errorf("%s", got)
	}
	for text, want := range map[string]string{
		`{"disk": "/dev/vda"}`:                       "unknown field",
		`{"disks": ["vda"]}`:                         `"vda" is not a path`,
		`{"disks": ["/dev/a", "/dev/b"]}`:            "one disk",
		`{"hostname": "a b"}`:                        `hostname: "a b"`,
		`{"hostname": "a\nadmin_ip=1"}`:              "hostname",
		`{"root_password": "a", "root_shadow": "b"}`: "do not go together",
		`{"root_shadow": "x:0:0"}`:                   "without colons",
		`{"admin_ip": "10.0.0.300/24"}`:              "admin_ip",
		`{"nic_tags": {"x": "y"}}`:                   "nic_tags",
		`{"root_authorized_keys": ["a\nb"]}`:         "one line",
		`{"hostname": "!", "disks": ["x"]}`:          "\n", // all faults at once
		`[]`:                                         "",
	} {
		if _, err := ParseAnswers([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParseAnswers(f *testing.F) {
	f.Add(`{"admin_ip": "10.0.0.2/24"}`)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAnswers([]byte(s))
		if err != nil {
			return
		}
		if _, err := ParseConfig(a.config("52:54:00:00:00:01")); err != nil {
			t.Errorf("accepted answers make a configuration that is not: %v", err)
		}
	})
}
