package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/platform/esp"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Answers are what a machine's first boot must know.
type Answers struct {
	Disks        []string          `json:"disks"`                   // of the pool; none: the only empty one
	Force        bool              `json:"force,omitempty"`         // use disks that seem to hold something
	Bootable     bool              `json:"bootable,omitempty"`      // leave room for piadm bootable -e
	Hostname     string            `json:"hostname,omitempty"`      // smartbox
	RootPassword string            `json:"root_password,omitempty"` // or
	RootShadow   string            `json:"root_shadow,omitempty"`   // its hash
	RootKeys     []string          `json:"root_authorized_keys,omitempty"`
	AdminNIC     string            `json:"admin_nic,omitempty"` // MAC address; none: the first card
	AdminIP      string            `json:"admin_ip,omitempty"`  // dhcp, none or ADDRESS/BITS
	AdminGateway string            `json:"admin_gateway,omitempty"`
	Resolvers    []string          `json:"dns_resolvers,omitempty"`
	Tags         map[string]string `json:"nic_tags,omitempty"` // further ones: name to MAC address
}

// AnswersFile is where an image has answers for its first boot.
const AnswersFile = "/etc/smartbox/setup.json"

// ReadAnswers reads a file of answers.
func ReadAnswers(file string) (*Answers, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	a, err := ParseAnswers(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return a, nil
}

// ParseAnswers reads answers and completes and checks what can be checked
// without the machine.
func ParseAnswers(data []byte) (*Answers, error) {
	a := &Answers{}
	in := json.NewDecoder(strings.NewReader(string(data)))
	in.DisallowUnknownFields()
	if err := in.Decode(a); err != nil {
		return nil, err
	}
	return a, a.Check()
}

// Check fills in defaults and reports everything that is wrong.
func (a *Answers) Check() error {
	if a.Hostname == "" {
		a.Hostname = "smartbox"
	}
	if a.AdminIP == "" {
		a.AdminIP = "dhcp"
	}
	var errs []error
	if !isHostname(a.Hostname) {
		errs = append(errs, fmt.Errorf("hostname: %q is not a host's name", a.Hostname))
	}
	if a.RootPassword != "" && a.RootShadow != "" {
		errs = append(errs, errors.New("root_password and root_shadow do not go together"))
	}
	if strings.ContainsAny(a.RootShadow, ":\n") {
		errs = append(errs, errors.New("root_shadow: is the hash alone, without colons"))
	}
	for _, d := range a.Disks {
		if !filepath.IsAbs(d) {
			errs = append(errs, fmt.Errorf("disks: %q is not a path", d))
		}
	}
	if len(a.Disks) > 1 {
		errs = append(errs, errors.New("disks: the embedded pool has one disk"))
	}
	for _, key := range a.RootKeys {
		if strings.ContainsAny(key, "\n\r") {
			errs = append(errs, errors.New("root_authorized_keys: a key is one line"))
		}
	}
	for tag, mac := range a.Tags {
		if _, err := net.ParseMAC(mac); err != nil || !isHostname(tag) {
			errs = append(errs, fmt.Errorf("nic_tags: %s: %q is not a MAC address", tag, mac))
		}
	}
	_, err := ParseConfig(a.config("02:00:00:00:00:01"))
	return errors.Join(append(errs, err)...)
}

func isHostname(s string) bool {
	return s != "" && len(s) < 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_')
	})
}

