package vnic

import (
	"bytes"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/paths"
)

func TestCheckLinkName(t *testing.T) {
	for _, good := range []string{"net0", "stub_1", "a0", "vnic4294967294", "x1y2", "ABC10", strings.Repeat("a", 30) + "0"} {
		if err := CheckLinkName(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{
		"", "0", "net", "0net0", "_net0", "net00", "net01", "net4294967295", "net-0", "net 0", "nét0",
		"net0\n", "a/0", "net99999999999", strings.Repeat("a", 31) + "0",
	} {
		if CheckLinkName(bad) == nil {
			t.Errorf("%q taken", bad)
		}
	}
}

func TestMAC(t *testing.T) {
	for in, want := range map[string]string{"2:8:20:a:b:c": "2:8:20:a:b:c", "02:08:20:0A:0b:00": "2:8:20:a:b:0"} {
		mac, err := ParseMAC(in)
		if err != nil || FormatMAC(mac) != want {
			t.Errorf("%s: %s, %v", in, FormatMAC(mac), err)
		}
	}
	for _, bad := range []string{"", "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:g", "1:2:3:4:5:100", "1:2::4:5:6", "+1:2:3:4:5:6", "1:2:3:4:5:-1"} {
		if mac, err := ParseMAC(bad); err == nil {
			t.Errorf("%q read as %s", bad, mac)
		}
	}
	seen := map[string]bool{}
	for range 100 {
		mac := RandomMAC(nil)
		seen[mac.String()] = true
		if !strings.HasPrefix(mac.String(), "02:08:20:") || checkUnicast(mac) != nil {
			t.Errorf("bad random address %s", mac)
		}
	}
	if len(seen) < 99 {
		t.Error("random addresses repeat")
	}
}

func TestKernelName(t *testing.T) {
	one, two := paths.Root("/a"), paths.Root("/b")
	names := []string{
		kernelName("", classBridge, "stub0"), kernelName(one, classBridge, "stub0"), kernelName(two, classBridge, "stub0"),
		kernelName(one, classZone, "z", "net0"), kernelName(one, classZone, "z", "net1"), kernelName(one, classZone, "zn", "et0"),
	}
	for _, name := range names {
		if len(name) > 15 || !isKernelName(name) {
			t.Errorf("bad kernel name %q", name)
		}
	}
	if slices.Sort(names); len(slices.Compact(names)) != 6 {
		t.Errorf("kernel names repeat: %v", names)
	}
}

func TestRangesOf(t *testing.T) {
	var all []netip.Prefix
	for _, s := range []string{
		"10.0.0.5/32", "10.0.0.4/32", "10.0.0.0/30", "10.0.0.4/32", "192.168.0.7/16", "fd00::1/128",
		"::ffff:10.0.0.6/128", "255.255.255.255/32", "255.255.255.0/24",
	} {
		all = append(all, netip.MustParsePrefix(s))
	}
	var got []string
	for _, v4 := range []bool{true, false} {
		for _, r := range rangesOf(all, v4) {
			got = append(got, r.from.String()+"-"+r.to.String())
		}
	}
	want := "10.0.0.0-10.0.0.6 192.168.0.0-192.168.255.255 255.255.255.0-255.255.255.255 fd00::1-fd00::1"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
}

func FuzzRangesOf(f *testing.F) {
	f.Add([]byte{10, 0, 0, 1, 24, 10, 0, 0, 2, 32, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var all []netip.Prefix
		for ; len(data) >= 5; data = data[5:] {
			all = append(all, netip.PrefixFrom(netip.AddrFrom4([4]byte(data[:4])), int(data[4]%33)))
		}
		ranges := rangesOf(all, true)
		holds := func(a netip.Addr) bool {
			return slices.ContainsFunc(ranges, func(r addrRange) bool { return r.from.Compare(a) <= 0 && a.Compare(r.to) <= 0 })
		}
		for _, p := range all {
			if !holds(p.Masked().Addr()) || !holds(p.Addr()) {
				t.Errorf("%s is not in %v", p, ranges)
			}
		}
		for i := 1; i < len(ranges); i++ {
			if !isApart(ranges[i-1], ranges[i]) {
				t.Errorf("%v and %v touch", ranges[i-1], ranges[i])
			}
		}
	})
}

func FuzzParseMAC(f *testing.F) {
	f.Add("2:8:20:a:b:c")
	f.Fuzz(func(t *testing.T, s string) {
		mac, err := ParseMAC(s)
		if err != nil {
			return
		}
		again, err := ParseMAC(FormatMAC(mac))
		if err != nil || !bytes.Equal(mac, again) {
			t.Errorf("%q: %s, then %s, %v", s, mac, again, err)
		}
		if std, err := net.ParseMAC(mac.String()); err != nil || !bytes.Equal(std, mac) {
			t.Errorf("%q is %s to others", s, std)
		}
	})
}

func FuzzCheckLinkName(f *testing.F) {
	f.Add("net0")
	f.Fuzz(func(t *testing.T, name string) {
		if CheckLinkName(name) == nil && strings.ContainsAny(name, "/. \n\x00-=") {
			t.Errorf("%q taken", name)
		}
	})
}

func FuzzParseLabel(f *testing.F) {
	f.Add("smartbox root=ab zone=z nic=net0 over=stub0 vid=5 mac=02:08:20:00:00:01")
	f.Fuzz(func(t *testing.T, alias string) {
		l, ok := parseLabel(alias)
		if !ok {
			return
		}
		if again, ok := parseLabel(l.String()); !ok || again != l {
			t.Errorf("%q: %+v, then %+v", alias, l, again)
		}
	})
}

func FuzzDecodeLinks(f *testing.F) {
	f.Add([]byte(`{"links":{"stub0":{"class":"etherstub","kernel":"sbbaaaaaaaaaa"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := decodeLinks(data)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "links")
		if err := storeLinks(path, l); err != nil {
			t.Fatal(err)
		}
		if again, err := loadLinks(path); err != nil || len(again.Links) != len(l.Links) {
			t.Errorf("%q: %+v, %v", data, again, err)
		}
		for name, r := range l.Links {
			if strings.Contains(name+r.Kernel, "/") {
				t.Errorf("%q %q taken", name, r.Kernel)
			}
		}
	})
}

func FuzzUsbkey(f *testing.F) {
	f.Add([]byte("# c\nadmin_nic=0:1:2:3:4:5\netherstub=a0,b0\nx=\"y\"\n\n"), "admin_nic", "v")
	f.Fuzz(func(t *testing.T, data []byte, key, value string) {
		u := parseUsbkey(data)
		kept := slices.Clone(u.lines)
		u.tags()
		if !isWord(key) || strings.ContainsAny(value, "\n\"' ") || value != strings.TrimSpace(value) {
			return
		}
		u.set(key, value)
		if got, ok := u.get(key); !ok || got != value {
			t.Errorf("set %q to %q, got %q", key, value, got)
		}
		u.unset(key)
		if _, ok := u.get(key); ok {
			t.Errorf("%q is still there", key)
		}
		kept = slices.DeleteFunc(kept, func(line string) bool { e, ok := parseSetting(line); return ok && e.key == key })
		if !slices.Equal(kept, u.lines) {
			t.Errorf("other lines changed: %q, were %q", u.lines, kept)
		}
	})
}

func TestUsbkey_keepsTheRest(t *testing.T) {
	const text = "# a comment\nadmin_nic='0:50:56:3d:a7:95'\n\nodd line\nextra_nic=aggr0\naggr0_aggr=0:50:56:3d:a7:1,0:50:56:3d:a7:2\nextra_mtu=9000\netherstub=a0, b0,bad\ndhcp_nic=dhcp\n"
	u := parseUsbkey([]byte(text))
	if string(u.bytes()) != text {
		t.Errorf("changed: %s", u.bytes())
	}
	var got []string
	for _, tag := range u.tags() {
		got = append(got, tag.Name+" "+string(tag.Type)+" "+FormatMAC(tag.MAC)+" "+tag.Link)
	}
	want := "admin normal 0:50:56:3d:a7:95 |extra aggr 0:50:56:3d:a7:1 aggr0|a0 etherstub  |b0 etherstub  "
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
	if empty := parseUsbkey(nil); empty.bytes() != nil || len(empty.tags()) != 0 {
		t.Error("the empty file is not empty")
	}
}
