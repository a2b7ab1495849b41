package super

import (
	"strings"

	"golang.org/x/sys/unix"
)

func caps(list ...int) (set uint64) {
	for _, c := range list {
		set |= 1 << c
	}
	return set
}

// defaultCaps are harmless in a user namespace of one's own, and what full
// distributions need.
func defaultCaps() uint64 {
	return caps(unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH, unix.CAP_FOWNER, unix.CAP_FSETID,
		unix.CAP_KILL, unix.CAP_SETGID, unix.CAP_SETUID, unix.CAP_SETPCAP, unix.CAP_NET_BIND_SERVICE,
		unix.CAP_NET_BROADCAST, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW, unix.CAP_IPC_LOCK, unix.CAP_IPC_OWNER,
		unix.CAP_SYS_CHROOT, unix.CAP_SYS_PTRACE, unix.CAP_SYS_ADMIN, unix.CAP_SYS_BOOT, unix.CAP_SYS_NICE,
		unix.CAP_SYS_RESOURCE, unix.CAP_SYS_TTY_CONFIG, unix.CAP_MKNOD, unix.CAP_LEASE, unix.CAP_AUDIT_WRITE,
		unix.CAP_AUDIT_CONTROL, unix.CAP_SETFCAP)
}

// privileges of illumos that stand for capabilities of Linux. Those that are
// not here have no effect.
var privileges = map[string]uint64{
	"file_chown": caps(unix.CAP_CHOWN), "file_chown_self": 0,
	"file_dac_execute": caps(unix.CAP_DAC_OVERRIDE), "file_dac_write": caps(unix.CAP_DAC_OVERRIDE),
	"file_dac_read": caps(unix.CAP_DAC_READ_SEARCH), "file_dac_search": caps(unix.CAP_DAC_READ_SEARCH),
	"file_owner": caps(unix.CAP_FOWNER), "file_setid": caps(unix.CAP_FSETID),
	"ipc_dac_read": caps(unix.CAP_IPC_OWNER), "ipc_dac_write": caps(unix.CAP_IPC_OWNER), "ipc_owner": caps(unix.CAP_IPC_OWNER),
	"net_privaddr": caps(unix.CAP_NET_BIND_SERVICE), "net_rawaccess": caps(unix.CAP_NET_RAW), "net_icmpaccess": caps(unix.CAP_NET_RAW),
	"sys_ip_config": caps(unix.CAP_NET_ADMIN), "sys_net_config": caps(unix.CAP_NET_ADMIN),
	"proc_owner": caps(unix.CAP_KILL, unix.CAP_SYS_PTRACE), "proc_session": 0,
	"proc_setid": caps(unix.CAP_SETUID, unix.CAP_SETGID), "proc_chroot": caps(unix.CAP_SYS_CHROOT),
	"proc_lock_memory": caps(unix.CAP_IPC_LOCK), "proc_priocntl": caps(unix.CAP_SYS_NICE),
	"proc_audit": caps(unix.CAP_AUDIT_WRITE), "sys_audit": caps(unix.CAP_AUDIT_CONTROL),
	"sys_resource": caps(unix.CAP_SYS_RESOURCE), "sys_mount": caps(unix.CAP_SYS_ADMIN), "sys_admin": caps(unix.CAP_SYS_ADMIN),
}

// capabilities reads limitpriv: a list of privileges to begin with ("default"
// for the usual ones) and, with "-" or "!", to take away.
func capabilities(limitpriv string, warn func(string)) uint64 {
	if limitpriv == "" {
		return defaultCaps()
	}
	var set uint64
	for word := range strings.SplitSeq(limitpriv, ",") {
		word = strings.TrimSpace(word)
		name := strings.TrimLeft(word, "-!")
		taken := name != word
		bits, known := privileges[name]
		switch {
		case name == "default" || name == "zone" || name == "all":
			bits = defaultCaps()
		case name == "basic" || name == "":
			continue
		case !known:
			warn("privilege " + name + " in limitpriv has no effect")
			continue
		}
		if taken {
			set &^= bits
		} else {
			set |= bits & defaultCaps()
		}
	}
	return set
}
