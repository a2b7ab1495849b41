package zonecfg_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/zonecfg"
)

func store(t testing.TB) *zone.Host {
	t.Helper()
	return zone.New(testenv.Root(t), slog.New(slog.DiscardHandler))
}

type result struct {
	out, err string
	ok       bool
}

// run is zonecfg -z name with a command stream.
func run(t testing.TB, h *zone.Host, name, script string) result {
	t.Helper()
	var out, errs bytes.Buffer
	s := &zonecfg.Session{Zone: name, Store: h, Out: &out, Err: &errs}
	for line := range strings.Lines(script) {
		if !s.Run(t.Context(), strings.TrimSuffix(line, "\n")) {
			break
		}
	}
	ok, _ := s.Finish(t.Context())
	return result{out.String(), errs.String(), ok}
}

// everything uses every property that there is.
const everything = `create -b
set zonepath=/zones/z
set brand=lx
set autoboot=true
set bootargs="-m verbose"
set pool=p1
set limitpriv=default,sys_time
set scheduling-class=FSS
set ip-type=exclusive
set hostid=80808080
set fs-allowed=ufs,pcfs
set uuid=8f5b6a3e-0d53-4f3a-9d1e-0123456789ab
add fs
set dir=/data
set special=/export/data
set type=lofs
add options ro
add options "size=1m"
end
add net
set allowed-address=10.0.0.2/24
set physical=net0
set mac-addr=02:08:20:0a:0b:0c
set vlan-id=7
set global-nic=external
set defrouter=10.0.0.1
add property (name=ip,value="10.0.0.2")
add property (name=ips,value="10.0.0.2/24,addrconf")
end
add device
set match=/dev/zvol/*
add property (name=media,value="disk")
end
add rctl
set name=zone.max-lwps
add value (priv=privileged,limit=3000,action=deny)
end
add rctl
set name=zone.cpu-cap
add value (priv=privileged,limit=150,action=deny)
end
add rctl
set name=zone.max-physical-memory
add value (priv=privileged,limit=1610612736,action=deny)
end
add rctl
set name=zone.max-swap
add value (priv=privileged,limit=2147483648,action=deny)
end
add rctl
set name=zone.max-locked-memory
add value (priv=privileged,limit=1000,action=deny)
end
add attr
set name=alias
set type=string
set value="a \"b\" \\ c; [d], e=f\ng"
end
add dataset
set name=zones/z/data
end
add admin
set user=joe
set auths=login,manage
end
add security-flags
set default=aslr
set upper=all
end
`

func TestExport_readsBackIdentical(t *testing.T) {
	h := store(t)
	if r := run(t, h, "z", everything); !r.ok || r.err != "" {
		t.Fatalf("%+v", r)
	}
	first := run(t, h, "z", "export")
	if first.out != everything {
		t.Errorf("export is\n%s", first.out)
	}
	a, err := h.Load("z")
	if err != nil {
		t.Fatal(err)
	}
	if r := run(t, h, "y", first.out); !r.ok {
		t.Fatalf("%+v", r)
	}
	b, err := h.Load("y")
	if err != nil {
		t.Fatal(err)
	}
	b.Name, b.DID = a.Name, a.DID
	if !reflect.DeepEqual(a, b) {
		t.Errorf("\n%+v\n%+v", a, b)
	}
}

