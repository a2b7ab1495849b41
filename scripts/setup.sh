#!/bin/sh
# Installs what a step of the Makefile needs and what is not there yet:
#   scripts/setup.sh build|demo|test|bench|platform
# Debian 12 and later, Ubuntu 22.04 and later. Says what it installs; nothing
# to do is silence.
set -eu

step=${1:?usage: scripts/setup.sh build|demo|test|bench|platform}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

missing="" # packages

# need PACKAGE PATH-OR-COMMAND...: wants the package unless all are there.
need() {
	package=$1
	shift
	for thing; do
		case $thing in
		/*) [ -e "$thing" ] && continue ;;
		*) command -v "$thing" >/dev/null && continue ;;
		esac
		missing="$missing $package"
		return
	done
}

build() {
	need golang-go go
	need ca-certificates /etc/ssl/certs/ca-certificates.crt
}

demo() {
	build
	need btrfs-progs mkfs.btrfs
	need debootstrap debootstrap
	need debian-archive-keyring /usr/share/keyrings/debian-archive-keyring.gpg
	need iproute2 ip
	need iputils-ping ping
	need util-linux losetup nsenter unshare
	need procps ps
	need xz-utils xz
	need zstd zstd
}

tests() {
	demo
	need git git
	need busybox-static /bin/busybox
	need dnsmasq-base dnsmasq
	need gcc gcc
	need libc6-dev /usr/include/stdio.h
	need nftables nft
	if [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ]; then
		need qemu-system-x86 qemu-system-x86_64
		need ovmf /usr/share/OVMF/OVMF_CODE_4M.fd
		need ipxe-qemu /usr/lib/ipxe/qemu/pxe-virtio.rom
		platform
	fi
	# What the package sanoid needs, which itself would bring zfs-fuse and its
	# daemon along: see unpack.
	need perl perl
	need libconfig-inifiles-perl /usr/share/perl5/Config/IniFiles.pm
	need libcapture-tiny-perl /usr/share/perl5/Capture/Tiny.pm
	need lzop lzop
	need mbuffer mbuffer
	need pv pv
}

sanoid=/opt/smartbox-test/sanoid

# unpack puts the package sanoid where tests find it, not installed.
unpack() {
	[ -e $sanoid/usr/sbin/syncoid ] && return
	[ "$(id -u)" = 0 ] && command -v dpkg >/dev/null || return 0
	echo "setup: unpacking sanoid" >&2
	dir=$(mktemp -d)
	chmod 755 "$dir"
	(
		cd "$dir"
		apt-get download sanoid || { apt-get update && apt-get download sanoid; }
		mkdir -p $sanoid && dpkg -x sanoid_*.deb $sanoid
		[ -e /usr/share/sanoid ] || ln -s $sanoid/usr/share/sanoid /usr/share/sanoid # it looks there
	) </dev/null >"$dir/log" 2>&1 || cat "$dir/log" >&2
	rm -rf "$dir"
}

# guest fetches the test guest's kernel; without one its tests say so.
guest() {
	[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || return 0
	"$here/kernel.sh" cloud >/dev/null || echo "setup: no kernel for the test guest, whose tests are skipped" >&2
}

platform() {
	build
	need btrfs-progs mkfs.btrfs
	need busybox-static /bin/busybox
	need systemd-boot-efi /usr/lib/systemd/boot/efi/linuxx64.efi.stub
	need isolinux /usr/lib/ISOLINUX/isolinux.bin
	need syslinux-common /usr/lib/syslinux/modules/bios/ldlinux.c32
}

bench() {
	demo
	need gcc gcc
	need libc6-dev /usr/include/stdio.h
	need python3 python3
	need crun crun
	need runc runc
	need lxc lxc-execute
	need systemd-container systemd-nspawn
}

install() {
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "setup: missing:$missing; run 'sudo scripts/setup.sh $step'" >&2
		return 1
	fi
	command -v apt-get >/dev/null || {
		echo "setup: missing:$missing; no apt-get here, install them by hand" >&2
		return 1
	}
	echo "setup: installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	# shellcheck disable=SC2086 # the list is words
	{ apt-get update && apt-get install -y --no-install-recommends $missing; } </dev/null >"$log" 2>&1 || {
		cat "$log" >&2
		rm -f "$log"
		return 1
	}
	rm -f "$log"
}

# A kernel that has btrfs or loop devices as modules is asked for them.
modules() {
	[ "$(id -u)" = 0 ] && command -v modprobe >/dev/null || return 0
	for module in loop btrfs; do modprobe -q "$module" 2>/dev/null || :; done
}

PATH=$PATH:/usr/sbin:/sbin
case $step in
build) build ;;
demo) demo ;;
test) tests ;;
bench) bench ;;
platform) platform ;;
*) echo "setup: unknown step $step" >&2; exit 2 ;;
esac
install
[ "$step" != test ] || unpack
[ "$step" = build ] || [ "$step" = platform ] || modules
[ "$step" != test ] || guest
"$here/go" version >/dev/null
