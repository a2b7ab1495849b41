#!/bin/sh
# Debian 12 with systemd, for zones of the brand lx: build.sh OUTDIR
set -eu
recipe=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=debian-12 version=$(date -u +%Y%m%d) brand=lx
description="Debian 12 (bookworm) with systemd, as small as is comfortable."
# shellcheck source=../lib.sh
. "$recipe/../lib.sh"
# shellcheck source=../debian.sh
. "$recipe/../debian.sh"

begin "$@"
debian bookworm systemd systemd-sysv dbus iproute2 iputils-ping procps ca-certificates less netbase

# mask UNIT...: a link to nowhere, which systemd takes as "never".
mask() { for unit; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done; }

# What a zone has no part in: the kernel's own file systems, devices, modules.
# Addresses are set from outside before init runs; nothing here touches them.
mask dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount \
	sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
	proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount systemd-binfmt.service \
	systemd-modules-load.service modprobe@.service kmod-static-nodes.service systemd-udevd.service \
	systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
	systemd-udev-settle.service systemd-remount-fs.service systemd-pstore.service systemd-firstboot.service \
	systemd-random-seed.service fstrim.timer e2scrub_all.timer e2scrub_reap.service
# An image does not go to the network by itself.
mask apt-daily.timer apt-daily-upgrade.timer

# The console is /dev/console; there are no virtual terminals.
mask getty@tty1.service getty-static.service autovt@.service
rm -f "$root/etc/systemd/system/getty.target.wants/getty@tty1.service"
mkdir -p "$root/etc/systemd/system/getty.target.wants"
ln -sf /lib/systemd/system/console-getty.service "$root/etc/systemd/system/getty.target.wants/console-getty.service"
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"

# One log that does not outgrow a small zone.
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nSystemMaxUse=64M\nRuntimeMaxUse=16M\n' >"$root/etc/systemd/journald.conf.d/zone.conf"

finish
