#!/usr/bin/env bash
# A Debian 12 with nothing but what every one has, in the folder named; one that is there already is taken as it is.
set -euo pipefail
((EUID == 0)) || exec sudo bash "$0" "$@"

root=${1:?the folder to make}
[ ! -e "$root" ] || exit 0
sources=/etc/apt/sources.list.d/debian.sources
[ -e "$sources" ] || sources=/etc/apt/sources.list
rm -rf "$root.new"
mmdebstrap --quiet --variant=apt --skip=cleanup/apt --dpkgopt=force-unsafe-io bookworm "$root.new" "$sources"
cp /etc/resolv.conf "$root.new/etc/"
mv "$root.new" "$root"
