package zonecfg

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Checks of single values; each returns the value in its proper form.

func absolute(name string) func(string) (string, error) {
	return func(v string) (string, error) {
		if v != "" && v[0] != '/' {
			return "", sayf("%s %s is not an absolute path.", name, v)
		}
		return v, nil
	}
}

func fsKind(v string) (string, error) {
	if v == "" || v == "." || v == ".." || strings.Contains(v, "/") || len(v) > 255 {
		return "", sayf("%q is not a valid type.", v)
	}
	return v, nil
}

// netAddress is an address with a prefix length, which IPv6 needs, or a host
// name.
func netAddress(v string) (string, error) {
	host, length, hasLength := strings.Cut(v, "/")
	addr, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		if !wordOf(host[:min(1, len(host))], "") || !wordOf(host, "-.") {
			return "", sayf("%s: bogus host name or network address syntax", host)
		}
		return v, prefixLength(v, length, hasLength, 32, "IPv4")
	case addr.Is6() && !hasLength:
		return "", sayf("%s: IPv6 addresses require /prefix-length suffix.", v)
	case addr.Is6():
		return v, prefixLength(v, length, hasLength, 128, "IPv6")
	}
	return v, prefixLength(v, length, hasLength, 32, "IPv4")
}

func prefixLength(v, length string, there bool, most int, family string) error {
	if n, err := strconv.ParseUint(length, 10, 8); there && (err != nil || int(n) > most) {
		return sayf("%s: %s address prefix lengths must be 0 - %d.", v, family, most)
	}
	return nil
}

func routerAddress(v string) (string, error) {
	host, _, _ := strings.Cut(v, "/")
	if _, err := netip.ParseAddr(host); err == nil {
		return v, nil
	}
	return netAddress(v)
}

// macAddress takes 2:8:20:A:b:0 and gives 02:08:20:0a:0b:00.
func macAddress(v string) (string, error) {
	parts := strings.Split(v, ":")
	for i, p := range parts {
		if len(p) == 1 {
			parts[i] = "0" + p
		}
	}
	mac, err := net.ParseMAC(strings.Join(parts, ":"))
	if err != nil || len(mac) != 6 || len(parts) != 6 {
		return "", sayf("%s: invalid MAC address", v)
	}
	return mac.String(), nil
}

// linkName is a data link's name as dladm takes it.
func linkName(v string) (string, error) {
	switch {
	case strings.Contains(v, ":"):
		return "", sayf("%s: physical interface name required; logical interface name not allowed", v)
	case !wordOf(v, "_.") || len(v) > 31 || v[0] >= '0' && v[0] <= '9':
		return "", sayf("%s: invalid physical interface name", v)
	}
	return v, nil
}

func vlanID(v string) (string, error) {
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil || n < 1 || n > 4094 {
		return "", sayf("vlan-id property is out of range.")
	}
	return strconv.FormatUint(n, 10), nil
}

func number(name string) func(string) (string, error) {
	return func(v string) (string, error) {
		if _, err := strconv.ParseUint(v, 10, 63); err != nil {
			return "", sayf("%s property is out of range.", name)
		}
		return v, nil
	}
}

// cpuRange is n, or a-b with a not above b.
func cpuRange(v string) (string, error) {
	low, high, ranged := strings.Cut(v, "-")
	if !ranged {
		high = low
	}
	a, errA := strconv.ParseUint(low, 10, 16)
	b, errB := strconv.ParseUint(high, 10, 16)
	if errA != nil || errB != nil || a < 1 || a > b {
		return "", sayf("ncpus property is out of range.")
	}
	if a == b {
		return low, nil
	}
	return v, nil
}

func cpuCap(v string) (string, error) {
	n, ok := parseCPUs(v)
	if !ok {
		return "", sayf("ncpus property is out of range.")
	}
	return showCPUs(n), nil
}

