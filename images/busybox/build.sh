#!/bin/sh
# A system of one program: busybox as init, shell and all else, for zones of
# the brand lx and for tests that start many: build.sh OUTDIR
set -eu
recipe=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=busybox brand=lx
version=1
description="A tiny Linux: busybox is its init, its shell and all its programs."
# shellcheck source=../lib.sh
. "$recipe/../lib.sh"

begin "$@"

# BUSYBOX names a static busybox; else the host's, else that of the package.
busybox=${BUSYBOX:-/bin/busybox}
if ! [ -x "$busybox" ] || "$busybox" ldd "$busybox" >/dev/null 2>&1; then
	say "fetching busybox-static"
	(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download busybox-static && dpkg-deb -x busybox-static_*.deb x) ||
		die "no static busybox; apt-get install busybox-static, or set BUSYBOX"
	busybox=$work/x/bin/busybox
fi

cd "$root"
mkdir -p bin sbin usr/bin usr/sbin etc/init.d dev proc sys run native root home opt tmp var/log var/tmp var/spool var/cache
chmod 700 root
chmod 1777 tmp var/tmp
ln -s ../run var/run
ln -s ../run/lock var/lock
install -m 755 "$busybox" bin/busybox
chroot . /bin/busybox --list-full | while read -r link; do
	[ "$link" = bin/busybox ] || ln -s /bin/busybox "$link"
done
# what Linux programs expect at these places
[ -e bin/sh ] || ln -s /bin/busybox bin/sh
[ -e sbin/init ] || ln -s /bin/busybox sbin/init

cat >etc/inittab <<'END'
# busybox init(8)
::sysinit:/etc/init.d/rcS
console::respawn:/sbin/getty -L 0 console vt100
::ctrlaltdel:/sbin/reboot
::shutdown:/etc/init.d/rcK
END
cat >etc/init.d/rcS <<'END'
#!/bin/sh
# at boot: the host has mounted what there is and set the addresses
mkdir -p /run/lock
hostname -F /etc/hostname 2>/dev/null
for script in /etc/init.d/S*; do
	[ -x "$script" ] && "$script" start
done
: >/run/booted
END
cat >etc/init.d/rcK <<'END'
#!/bin/sh
# at shutdown
for script in /etc/init.d/S*; do
	[ -x "$script" ] && "$script" stop
done
END
chmod 755 etc/init.d/rcS etc/init.d/rcK
printf 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n' >etc/passwd
printf 'root:x:0:\ndaemon:x:1:\ntty:x:5:\nutmp:x:43:\nusers:x:100:\nnogroup:x:65534:\n' >etc/group
printf 'root:*:20454::::::\ndaemon:*:20454::::::\nnobody:*:20454::::::\n' >etc/shadow
chmod 640 etc/shadow
printf 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/native/usr/bin\nexport PATH\n' >etc/profile
printf '/bin/sh\n' >etc/shells
printf 'console\n' >etc/securetty
printf 'NAME="busybox"\nID=busybox\nPRETTY_NAME="busybox %s"\n' "$(chroot . /bin/busybox | sed -n '1s/.*\(v[0-9.]*\).*/\1/p')" >etc/os-release
cd - >/dev/null
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1767225600} # the same programs, the same image
finish