func TestInfo(t *testing.T) {
	h := store(t)
	run(t, h, "z", everything)
	const want = `zonename: z
zonepath: /zones/z
brand: lx
autoboot: true
bootargs: -m verbose
pool: p1
limitpriv: default,sys_time
scheduling-class: FSS
ip-type: exclusive
hostid: 80808080
fs-allowed: ufs,pcfs
uuid: 8f5b6a3e-0d53-4f3a-9d1e-0123456789ab
[max-lwps: 3000]
fs:
	dir: /data
	special: /export/data
	raw not specified
	type: lofs
	options: [ro,"size=1m"]
net:
	address not specified
	allowed-address: 10.0.0.2/24
	defrouter: 10.0.0.1
	global-nic: external
	mac-addr: 02:08:20:0a:0b:0c
	physical: net0
	vlan-id: 7
	property: (name=ip,value="10.0.0.2")
	property: (name=ips,value="10.0.0.2/24,addrconf")
device:
	match: /dev/zvol/*
	property: (name=media,value="disk")
capped-cpu:
	[ncpus: 1.50]
capped-memory:
	[physical: 1.5G]
	[swap: 2G]
	[locked: 1000]
attr:
	name: alias
	type: string
	value: "a \"b\" \\ c; [d], e=f\ng"
dataset:
	name: zones/z/data
admin:
	user: joe
	auths: login,manage
rctl:
	name: zone.max-lwps
	value: (priv=privileged,limit=3000,action=deny)
rctl:
	name: zone.cpu-cap
	value: (priv=privileged,limit=150,action=deny)
rctl:
	name: zone.max-physical-memory
	value: (priv=privileged,limit=1610612736,action=deny)
rctl:
	name: zone.max-swap
	value: (priv=privileged,limit=2147483648,action=deny)
rctl:
	name: zone.max-locked-memory
	value: (priv=privileged,limit=1000,action=deny)
security-flags:
	default: aslr
	lower not specified
	upper: all
`
	if r := run(t, h, "z", "info"); r.out != want || !r.ok {
		t.Errorf("%s%s", r.out, r.err)
	}
	for script, want := range map[string]string{
		"info brand":                  "brand: lx\n",
		"info bootargs":               "bootargs: -m verbose\n",
		"info max-lwps":               "[max-lwps: 3000]\n",
		"info max-shm-ids":            "",
		"info dataset":                "dataset:\n\tname: zones/z/data\n",
		"info fs dir=/x":              "No such fs resource.\n",
		"info rctl name=zone.cpu-cap": "rctl:\n\tname: zone.cpu-cap\n\tvalue: (priv=privileged,limit=150,action=deny)\n",
		"info dedicated-cpu":          "",
		"add net; set physical=a;info": "net:\n\taddress not specified\n\tallowed-address not specified\n\tdefrouter not specified\n" +
			"\tglobal-nic not specified\n\tmac-addr not specified\n\tphysical: a\n\tvlan-id not specified\n",
	} {
		if r := run(t, h, "z", script); r.out != want {
			t.Errorf("%s:\n%s%s", script, r.out, r.err)
		}
	}
}

func TestSession_defaults(t *testing.T) {
	h := store(t)
	run(t, h, "z", "create; set zonepath=/zones/z")
	c, err := h.Load("z")
	if err != nil || c.Brand != "joyent" || c.IPType != zone.Exclusive || len(c.UUID) != 36 || c.DID != 1 || c.State != zone.Configured {
		t.Errorf("%+v, %v", c, err)
	}
}