func memoryCap(name string) func(string) (string, error) {
	a, _ := aliasOf(name)
	return func(v string) (string, error) {
		n, err := a.parse(v)
		return exactly(a, n), err
	}
}

// exactly writes an alias's value without rounding: 1536M, not 1.5G.
func exactly(a alias, n uint64) string {
	switch {
	case a.name == "ncpus":
		return showCPUs(n)
	case !a.memory:
		return strconv.FormatUint(n, 10)
	}
	at := -1
	for n%1024 == 0 && n > 0 && at < len(scales)-1 {
		n >>= 10
		at++
	}
	if at < 0 {
		return strconv.FormatUint(n, 10)
	}
	return strconv.FormatUint(n, 10) + scales[at:at+1]
}

// readExactly is the way back; what the property's check let in can be read.
func readExactly(a alias, v string) uint64 {
	if a.name == "ncpus" {
		n, _ := parseCPUs(v)
		return n
	}
	if n, err := strconv.ParseUint(v, 10, 64); err == nil {
		return n
	}
	n, _ := parseMemory(v)
	return n
}

// attrName: scripts and vmadm find attributes by name.
func attrName(v string) (string, error) {
	switch {
	case !wordOf(v[:min(1, len(v))], ""):
		return "", sayf("Invalid attr name %s: must start with an alpha-numeric character.", v)
	case strings.HasPrefix(v, "zone"):
		return "", sayf("Invalid attr name %s: names beginning with 'zone' are reserved.", v)
	case !wordOf(v, "-._"):
		return "", sayf("Invalid attr name %s: can only contain alpha-numeric characters, plus '-' and '.'.", v)
	}
	return v, nil
}

func attrFits(r record) error {
	kind, value := r.props["type"], r.props["value"]
	var err error
	switch kind {
	case "boolean":
		if value != "true" && value != "false" {
			err = strconv.ErrSyntax
		}
	case "int":
		_, err = strconv.ParseInt(value, 0, 64)
	case "uint":
		_, err = strconv.ParseUint(value, 0, 64)
	case "string":
	default:
		return sayf("invalid attr type '%s'", kind)
	}
	if err != nil {
		return sayf("invalid attr value for type=%s", kind)
	}
	return nil
}

func memoryFits(r record) error {
	value := map[string]uint64{}
	for name, v := range r.props {
		if a, ok := aliasOf(name); ok && v != "" {
			value[name] = readExactly(a, v)
		}
	}
	physical, hasPhysical := value["physical"]
	switch locked := value["locked"]; {
	case len(value) == 0:
		return sayf("No property was specified.  One of physical, swap or locked is required.")
	case hasPhysical && locked > physical:
		return sayf("The locked cap must be less than or equal to the physical cap.")
	}
	return nil
}

// datasetName is a filesystem's: components of a few characters.
func datasetName(v string) (string, error) {
	for part := range strings.SplitSeq(v, "/") {
		if !wordOf(part, "-_.: ") {
			return "", sayf("dataset: name invalid")
		}
	}
	return v, nil
}

func authorizations(v string) (string, error) {
	for a := range strings.SplitSeq(v, ",") {
		switch a {
		case "login", "manage", "copyfrom", "clonefrom", "config":
		default:
			return "", sayf("'%s' is not a valid authorization", a)
		}
	}
	return v, nil
}

func rctlName(v string) (string, error) {
	if rest, ok := strings.CutPrefix(v, "zone."); !ok || !wordOf(rest, "-") {
		return "", sayf("'%s' is not a valid zone rctl name.", v)
	}
	return v, nil
}

func securityFlags(which string) func(string) (string, error) {
	return func(v string) (string, error) {
		for f := range strings.SplitSeq(v, ",") {
			switch strings.TrimLeft(f, "-!") {
			case "aslr", "forbidnullmap", "noexecstack", "default", "all", "none", "current":
			default:
				return "", sayf("%s security flags '%s' are invalid", which, v)
			}
		}
		return v, nil
	}
}
