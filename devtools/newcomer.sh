#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Does what somebody does who has just found the project.
set -euo pipefail
. "$(dirname "$0")/common.sh"

mirror=http://deb.debian.org/debian
security=http://deb.debian.org/debian-security

usage() {
	cat <<EOF
usage: devtools/newcomer.sh [-h] [--mirror URL] [--security URL] [--tests] FOLDER

Makes a Debian 12 tree with nothing in it but the base system (debootstrap) in FOLDER, clones this
repository's HEAD into it, and there does what README and guides say: README's first command, then the
examples and tools (devtools/newcomer/commands.sh). Prints PASS and FAIL lines; the status is 0 if all passed.

  --mirror URL    of Debian's packages (default: $mirror)
  --security URL  of its security updates (default: $security)
  --tests         README's second command too, which takes most of an hour

Kernels of this machine's cache are used: building them takes minutes each. A second run in the same
FOLDER starts with the packages that the first one has installed.
EOF
}

tests=''
while [[ ${1-} == -* ]]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--mirror | --security) needs_value "$@"; printf -v "${1#--}" %s "$2"; shift 2 ;;
	--tests) tests=yes; shift ;;
	*) usage >&2; die "unknown option $1" ;;
	esac
done
[ $# -eq 1 ] || { usage >&2; die "name one folder"; }
folder=$1
[ "$(id -u)" -eq 0 ] || die "only root can make a Debian tree: sudo devtools/newcomer.sh"
export PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
root=$folder/root

if [ ! -e "$folder/made" ]; then
	rm -rf "$root"
	with_progress "debootstrap" "$folder/debootstrap.log" \
		debootstrap --variant=minbase bookworm "$root" "$mirror"
	# The suites, and sudo, that an installed Debian 12 has.
	cat >"$root/etc/apt/sources.list" <<-END
		deb $mirror bookworm main
		deb $mirror bookworm-updates main
		deb $security bookworm-security main
	END
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	with_progress "sudo" "$folder/sudo.log" chroot "$root" sh -c \
		'apt-get update && apt-get install -y --no-install-recommends sudo'
	touch "$folder/made"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
# A mirror that stands still, as this machine may have one, is out of date for apt.
apt-config dump Acquire::Check-Valid-Until >"$root/etc/apt/apt.conf.d/90mirror"
# With the packages that an earlier version has made there.
rm -rf "$root/root/dpdk-ioas" "$root"/root/*.deb
git clone -q "$top" "$root/root/dpdk-ioas"
mkdir -p "$root/root/.cache/dpdk-ioas/kernel"
if [ -d "$cache/kernel" ]; then cp -a --update "$cache/kernel/." "$root/root/.cache/dpdk-ioas/kernel/"; fi

# shellcheck disable=SC2016
# Processes and mounts of its own: all that is started there ends with it.
NEWCOMER_TESTS=$tests exec unshare --mount --pid --fork --kill-child sh -e -c '
	mount --make-rprivate /
	mount -t proc proc "$1/proc"
	mount -t sysfs -o ro sysfs "$1/sys"
	mount --rbind /dev "$1/dev"
	mount -t tmpfs tmpfs "$1/dev/shm"
	exec chroot "$1" sh /root/dpdk-ioas/devtools/newcomer/commands.sh' sh "$root"