// config is /usbkey/config for a machine whose admin card has the address mac.
func (a *Answers) config(mac string) []byte {
	if a.AdminNIC != "" {
		mac = a.AdminNIC
	}
	var b strings.Builder
	fmt.Fprintf(&b, "hostname=%s\n", a.Hostname)
	if mac != "" {
		fmt.Fprintf(&b, "admin_nic=%s\nadmin_ip=%s\n", mac, a.AdminIP)
		if a.AdminGateway != "" {
			fmt.Fprintf(&b, "admin_gateway=%s\n", a.AdminGateway)
		}
	}
	var tags []string
	for tag := range a.Tags {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	for _, tag := range tags {
		fmt.Fprintf(&b, "%s_nic=%s\n", tag, a.Tags[tag])
	}
	if len(a.Resolvers) > 0 {
		fmt.Fprintf(&b, "dns_resolvers=%s\n", strings.Join(a.Resolvers, ","))
	}
	return []byte(b.String())
}

// datasets are what the system keeps on the pool beside zones/config, and where.
func datasets(root paths.Root) [][2]string {
	return [][2]string{
		{"usbkey", root.Usbkey()},
		{"dladm", root.Dladm()},
		{"imgadm", root.Imgadm()},
		{"log", root.Log()},
		{"opt", root.Join("opt")},
		{"boot", ""},
	}
}

// Setup makes the pool and the node's configuration. It fails whole: a pool
// that was made for it is destroyed again.
func (s *System) Setup(ctx context.Context, a *Answers) error {
	if err := a.Check(); err != nil {
		return err
	}
	disks := a.Disks
	if len(disks) == 0 {
		disk, err := onlyEmptyDisk()
		if err != nil {
			return err
		}
		disks = []string{disk}
	}
	s.say("making the pool %s on %s", zpool.SystemPool, strings.Join(disks, " "))
	if a.Bootable {
		pool, err := s.divide(disks[0], a.Force)
		if err != nil {
			return err
		}
		disks = []string{pool}
	}
	if err := s.pools.CreatePool(ctx, zpool.SystemPool, zpool.PoolOptions{Devices: disks, Force: a.Force}); err != nil {
		return err
	}
	undo := revert.New()
	undo.Add(func() error { return s.pools.DestroyPool(context.WithoutCancel(ctx), zpool.SystemPool, true) })
	if err := s.fillPool(ctx, a); err != nil {
		return errors.Join(err, undo.Fail())
	}
	undo.Success()
	return nil
}

// divide makes room on a disk for what boots the pool, and returns the pool's
// part.
func (s *System) divide(disk string, force bool) (string, error) {
	if !force {
		all, err := Disks()
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(all, func(d Disk) bool { return d.Path == disk && d.Empty }) {
			return "", fmt.Errorf("disks: %s is not an empty disk; \"force\" overwrites it", disk)
		}
	}
	return esp.Partition(disk)
}

func (s *System) fillPool(ctx context.Context, a *Answers) error {
	for _, d := range datasets(s.Root) {
		o := zpool.CreateOptions{}
		if d[1] != "" {
			o.Props = map[string]string{"mountpoint": s.Root.Display(d[1])}
		}
		if err := s.pools.Create(ctx, zpool.SystemPool+"/"+d[0], o); err != nil {
			return err
		}
	}
	mac, err := firstCard()
	if err != nil {
		return err
	}
	files := map[string][]byte{filepath.Join(s.Root.Usbkey(), "config"): a.config(mac)}
	if hash, err := a.hash(); err != nil {
		return err
	} else if hash != "" {
		files[shadowFile(s.Root)] = fmt.Appendf(nil, "root:%s:::::::\n", hash)
	}
	if len(a.RootKeys) > 0 {
		files[filepath.Join(s.Root.Usbkey(), "authorized_keys")] = []byte(strings.Join(a.RootKeys, "\n") + "\n")
	}
	for name, content := range files {
		if err := atomicfile.Write(name, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (a *Answers) hash() (string, error) {
	if a.RootPassword == "" {
		return a.RootShadow, nil
	}
	return HashPassword(a.RootPassword)
}

// firstCard is the address of the network card with the lowest index.
func firstCard() (string, error) {
	cards, err := Cards()
	if err != nil || len(cards) == 0 {
		return "", err
	}
	return cards[0].HardwareAddr.String(), nil
}

// Cards are the machine's network cards.
func Cards() ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(i net.Interface) bool {
		_, err := os.Stat(filepath.Join("/sys/class/net", i.Name, "device"))
		return err != nil || len(i.HardwareAddr) != 6
	}), nil
}
