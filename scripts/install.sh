#!/bin/sh
# install.sh DESTDIR PREFIX: what "make install" puts where.
set -eu

dest=$1
prefix=$2
cd "$(dirname -- "$0")/.."

sbin=$prefix/sbin
man=$prefix/share/man/man8
case $prefix in
/usr) unit=/lib/systemd/system ;;
*) unit=/etc/systemd/system ;;
esac

install -D -m 755 build/smartbox "$dest$sbin/smartbox"
"$dest$sbin/smartbox" --install "$dest$sbin"

install -d "$dest$man"
for tool in smartbox $(build/smartbox --list); do
	build/smartbox man --roff "$tool" >"$dest$man/$tool.8"
	chmod 644 "$dest$man/$tool.8"
done

bash=$prefix/share/bash-completion/completions
install -d "$dest$bash" "$dest$prefix/share/zsh/site-functions" "$dest$prefix/share/fish/vendor_completions.d"
build/smartbox completion bash >"$dest$bash/smartbox"
for tool in $(build/smartbox --list); do
	ln -sf smartbox "$dest$bash/$tool" # bash loads the file of the command's name
done
build/smartbox completion zsh >"$dest$prefix/share/zsh/site-functions/_smartbox"
build/smartbox completion fish >"$dest$prefix/share/fish/vendor_completions.d/smartbox.fish"

install -d "$dest$unit"
sed "s|@SBIN@|$sbin|" init/smartbox-zones.service >"$dest$unit/smartbox-zones.service"
chmod 644 "$dest$unit/smartbox-zones.service"

echo "installed below $dest$prefix; the zones boot with the host after"
echo "  systemctl enable --now smartbox-zones"