// Each script is for a zone z that exists and has zonepath /zones/z; it must
// fail with these words and change nothing.
var refusals = []struct{ script, want string }{
	{"set zonepath=zones/z", "zones/z is not an absolute path."},
	{"set zonepath=//", "/ is not allowed as a zonepath."},
	{"set zonepath=/a/../b", "/a/../b is not a clean path"},
	{"set autoboot=yes", "autoboot value must be 'true' or 'false'."},
	{"set brand=solaris", "solaris: unknown brand; there are bhyve, joyent, joyent-minimal, kvm, lx."},
	{"set ip-type=both", "ip-type value must be 'shared' or 'exclusive'."},
	{"set zonename=global", "global: Bogus zone name"},
	{"set zonename=../x", "../x: Bogus zone name"},
	{"set pool=SUNWtmp", "pool names starting with SUNW are reserved."},
	{"set hostid=xyz", "z: invalid hostid: xyz"},
	{"set hostid=ffffffff", "hostid string is too large: ffffffff"},
	{"set fs-allowed=a/b", "z: invalid fs-allowed: a/b"},
	{"set limitpriv=default,/x", "z: invalid privilege: /x"},
	{"set uuid=1", "1 is not a valid uuid."},
	{"set max-lwps=99", "max-lwps property is out of range."},
	{"set max-lwps=-1", "max-lwps property is out of range."},
	{"set max-lwps=18446744073709551616", "max-lwps property is out of range."},
	{"set max-shm-memory=1024", "A non-negative number with a required scale suffix (K, M, G or T) was expected\nhere."},
	{"set colour=blue", "colour: No such property type"},
	{"set dir=/x", "Cannot set a resource-specific property from the global scope."},
	{"set brand=[a,b]", "A simple value was expected here."},
	{"set brand", "usage:\nset <property-name>=<property-value>"},
	{"clear zonepath", "zonepath: Clearing this property is not allowed"},
	{"clear max-lwps", "clear max-lwps: No such entry"},
	{"clear colour", "colour: No such property type"},
	{"add thing", "thing: No such resource type"},
	{"end", "The end command only makes sense in the resource scope."},
	{"cancel", "The cancel command only makes sense in the resource scope."},
	{"add fs; select fs dir=/x", "The select command only makes sense in the global scope."},
	{"add fs; end", "dir not specified\nspecial not specified\ntype not specified"},
	{"add fs; set dir=data", "dir data is not an absolute path."},
	{"add fs; set type=../x", `"../x" is not a valid type.`},
	{"add fs; set colour=x", "colour: No such property type"},
	{"add fs; add options (a=b)", "A simple or list value was expected here."},
	{"add fs; add options [ro,ro]", "options: Invalid argument"},
	{"add fs; remove options rw", "options: No such property with that id"},
	{"add fs; clear dir", "dir: Clearing this property is not allowed"},
	{
		"add fs; set dir=/a; set special=/b; set type=lofs; end; add fs; set dir=/a; set special=/c; set type=lofs; end",
		"A fs resource with the dir '/a' already exists.",
	},
	{"add net; end", "physical not specified"},
	{"add net; set physical=net0:1", "net0:1: physical interface name required; logical interface name not allowed"},
	{"add net; set physical=0", "0: invalid physical interface name"},
	{"add net; set allowed-address=fe80::1", "fe80::1: IPv6 addresses require /prefix-length suffix."},
	{"add net; set allowed-address=10.0.0.1/33", "10.0.0.1/33: IPv4 address prefix lengths must be 0 - 32."},
	{"add net; set allowed-address=fe80::1/129", "fe80::1/129: IPv6 address prefix lengths must be 0 - 128."},
	{"add net; set address=-x", "-x: bogus host name or network address syntax"},
	{"add net; set mac-addr=2:8:20:1:2", "2:8:20:1:2: invalid MAC address"},
	{"add net; set vlan-id=4095", "vlan-id property is out of range."},
	{"add net; add property ip", "A complex or list value was expected here."},
	{"add net; add property (name=a,value=b,colour=c)", "colour: No such property type"},
	{"add net; add property (name=a)", "value not specified"},
	{"add net; add property (name=a,name=b,value=c)", "name already specified"},
	{"add net; add property (name=a,value=b); add property (name=a,value=c)", "property: Invalid argument"},
	{
		"add net; set physical=net0; set address=10.0.0.2; end; commit",
		"net: address cannot be specified for an exclusive IP type\nZone z failed to verify",
	},
	{
		"add net; set physical=net0; set defrouter=10.0.0.2; end; verify",
		"net: defrouter for net0 cannot be specified without allowed-address for an exclusive IP type",
	},
	{"set ip-type=shared; add net; set physical=net0; end; commit", "net: address not specified\nZone z failed to verify"},
	{"add rctl; set name=process.max", "'process.max' is not a valid zone rctl name."},
	{"add rctl; set name=zone.max-lwps; end", "no value specified"},
	{"add rctl; set name=zone.max-lwps; add value (priv=privileged,limit=x,action=deny)", "Invalid rctl value specification"},
	{"add rctl; set name=zone.max-lwps; add value (priv=privileged,limit=1)", "action not specified"},
	{"add attr; set name=-a", "Invalid attr name -a: must start with an alpha-numeric character."},
	{"add attr; set name=a_/b", "Invalid attr name a_/b: can only contain alpha-numeric characters, plus '-' and '.'."},
	{"add attr; set name=zonefoo", "names beginning with 'zone' are reserved"},
	{"add attr; set name=a; set type=colour; set value=b; end", "invalid attr type 'colour'"},
	{"add attr; set name=a; set type=int; set value=b; end", "invalid attr value for type=int"},
	{"add attr; set name=a; set type=uint; set value=-1; end", "invalid attr value for type=uint"},
	{"add attr; set name=a; set type=boolean; set value=1; end", "invalid attr value for type=boolean"},
	{
		"add attr; set name=a; set type=int; set value=1; end; add attr; set name=a; set type=int; set value=2; end",
		"An attr resource with the name 'a' already exists.",
	},
	{"add dataset; set name=a//b", "dataset: name invalid"},
	{"add dedicated-cpu; set ncpus=0", "ncpus property is out of range."},
	{"add dedicated-cpu; set ncpus=4-2", "ncpus property is out of range."},
	{"add dedicated-cpu; set ncpus=1; set importance=x", "importance property is out of range."},
	{"add dedicated-cpu; set ncpus=1; end; add dedicated-cpu", "The dedicated-cpu resource already exists."},
	{"add dedicated-cpu; set ncpus=1; end; add capped-cpu", "The dedicated-cpu resource already exists."},
	{"add dedicated-cpu; set ncpus=1; end; set pool=p", "The dedicated-cpu resource already exists.  A persistent pool is incompatible"},
	{"add dedicated-cpu; set ncpus=1; end; set cpu-shares=10; commit", "rctl zone.cpu-shares and dedicated-cpu are incompatible."},
	{"set pool=p; add dedicated-cpu", "The pool property is already set.  A persistent pool is incompatible with\nthe dedicated-cpu resource."},
	{"add capped-cpu; set ncpus=1; end; add dedicated-cpu", "The capped-cpu resource already exists."},
	{"add capped-cpu; set ncpus=0", "ncpus property is out of range."},
	{"add capped-cpu; set ncpus=NaN", "ncpus property is out of range."},
	{"add capped-cpu; end", "ncpus not specified"},
	{"add capped-memory; end", "No property was specified.  One of physical, swap or locked is required."},
	{"add capped-memory; set physical=100", "A non-negative number with a required scale suffix"},
	{"add capped-memory; set swap=49M", "swap value is too small.  It must be at least 50M."},
	{"add capped-memory; set physical=512K", "physical value is too small.  It must be at least 1M."},
	{"add capped-memory; set physical=1g; set locked=2g; end", "The locked cap must be less than or equal to the physical cap."},
	{"add capped-memory; set physical=99999999999T", "A non-negative number"},
	{"add capped-memory; set locked=1m; end; add capped-memory", "The capped-memory resource or a related resource control already exists."},
	{
		"add rctl; set name=zone.max-lwps; add value (priv=privileged,limit=1000,action=none); end; set max-lwps=200",
		"max-lwps: An incompatible rctl already exists for this property",
	},
	{"add admin; set user=joe; set auths=all", "'all' is not a valid authorization"},
	{"add security-flags; set default=magic", "default security flags 'magic' are invalid"},
	{"select fs dir=/none", "select fs: No such resource with that id"},
	{"select capped-cpu", "select capped-cpu: No such resource type"},
	{"remove fs", "remove fs: No such entry"},
	{"remove fs dir=/none", "remove fs: No such resource with that id"},
	{"remove capped-memory", "remove capped-memory: No such resource type"},
	{"remove thing", "thing: No such resource type"},
	{
		"add device; set match=/a; end; add device; set match=/b; end; remove device",
		"There are multiple instances of this resource.  Either qualify the resource to\nremove a single instance or use the -F option to remove all instances.",
	},
	{"add device; set match=/a; end; add device; set match=/b; end; select device", "select device: Insufficient specification"},
	{"delete", "Input not from terminal and -F not specified:\ndelete command ignored, exiting."},
	{"set autoboot=true; revert", "Input not from terminal and -F not specified:\nrevert command ignored, exiting."},
	{"create", "Zone exists, input not from terminal and -F not specified:\ncreate command ignored, exiting."},
	{"create -t none -F", "none: No such zone configured"},
	{"create -F -a /none", "invalid path to detached zone"},
	{"create -x", "unknown option -x\nusage:\ncreate"},
	{"add fs; revert -F", "You can only use revert in the global scope."},
	{"add fs; exit", "Resource incomplete, input not from terminal and -F not specified:\nexit command ignored, but exiting anyway."},
	{"add fs", "Resource incomplete."},
	{"add fs; commit", "resource specification incomplete\nZone z failed to verify"},
	{"set bootargs=\xff", "syntax error at column 1: the line is not UTF-8 text"},
	{"set bootargs=a\x00", "a NUL byte"},
	{"frobnicate", "frobnicate: no such command."},
	{"help frobnicate", "Unknown help subject frobnicate."},
	{`set bootargs="a`, "syntax error at column 16: a quote is not closed"},
	{"set a=b c=d", "usage:\nset"},
	{"set autoboot=true # no comment here", "usage:\nset"},
	{"add fs; add options [a", "syntax error at column 23: ',' or ']' expected in a list"},
	{"add rctl; add value (a", "syntax error at column 23: '=' expected after \"a\""},
	{"export -f", "option -f needs a value"},
	{"set autoboot=true; set autoboot=maybe", "autoboot value must be 'true' or 'false'.\nConfiguration not saved."},
}

