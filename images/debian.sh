# shellcheck shell=sh
# shellcheck disable=SC2154 # what a recipe sets and lib.sh gives
# Debian roots for the recipes; see lib.sh. MIRROR and SECURITY_MIRROR replace
# what the machine's own apt uses.

# targets SUITE: the mirrors that apt has for a suite's main component.
targets() {
	# shellcheck disable=SC2016 # apt fills these in
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
		sed -n "s,/* $1 main\$,,p" | head -n 1
}

# mirror SUITE: where packages come from, as this machine gets its own; any
# suite's mirror has the others too.
mirror() {
	found=${MIRROR:-$(targets "$1")}
	for other in stable bookworm trixie forky testing sid; do
		[ -n "$found" ] || found=$(targets "$other")
	done
	found=${found:-$(official)}
	[ -n "$found" ] || die "no Debian mirror is known here: name one with MIRROR="
	echo "$found"
}

# official: the mirror that debootstrap itself would take, which is Debian's own.
official() {
	sed -n 's/^[[:space:]]*DEF_MIRROR="\(http[^"]*\)".*/\1/p' "$(command -v debootstrap)" | head -n 1
}

proxy() {
	P=''
	eval "$(apt-config shell P Acquire::http::Proxy)"
	if [ -n "$P" ] && [ "$P" != DIRECT ]; then
		http_proxy=$P
		export http_proxy
	fi
}

# debian SUITE PACKAGES...: the smallest Debian and these packages. The set-up
# scripts of packages run in namespaces that end with them.
debian() {
	suite=$1
	shift
	command -v debootstrap >/dev/null || die "needs debootstrap (apt-get install debootstrap)"
	proxy
	from=$(mirror "$suite")
	say "debootstrap $suite from $from"
	mkdir -p "$out/.cache"
	packages=$(printf '%s,' "$@")
	# Nobody needs the half-made root after a power cut.
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/making"
	isolated debootstrap --variant=minbase --include="${packages%,}" --cache-dir="$out/.cache" \
		"$suite" "$root" "$from" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "debootstrap failed"; }
	updates
	tidy
}

# isolated COMMAND: mounts and processes of its own, gone when it ends.
isolated() { unshare --mount --pid --fork --kill-child --ipc --uts -- "$@"; }

# updates brings in what was fixed since the suite's last point release, and the
# packages of $later, which take the place of others.
updates() {
	security=${SECURITY_MIRROR:-$(targets "$suite-security")}
	sources=$root/etc/apt/sources.list
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	echo "deb $from $suite main" >"$sources"
	if [ -n "$security" ]; then
		echo "deb $security $suite-security main" >>"$sources"
		say "updates from $security"
		inside 'apt-get -qq update; apt-get -qq upgrade' ||
			say "warning: no updates: the image is as the suite was released"
	fi
	if [ -n "${later:-}" ]; then
		inside "apt-get -qq update; apt-get -qq --no-install-recommends install $later" || die "cannot install $later"
	fi
	own=$(official)
	own=${own:-$from}
	cat >"$sources" <<-END
		deb $own $suite main
		deb $own $suite-updates main
		deb $own-security $suite-security main
	END
}

# inside SCRIPT: runs it in the root; what it said is shown if it fails.
inside() {
	isolated chroot "$root" sh -ec "mount -t proc proc /proc; export DEBIAN_FRONTEND=noninteractive; $1" \
		>"$work/log" 2>&1 </dev/null || { tail -n 20 "$work/log" >&2; return 1; }
}

# tidy removes what making left, and the keys that must differ between machines.
tidy() {
	rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
		"$root"/var/cache/ldconfig/aux-cache "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old \
		"$root"/etc/passwd- "$root"/etc/group- "$root"/etc/shadow- "$root"/etc/gshadow- \
		"$root"/etc/.pwd.lock "$root"/var/log/bootstrap.log "$root"/var/log/apt/* "$root"/var/log/dpkg.log \
		"$root"/var/log/alternatives.log "$root"/var/lib/systemd/random-seed "$root"/etc/ssh/ssh_host_*
	rm -f "$root"/etc/dpkg/dpkg.cfg.d/making "$root"/etc/machine-id "$root"/var/lib/dbus/machine-id
	: >"$root/etc/machine-id" # systemd fills it at the first boot
	: >"$root/etc/fstab"
	ln -sf ../proc/self/mounts "$root/etc/mtab"
	find "$root/dev" -mindepth 1 -delete
	echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
	mkdir -p "$root/native"
}

# classic_init fits /etc/inittab and the boot scripts to a zone: its console is
# /dev/console, and disks, clocks, devices and addresses are the host's.
classic_init() {
	sed -i -e '/getty.*tty[0-9]/d' -e '/^T[0-9]:/d' "$root/etc/inittab"
	cat >>"$root/etc/inittab" <<-'END'
		co:2345:respawn:/sbin/getty --noclear --keep-baud console 115200,38400,9600 vt220
	END
	grep -q '^p[fn]:' "$root/etc/inittab" ||
		printf 'pf::powerwait:/etc/init.d/powerfail start\n' >>"$root/etc/inittab"
	for script in checkroot.sh checkfs.sh checkroot-bootclean.sh mountall.sh mountall-bootclean.sh mountnfs.sh \
		mountnfs-bootclean.sh mountkernfs.sh mountdevsubfs.sh mount-configfs umountfs umountroot umountnfs.sh \
		hwclock.sh udev kmod networking procps brightness keyboard-setup.sh console-setup.sh bootlogs; do
		if [ -e "$root/etc/init.d/$script" ]; then unneeded "$script"; fi
	done
}

# unneeded SCRIPT: out of every runlevel, and it stays out.
unneeded() {
	chroot "$root" update-rc.d "$1" defaults >/dev/null 2>&1 || true
	chroot "$root" update-rc.d "$1" disable >/dev/null 2>&1 || true
	rm -f "$root"/etc/rc[06].d/[SK][0-9][0-9]"$1"
}
