package vm

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

func settleOne(t *testing.T, text string) (nic, error) {
	t.Helper()
	p, _, err := parse(t, `{"nics":[`+text+`]}`).settle(Create, "joyent")
	if err != nil {
		t.Fatal(err)
	}
	n := nic(p.objects("nics")[0])
	return n, n.settle()
}

func TestNIC_addressesAgree(t *testing.T) {
	for text, want := range map[string]string{
		`{"ip":"10.1.2.3","netmask":"255.255.0.0","gateway":"10.1.0.1"}`: "10.1.2.3 255.255.0.0 [10.1.2.3/16] 10.1.0.1 [10.1.0.1]",
		`{"ips":["fe80::1/64","10.1.2.3/24"],"gateways":["10.1.2.1"]}`:   "10.1.2.3 255.255.255.0 [fe80::1/64 10.1.2.3/24] 10.1.2.1 [10.1.2.1]",
		`{"ip":"dhcp"}`:               "dhcp <nil> [dhcp] <nil> <nil>",
		`{"ips":["dhcp","addrconf"]}`: "dhcp <nil> [dhcp addrconf] <nil> <nil>",
		`{"ip":"10.1.2.3/24"}`:        "10.1.2.3 255.255.255.0 [10.1.2.3/24] <nil> <nil>",
		`{}`:                          "<nil> <nil> <nil> <nil> <nil>",
	} {
		n, err := settleOne(t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := fmt.Sprint(n["ip"], " ", n["netmask"], " ", n["ips"], " ", n["gateway"], " ", n["gateways"]); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		if again := maps.Clone(n); again.settleAgain() != nil || fmt.Sprint(again) != fmt.Sprint(n) {
			t.Errorf("%s: settles to %v, then to %v", text, n, again)
		}
	}
}

func (n nic) settleAgain() error { return n.settle() }

func TestNIC_refusals(t *testing.T) {
	for text, want := range map[string]string{
		`{"ip":"10.0.0.1"}`:                                 "Missing .netmask option for NIC: ",
		`{"ip":"10.0.0.1","netmask":"255.0.255.0"}`:         "Specified netmask value is invalid: 255.0.255.0",
		`{"ip":"10.0.0.1","netmask":"24"}`:                  "Specified netmask value is invalid: 24",
		`{"ip":"10.0.0.300","netmask":"255.0.0.0"}`:         "Invalid IP for NIC: 10.0.0.300",
		`{"ips":["10.0.0.1"]}`:                              "Invalid IP for NIC: 10.0.0.1",
		`{"ips":["10.0.0.1/7"]}`:                            "Invalid IP for NIC: 10.0.0.1/7",
		`{"ips":["::1/129"]}`:                               "Invalid IP for NIC: ::1/129",
		`{"ip":"dhcp","gateway":"fe80::1"}`:                 "Static gateways must be IPv4 addresses: fe80::1",
		`{"ip":"dhcp","allowed_ips":["x"]}`:                 "Invalid IP in allowed_ips: x",
		`{"mac":"01:00:5e:00:00:01"}`:                       "cannot be that of a nic",
		`{"ips":[` + many(21, `"10.0.0.%d/8"`) + `]}`:       "at most 20 ips",
		`{"allowed_ips":[` + many(14, `"10.0.0.%d"`) + `]}`: "at most 13 allowed_ips",
	} {
		if _, err := settleOne(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func many(n int, format string) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(format, i+1))
	}
	return strings.Join(list, ",")
}

func TestNIC_names(t *testing.T) {
	b, _ := BrandOf("lx")
	nics := []nic{{"mac": "02:00:00:00:00:01"}, {"mac": "02:00:00:00:00:02", "interface": "eth0"}, {"mac": "02:00:00:00:00:03"}}
	if err := settleNICs(nics, b); err != nil {
		t.Fatal(err)
	}
	got := nics[0].str("interface") + " " + nics[1].str("interface") + " " + nics[2].str("interface")
	if got != "eth1 eth0 eth2" || !nics[0].truth("primary") || nics[1].truth("primary") {
		t.Errorf("got %v", nics)
	}
	for _, c := range []struct {
		nics []nic
		want string
	}{
		{[]nic{{"mac": "a", "primary": true}, {"mac": "b", "primary": true}}, "more than 1 primary NIC"},
		{[]nic{{"mac": "a"}, {"mac": "a"}}, "same MAC: a"},
		{[]nic{{"mac": "a", "ips": []string{"1.1.1.1/8"}}, {"mac": "b", "ips": []string{"1.1.1.1/8"}}}, "same IP: 1.1.1.1/8"},
		{[]nic{{"mac": "a", "ips": []string{"dhcp"}}, {"mac": "b", "ips": []string{"dhcp"}}}, ""},
	} {
		err := settleNICs(c.nics, b)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want %q", c.nics, err, c.want)
		}
	}
}

func TestElectPrimary_prefersTheLowestPublicAddress(t *testing.T) {
	nics := []nic{
		{"mac": "a"},
		{"mac": "b", "ips": []string{"10.0.0.1/8"}},
		{"mac": "c", "ips": []string{"9.9.9.9/8"}},
		{"mac": "d", "ips": []string{"8.8.8.8/8"}},
	}
	electPrimary(nics)
	if !nics[3].truth("primary") {
		t.Errorf("elected %v", nics)
	}
}

func TestCheckRoutes(t *testing.T) {
	nics := []nic{{"mac": "02:00:00:00:00:01", "ips": []string{"10.0.0.1/8"}}, {"mac": "02:00:00:00:00:02", "ips": []string{"dhcp"}}}
	for text, want := range map[string]string{
		`{"10.0.0.0/8":"10.1.1.1","1.2.3.4":"nics[0]","::/0":"macs[02:00:00:00:00:01]"}`: "",
		`{"x":"10.1.1.1"}`:                      `Invalid route destination: "x" (must be IP address or CIDR)`,
		`{"1.2.3.4":"x"}`:                       `Invalid route gateway: "x" (must be IP address, MAC address, or nic)`,
		`{"1.2.3.4":"macs[02:00:00:00:00:09]"}`: `refers to non-existent or DHCP nic`,
		`{"1.2.3.4":"nics[2]"}`:                 `Route gateway: "nics[2]" refers to non-existent or DHCP nic`,
		`{"1.2.3.4":"nics[1]"}`:                 `refers to non-existent or DHCP nic`,
	} {
		p := parse(t, `{"routes":`+text+`}`)
		err := checkRoutes(p["routes"].(map[string]any), nics)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
