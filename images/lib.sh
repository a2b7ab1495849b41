# shellcheck shell=sh
# shellcheck disable=SC2154 # what a recipe sets and lib.sh gives
# What the recipes share. A recipe sets name, version, description, brand and
# recipe (its directory), sources this file and calls:
#   begin OUTDIR    ends the recipe if OUTDIR has a fresh image of it
#   debian SUITE PACKAGES   a Debian root in $root (in namespaces of its own)
#   finish          packs $root, writes the manifest, prints both names
# POSIX sh; -e and -u are set. Everything is made in a temporary directory,
# which is removed however the recipe ends.

say() { printf '%s: %s\n' "$name" "$*" >&2; }
die() { say "$@"; exit 1; }

# begin OUTDIR: reuses an image that the same recipe made at most MAX_AGE days
# ago (0: never), and prepares for making one.
begin() {
	[ $# -eq 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
	[ "$(id -u)" -eq 0 ] || die "needs root: owners of files are set"
	command -v zstd >/dev/null || die "needs zstd (apt-get install zstd)"
	umask 022
	mkdir -p "$1"
	out=$(CDPATH='' cd -- "$1" && pwd)
	manifest=$out/$name.imgmanifest file=$out/$name.tar.zst
	mark=$(cat "$recipe"/* "$recipe"/../lib.sh "$recipe"/../debian.sh | sha256sum | cut -c1-16)
	if fresh; then
		say "$manifest is fresh"
		printf '%s\n%s\n' "$manifest" "$file"
		exit 0
	fi
	work=$(mktemp -d "$out/.$name.XXXXXX")
	trap 'rm -rf --one-file-system "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	root=$work/root
	mkdir -m 755 "$root"
}

fresh() {
	[ -f "$manifest" ] && grep -q "\"recipe\": \"$mark\"" "$manifest" || return 1
	[ -n "$(find "$manifest" -mmin "-$((${MAX_AGE:-7} * 1440))")" ] || return 1
	[ -f "$file" ] && [ "$(sha1sum <"$file" | cut -d' ' -f1)" = "$(field sha1)" ]
}

field() { sed -n "s/.*\"$1\": \"\\([^\"]*\\)\".*/\\1/p" "$manifest"; }

# neutral takes away what tells of the machine and the moment of the making.
neutral() {
	rm -f "$root/etc/hostname" "$root/etc/hosts" "$root/etc/resolv.conf"
	echo localhost >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
	: >"$root/etc/resolv.conf"
	rm -rf "$root"/tmp/* "$root"/var/tmp/* "$root"/run/* "$root"/root/.bash_history
	find "$root/var/log" -type f -exec truncate -s 0 {} + 2>/dev/null || true
}

# finish packs the root. Names are sorted, times not younger than the recipe's
# content allows, owners numeric: the same content gives the same bytes.
finish() {
	neutral
	epoch=${SOURCE_DATE_EPOCH:-$(date +%s)}
	say "packing"
	tar -C "$root" --one-file-system --sort=name --mtime="@$epoch" --clamp-mtime --numeric-owner \
		--format=posix --pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' \
		--xattrs --xattrs-include='security.capability' -cf "$work/root.tar" .
	zstd -q -T0 -9 <"$work/root.tar" >"$work/packed"
	write_manifest
	mv "$work/packed" "$file"
	mv "$work/manifest" "$manifest"
	printf '%s\n%s\n' "$manifest" "$file"
}

# write_manifest: the uuid comes from the content, so another content is
# another image.
write_manifest() {
	sha1=$(sha1sum <"$work/packed" | cut -d' ' -f1)
	size=$(stat -c %s "$work/packed")
	uuid=$(printf '%s\n%s\n%s\n' "$name" "$version" "$sha1" | sha1sum |
		sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-5\3-8\4-\5/')
	cat >"$work/manifest" <<-END
		{
		  "v": 2,
		  "uuid": "$uuid",
		  "owner": "00000000-0000-0000-0000-000000000000",
		  "name": "$name",
		  "version": "$version",
		  "state": "active",
		  "disabled": false,
		  "public": true,
		  "published_at": "$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)",
		  "type": "lx-dataset",
		  "os": "linux",
		  "files": [
		    {
		      "sha1": "$sha1",
		      "size": $size,
		      "compression": "zstd"
		    }
		  ],
		  "description": "$description",
		  "requirements": {
		    "brand": "$brand"
		  },
		  "tags": {
		    "role": "os",
		    "kernel_version": "6.1",
		    "arch": "$(dpkg --print-architecture)",
		    "recipe": "$mark"
		  }
		}
	END
}
