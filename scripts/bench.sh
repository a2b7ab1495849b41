#!/bin/sh
# "make bench [ROUNDS=15] [ONLY=regex]", in mount namespaces of its own: the
# crun of Debian 12 refuses hosts that mount cgroup v2 beside v1.
set -eu
cd "$(dirname -- "$0")/.."
[ "$(id -u)" = 0 ] || { echo "bench: needs root" >&2; exit 1; }
GO=$PWD/scripts/go
export GO
"$GO" build -o build/bench ./test/bench
# shellcheck disable=SC2016 # the inner shell expands it
exec unshare -m --propagation private sh -eu -c '
	if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
	exec build/bench -rounds "${ROUNDS:-15}" -only "${ONLY:-.}"'