func TestSession_refusesAndChangesNothing(t *testing.T) {
	h := store(t)
	if r := run(t, h, "z", "create; set zonepath=/zones/z"); !r.ok {
		t.Fatal(r.err)
	}
	before := run(t, h, "z", "export").out
	for _, c := range refusals {
		r := run(t, h, "z", c.script)
		if r.ok || !strings.Contains(r.err, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.script, r.err, c.want)
		}
		if after := run(t, h, "z", "export").out; after != before {
			t.Fatalf("%s\nchanged the zone to\n%s", c.script, after)
		}
	}
}

func TestSession_edits(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"set max-processes=200; info max-processes; info max-lwps", "[max-processes: 200]\n[max-lwps: 2000]\n"},
		{"set max-lwps=500; set max-processes=200; info max-lwps", "[max-lwps: 500]\n"},
		{"set cpu-shares=20; info rctl", "rctl:\n\tname: zone.cpu-shares\n\tvalue: (priv=privileged,limit=20,action=none)\n"},
		{"set max-shm-memory=1.5g; info max-shm-memory", "[max-shm-memory: 1.5G]\n"},
		{"set cpu-shares=20; clear cpu-shares; info rctl", ""},
		{"set autoboot=true; clear autoboot; info autoboot", "autoboot: false\n"},
		{"set bootargs=; info bootargs", "bootargs: \n"},
		{"set zonepath = /zones/y; info zonepath", "zonepath: /zones/y\n"},
		{
			"add capped-memory; set physical=1g; set swap=2g; end; select capped-memory; clear swap; set locked=512m; end; info capped-memory",
			"capped-memory:\n\t[physical: 1G]\n\t[locked: 512M]\n",
		},
		{"add capped-memory; set physical=1g; end; remove capped-memory; info rctl", ""},
		{"add capped-cpu; set ncpus=.5; end; select capped-cpu; set ncpus=2; end; info capped-cpu", "capped-cpu:\n\t[ncpus: 2.00]\n"},
		{
			"add dedicated-cpu; set ncpus=1-2; set importance=3; end; select dedicated-cpu; clear importance; end; info dedicated-cpu",
			"dedicated-cpu:\n\tncpus: 1-2\n",
		},
		{
			"add fs; set dir=/a; set special=/b; set type=lofs; set options=[ro,nodevices]; end; select fs dir=/a; remove options ro; set special=/c; end; info fs",
			"fs:\n\tdir: /a\n\tspecial: /c\n\traw not specified\n\ttype: lofs\n\toptions: [nodevices]\n",
		},
		{
			"add net; set physical=net0; set mac-addr=2:8:20:A:b:0; add property (name=a,value=1); add property (value=2,name=b); end;" +
				"select net mac-addr=02:08:20:0a:0b:00; remove property (name=a); clear mac-addr; end; info net physical=net0",
			"net:\n\taddress not specified\n\tallowed-address not specified\n\tdefrouter not specified\n\tglobal-nic not specified\n" +
				"\tmac-addr not specified\n\tphysical: net0\n\tvlan-id not specified\n\tproperty: (name=b,value=\"2\")\n",
		},
		{
			"add rctl; set name=zone.x; add value [(priv=privileged,limit=1,action=deny),(priv=privileged,limit=2,action=none)]; end;" +
				"select rctl name=zone.x; remove value (priv=privileged,limit=1,action=deny); end; info rctl",
			"rctl:\n\tname: zone.x\n\tvalue: (priv=privileged,limit=2,action=none)\n",
		},
		{"add device; set match=/a; end; add device; set match=/b; end; remove -F device; info device", ""},
		{"add device; set match=/a; end; remove device match=/a; info device", ""},
		{"remove -F device match=/zz", ""},
		{"add fs; set dir=/a; cancel; info fs", ""},
		{"set autoboot=true; revert -F; info autoboot", "autoboot: false\n"},
		{"exit; set autoboot=true", ""},
		{"set bootargs=x; clear bootargs; info bootargs", "bootargs: \n"},
		{"# a comment\n\n ; ;info brand; # another", "brand: joyent\n"},
	} {
		h := store(t)
		run(t, h, "z", "create; set zonepath=/zones/z")
		r := run(t, h, "z", c.script)
		if !r.ok || r.out != c.want {
			t.Errorf("%s\n got %s%s", c.script, r.out, r.err)
		}
	}
}

