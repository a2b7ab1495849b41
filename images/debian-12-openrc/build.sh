#!/bin/sh
# Debian 12 with OpenRC, for zones of the brand lx: build.sh OUTDIR
set -eu
recipe=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=debian-12-openrc version=$(date -u +%Y%m%d) brand=lx
description="Debian 12 (bookworm) with OpenRC."
# shellcheck source=../lib.sh
. "$recipe/../lib.sh"
# shellcheck source=../debian.sh
. "$recipe/../debian.sh"

begin "$@"
later=openrc # instead of sysv-rc
debian bookworm sysvinit-core initscripts iproute2 iputils-ping procps netbase
classic_init
finish
