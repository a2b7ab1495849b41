#!/bin/sh
# shellcheck disable=SC2034 # debian.sh reads name, work and out
# Builds OpenZFS for the test guest's kernel: Debian's zfs-dkms, in a Debian of
# its own, once for each kernel (some minutes of CPU). What comes out is kept in
#   ${XDG_CACHE_HOME:-~/.cache}/smartbox/zfs/KERNEL-RELEASE/
# as modules/*.ko, root/ (zfs, zpool, zdb, zstream and their libraries) and
# VERSION. It is for tests alone: nothing of it is shipped. Prints the directory.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=zfs-guest
say() { printf '%s: %s\n' "$name" "$*" >&2; }
die() { say "$@"; exit 1; }
# shellcheck source=images/debian.sh
. "$here/../images/debian.sh"

kernel=$("$here/kernel.sh" cloud) || die "no kernel"
release=$(basename "$kernel" | sed 's/^linux-image-\([^_]*\)_.*/\1/')
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/smartbox/zfs
keep=$cache/$release
if [ -e "$keep/VERSION" ]; then
	echo "$keep"
	exit 0
fi
[ "$(id -u)" -eq 0 ] || die "needs root: it unpacks a Debian and runs its set-up"

mkdir -p "$cache"
out=$cache
work=$(mktemp -d "$cache/.build.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
root=$work/root
mkdir -m 755 "$root"

proxy
from=$(mirror bookworm)
security=${SECURITY_MIRROR:-$(targets bookworm-security)}
say "a Debian from $from"
mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/making"
isolated debootstrap --variant=minbase --components=main,contrib --include=ca-certificates,kmod \
	bookworm "$root" "$from" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "debootstrap failed"; }
cp /etc/resolv.conf "$root/etc/resolv.conf"
{
	echo "deb $from bookworm main contrib"
	[ -z "$security" ] || echo "deb $security bookworm-security main contrib"
} >"$root/etc/apt/sources.list"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

# Headers first: they must be set up when dkms looks for them.
say "compiler, headers of $release, zfs"
inside "apt-get -qq update
apt-get -qq install --no-install-recommends linux-headers-$release dkms gcc make libc6-dev zfsutils-linux" ||
	die "cannot install the headers of $release"
say "compiling (several minutes)"
inside "apt-get -qq install --no-install-recommends zfs-dkms
v=\$(dpkg-query -W -f '\${Version}' zfs-dkms | sed 's/-.*//')
dkms status -m zfs -v \$v -k $release | grep -q installed || dkms install -m zfs -v \$v -k $release" ||
	die "cannot compile zfs for $release"

result=$work/result
mkdir -p "$result/modules" "$result/root"
cp "$root/lib/modules/$release/updates/dkms/"*.ko "$result/modules/" || die "no modules came out"
programs="/sbin/zfs /sbin/zpool /sbin/zdb /sbin/zstream /sbin/mount.zfs"
inside "ldd $programs | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p; s/^[[:space:]]*\\(\\/[^ ]*ld-[^ ]*\\) .*/\\1/p' | sort -u >/tmp/libs"
libs=$(cat "$root/tmp/libs")
for f in $programs $libs /lib/x86_64-linux-gnu/libgcc_s.so.1 /usr/lib/x86_64-linux-gnu/libcrypto.so.3; do
	mkdir -p "$result/root/$(dirname "$f")"
	cp -L "$root/$f" "$result/root/$f"
done
# shellcheck disable=SC2016 # dpkg-query fills it in
chroot "$root" dpkg-query -W -f '${Version}\n' zfs-dkms >"$result/VERSION"
rm -rf "$keep"
mv "$result" "$keep"
say "zfs $(cat "$keep/VERSION") for $release"
echo "$keep"