func TestSession_onLine(t *testing.T) {
	h := store(t)
	var errs bytes.Buffer
	s := &zonecfg.Session{Zone: "z", Store: h, Out: &errs, Err: &errs, File: "z.cfg"}
	for _, line := range []string{"create", "set zonepath=/zones/z", "set autoboot=maybe; set ip-type=x"} {
		s.Run(t.Context(), line)
	}
	if ok, _ := s.Finish(t.Context()); ok ||
		errs.String() != "On line 3 of z.cfg:\nautoboot value must be 'true' or 'false'.\nConfiguration not saved.\n" {
		t.Errorf("%q", errs.String())
	}
	if _, err := h.Load("z"); err == nil {
		t.Error("the zone was made")
	}
}

func TestSession_names(t *testing.T) {
	h := store(t)
	run(t, h, "a", "create; set zonepath=/zones/a")
	if r := run(t, h, "a", "set zonename=b; set autoboot=true"); !r.ok {
		t.Fatal(r.err)
	}
	if c, err := h.Load("b"); err != nil || !c.Autoboot {
		t.Errorf("%+v, %v", c, err)
	}
	if r := run(t, h, "x", "set zonename=c; create -t b"); !r.ok {
		t.Fatal(r.err)
	}
	c, err := h.Load("c")
	b, _ := h.Load("b")
	if err != nil || !c.Autoboot || c.UUID == b.UUID || c.DID == b.DID {
		t.Errorf("%+v, %v", c, err)
	}
	if r := run(t, h, "c", "set zonename=b"); r.ok || !strings.Contains(r.err, "c: Zone name already in use") && !strings.Contains(r.err, "b: Zone name already in use") {
		t.Errorf("%+v", r)
	}
	if r := run(t, h, "b", "create -F; set zonepath=/zones/other"); !r.ok || r.out != "Zone b already exists; overwriting.\n" {
		t.Errorf("%+v", r)
	}
	if now, _ := h.Load("b"); now.Autoboot || now.Path != "/zones/other" || now.DID != b.DID {
		t.Errorf("%+v", now)
	}
	if r := run(t, h, "b", "delete -F"); !r.ok {
		t.Error(r.err)
	}
	if r := run(t, h, "b", "delete -F"); r.ok || r.err != "b: No such zone configured\n" {
		t.Errorf("%+v", r)
	}
	if r := run(t, h, "b", "info"); r.ok || r.err != "b: No such zone configured\n" {
		t.Errorf("%+v", r)
	}
}

