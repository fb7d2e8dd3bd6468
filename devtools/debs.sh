# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154
# Sourced by the scripts that use files of packages for this machine which are not installed. Nothing of
# the system changes: apt's lists are read as they are, or lists of our own are made in $work.
. "$top/devtools/apt.sh"

apt_options=()

# Runs a command with the lists that this machine's apt has, and if it fails, with new ones: those of the
# system may be out of date, or missing.
with_lists() {
	"$@" && return
	if [ ${#apt_options[@]} -gt 0 ]; then return 1; fi
	echo "once again, with new lists of packages"
	apt_prepare "$(dpkg --print-architecture)"
	"$@"
}

# Downloads PACKAGE or PACKAGE=VERSION into a folder. usage: download_debs FOLDER PACKAGE...
download_debs() {
	local folder=$1
	shift
	# Root's apt would give the download to a user who may not write here.
	(cd "$folder" && own_apt -o APT::Sandbox::User= download "$@")
}

# The newest package of the system's or our own lists whose name matches. usage: newest_package REGEX
newest_package() {
	apt-cache "${apt_options[@]}" search -n "$1" | cut -d' ' -f1 | sort -V | tail -n 1 | grep .
}

package_version() { apt-cache "${apt_options[@]}" show "$1" | awk '$1 == "Version:" { print $2; exit }'; }
