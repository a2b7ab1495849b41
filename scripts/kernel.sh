#!/bin/sh
# Fetches a Debian kernel package for the test guest and for platform images:
#   scripts/kernel.sh cloud|amd64
# It is kept in ${XDG_CACHE_HOME:-~/.cache}/smartbox/kernels, newest last, and
# fetched with apt, so from Debian's own configured mirror. Prints its path.
set -eu

flavour=${1:?usage: scripts/kernel.sh cloud|amd64}
case $flavour in
cloud) package=linux-image-cloud-amd64 ;;
amd64) package=linux-image-amd64 ;;
*) echo "kernel: unknown flavour $flavour: cloud or amd64" >&2; exit 2 ;;
esac
dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/smartbox/kernels
mkdir -p "$dir"

die() { echo "kernel: $*" >&2; exit 1; }

# newest is the last kept package of the flavour.
newest() {
	for f in "$dir"/linux-image-*.deb; do
		case $f in
		*-cloud-amd64_*) [ "$flavour" = cloud ] && echo "$f" ;;
		*-amd64_*) [ "$flavour" = amd64 ] && echo "$f" ;;
		esac
	done | sort -V | tail -n 1
}

have=$(newest)
if [ -z "$have" ] || [ -n "${REFRESH:-}" ]; then
	command -v apt-get >/dev/null || die "there is no apt-get here to fetch $package with"
	concrete=$(apt-cache depends "$package" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9][^ ]*\).*/\1/p' | head -n 1)
	if [ -z "$concrete" ]; then
		apt-get -qq update >/dev/null 2>&1 || :
		concrete=$(apt-cache depends "$package" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9][^ ]*\).*/\1/p' | head -n 1)
	fi
	[ -n "$concrete" ] || die "apt knows no package $package"
	part=$(mktemp -d "$dir/.fetch.XXXXXX")
	trap 'rm -rf "$part"' EXIT
	(cd "$part" && apt-get -qq -o APT::Sandbox::User=root download "$concrete" >log 2>&1) ||
		{ cat "$part/log" >&2; die "cannot fetch $concrete"; }
	mv "$part"/*.deb "$dir/"
	have=$(newest)
fi
echo "$have"