func TestSession_installedZones(t *testing.T) {
	h := store(t)
	run(t, h, "z", "create; set zonepath=/zones/z")
	if err := h.Edit(t.Context(), "z", func(c *zone.Config) error { c.State = zone.Installed; return nil }); err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]string{
		"delete -F":            "Zone z not in configured state but installed; delete not allowed.",
		"set zonepath=/a":      "Zone z already installed; set zonepath not allowed.",
		"set brand=lx":         "Zone z already installed; set brand not allowed.",
		"set zonename=y":       "Zone z already installed; set zonename not allowed.",
		"create -F":            "Zone z already installed; create not allowed.",
		"create -F; delete -F": "Zone z already installed; create not allowed.",
	} {
		if r := run(t, h, "z", script); r.ok || !strings.Contains(r.err, want) {
			t.Errorf("%s: %+v", script, r)
		}
	}
	if r := run(t, h, "z", "set autoboot=true; set zonepath=/zones/z"); !r.ok {
		t.Error(r.err)
	}
}

func TestSession_parallelSessionsLoseNothing(t *testing.T) {
	h := store(t)
	run(t, h, "z", "create; set zonepath=/zones/z")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if r := run(t, h, "z", fmt.Sprintf("add attr; set name=a%d; set type=int; set value=%d; end", i, i)); !r.ok {
				t.Error(r.err)
			}
		})
	}
	wg.Wait()
	if c, _ := h.Load("z"); len(c.Attrs) != 20 {
		t.Errorf("%d of 20", len(c.Attrs))
	}
}

