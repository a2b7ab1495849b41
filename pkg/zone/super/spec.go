package super

import (
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
	"github.com/smartbox-os/smartbox/pkg/zone/seccomp"
)

const (
	nativeDir      = "/native"
	metadataSocket = "metadata.sock"
	defaultPath    = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// nativeLinks are the tools that every zone has at /native.
var nativeLinks = []string{
	"usr/sbin/mdata-get", "usr/sbin/mdata-put", "usr/sbin/mdata-list", "usr/sbin/mdata-delete",
	"usr/bin/zonename", zinit,
	"usr/sbin/halt", "usr/sbin/poweroff", "usr/sbin/reboot", "usr/sbin/shutdown",
}

// zinit is the init of sparse zones, below /native.
const zinit = "usr/sbin/zinit"

// spec turns the configuration into a jail.
func (s *supervisor) spec(o zone.BootOptions) (*jail.Spec, error) {
	c := s.config
	spec := &jail.Spec{
		Root:       s.rootDir(),
		UIDBase:    s.run.UIDBase,
		Hostname:   or(s.attr("hostname"), c.Name),
		Domainname: s.attr("dns-domain"),
		Nesting:    s.attr("nesting") == "true",
		Init:       s.initPath(o),
		Env:        s.environ(),
		Caps:       capabilities(c.LimitPriv, s.warn),
		Filter:     seccomp.Filter(),
		Sysctls:    sysctls(c, s.warn),
		Native:     s.native(),
	}
	if spec.Init == path.Join(nativeDir, zinit) {
		spec.Env = append(spec.Env, "GOMAXPROCS=1") // half the memory; it passes it on to nobody
	}
	spec.Argv = append([]string{spec.Init}, bootArgs(c, o)...)
	spec.Rlimits = rlimits(c)
	spec.Cgroups = jail.Cgroups{Unified: s.groups.Unified(), Tasks: s.groups.Tasks()}
	if spec.Cgroups.Unified != "" {
		spec.Cgroups.MountV2 = true
	} else if s.groups.HasSystemd() {
		spec.Cgroups.MountV1 = []string{"none", "name=systemd"}
	}
	if err := s.addDevices(spec); err != nil {
		return nil, err
	}
	if err := s.brandMounts(spec); err != nil {
		return nil, err
	}
	if err := s.addTmp(spec); err != nil {
		return nil, err
	}
	return spec, s.addFS(spec)
}

// initPath is the program of init: the order's, the configuration's, the brand's.
func (s *supervisor) initPath(o zone.BootOptions) string {
	if o.Init != "" {
		return o.Init
	}
	if init := bootOptions(s.config.Bootargs).Init; init != "" {
		return init
	}
	if init := s.attr("init-name"); init != "" {
		return init
	}
	if sparse(s.config.Brand) {
		return path.Join(nativeDir, zinit)
	}
	return "/sbin/init"
}

// bootArgs are init's further arguments: the order's, else the configuration's.
func bootArgs(c *zone.Config, o zone.BootOptions) []string {
	if len(o.Args) > 0 || o.Init != "" {
		return o.Args
	}
	return bootOptions(c.Bootargs).Args
}

// bootOptions reads the bootargs property: -i INIT, and the rest as it is.
func bootOptions(text string) zone.BootOptions {
	var o zone.BootOptions
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		if words[i] == "-i" && i+1 < len(words) {
			i++
			o.Init = words[i]
			continue
		}
		o.Args = append(o.Args, words[i])
	}
	return o
}

// environ names LXC as the kind of container, since the init scripts of many
// distributions know that word and leave out what cannot work inside.
func (s *supervisor) environ() []string {
	env := []string{"container=lxc", "PATH=" + defaultPath, "HOME=/", "TERM=vt220"}
	if s.config.UUID != "" {
		env = append(env, "container_uuid="+s.config.UUID)
	}
	return env
}

func (s *supervisor) native() *jail.Native {
	return &jail.Native{
		Links: nativeLinks,
		Files: map[string]string{path.Base(zone.OwnNameFile): s.Zone + "\n"},
		Binds: map[string]string{".zonecontrol/" + metadataSocket: s.path(metadataSocket)},
	}
}

// addTmp gives /tmp the file system in memory that the tmpfs attribute asks for
// (MiB), by default on sparse zones alone.
func (s *supervisor) addTmp(spec *jail.Spec) error {
	size := s.attr("tmpfs")
	if size == "0" || size == "" && !sparse(s.config.Brand) {
		return nil
	}
	options := []string{"mode=1777", "uid=" + utoa(s.run.UIDBase), "gid=" + utoa(s.run.UIDBase)}
	if size != "" {
		n, err := strconv.ParseUint(size, 10, 32)
		if err != nil {
			return badAttr("tmpfs", size, "a number of MiB")
		}
		options = append(options, "size="+strconv.FormatUint(n<<20, 10))
	}
	spec.Mounts = append(spec.Mounts, jail.Mount{Target: "/tmp", FS: "tmpfs", Attr: unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOSUID, Options: options})
	return nil
}

// rootDir is the zone's root tree on the host.
func (s *supervisor) rootDir() string {
	return filepath.Join(s.root.Join(s.config.Path), "root")
}

func (s *supervisor) path(name string) string { return filepath.Join(s.dir, name) }

// attr is the value of an attribute, "" when the zone has none of that name.
func (s *supervisor) attr(name string) string {
	for _, a := range s.config.Attrs {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

func (s *supervisor) warn(what string) { s.log.Warn("not supported on this host", "what", what) }