// talk is an interactive session whose user gives these answers.
func talk(t *testing.T, h *zone.Host, lines []string, answers map[string]bool) (string, bool) {
	t.Helper()
	var out bytes.Buffer
	s := &zonecfg.Session{Zone: "z", Store: h, Out: &out, Err: &out, Interactive: true}
	s.Ask = func(question string) (bool, bool) {
		yes, known := answers[question]
		fmt.Fprintf(&out, "%s? %t\n", question, yes)
		return yes, known
	}
	s.Greet()
	for _, line := range lines {
		fmt.Fprintf(&out, "%s%s\n", s.Prompt(), line)
		if !s.Run(t.Context(), line) {
			break
		}
	}
	ok, again := s.Finish(t.Context())
	if again {
		fmt.Fprintln(&out, "goes on")
	}
	return out.String(), ok
}

func TestSession_interactive(t *testing.T) {
	h := store(t)
	out, ok := talk(t, h, []string{"info", "create", "add net", "set physical=net0", "end", "set zonepath=/zones/z"}, nil)
	const want = `z: No such zone configured
Use 'create' to begin configuring a new zone.
zonecfg:z> info
z: No such zone configured
zonecfg:z> create
zonecfg:z> add net
zonecfg:z:net> set physical=net0
zonecfg:z:net> end
zonecfg:z> set zonepath=/zones/z
`
	if out != want || ok { // it saved, but there was an error
		t.Errorf("%t\n%s", ok, out)
	}
	if _, err := h.Load("z"); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		lines   []string
		answers map[string]bool
		want    string
	}{
		{[]string{"delete"}, map[string]bool{"Are you sure you want to delete zone z": false}, "delete zone z? false\n"},
		{[]string{"add fs"}, map[string]bool{"Resource incomplete; really quit": false}, "really quit? false\ngoes on\n"},
		{
			[]string{"set ip-type=shared"},
			map[string]bool{"Configuration not saved; really quit": false},
			"net: address not specified\nZone z failed to verify\nConfiguration not saved; really quit? false\ngoes on\n",
		},
		{[]string{"set ip-type=shared", "exit -F"}, nil, "Zone z failed to verify\nConfiguration not saved.\n"},
		{[]string{"create"}, map[string]bool{"Zone z already exists; create anyway": true}, "create anyway? true\nzonepath cannot be empty.\nZone z failed to verify\n"},
	} {
		if out, _ := talk(t, h, c.lines, c.answers); !strings.Contains(out, c.want) {
			t.Errorf("%v\n%s", c.lines, out)
		}
	}
	if out, ok := talk(t, h, []string{"delete"}, map[string]bool{"Are you sure you want to delete zone z": true}); !ok {
		t.Error(out)
	}
}

func TestSession_help(t *testing.T) {
	h := store(t)
	for _, topic := range append([]string{"", "commands", "syntax", "usage"}, zonecfg.Verbs()...) {
		if r := run(t, h, "z", "help "+topic); !r.ok || r.out == "" {
			t.Errorf("help %s: %+v", topic, r)
		}
	}
	run(t, h, "z", "create; set zonepath=/zones/z")
	if r := run(t, h, "z", "add fs; help; cancel"); !strings.Contains(r.out, "add options <simple value>") {
		t.Errorf("%+v", r)
	}
}

func TestSession_complete(t *testing.T) {
	h := store(t)
	s := &zonecfg.Session{Zone: "z", Store: h, Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}
	for start, want := range map[string]string{
		"ex": "ex", "exi": "exit ", "add f": "add fs ", "add d": "add d", "add de": "add de", "add dev": "add device ",
		"set zonep": "set zonepath=", "create; set auto": "create; set autoboot=", "clear max-l": "clear max-lwps",
		"info capped-": "info capped-", "info capped-m": "info capped-memory ", "x": "x", "help ver": "help verify", "": "",
	} {
		if got := s.Complete(start); got != want {
			t.Errorf("%q: %q, want %q", start, got, want)
		}
	}
	s.Run(t.Context(), "create; add fs")
	for start, want := range map[string]string{"set d": "set dir=", "add o": "add options ", "clear r": "clear raw"} {
		if got := s.Complete(start); got != want {
			t.Errorf("%q: %q, want %q", start, got, want)
		}
	}
}
