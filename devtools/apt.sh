# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154
# Sourced by the scripts that download packages which are not installed here: apt gets lists, status
# and cache folders of its own, in $work, and nothing of the system changes.

# Has apt know the packages for ARCH from these suites of Debian, by default from those that this
# machine's apt knows. usage: apt_prepare ARCH [SUITE]...
apt_prepare() {
	local arch=$1 suite mirror
	shift
	mkdir -p "$work"/{lists,cache/archives}/partial
	: >"$work/status"
	apt_options=(-o APT::Architecture="$arch" -o APT::Architectures="$arch"
		-o Dir::State="$work" -o Dir::State::lists="$work/lists"
		-o Dir::State::status="$work/status" -o Dir::Cache="$work/cache"
		-o APT::Sandbox::User=)
	if [ $# -gt 0 ]; then
		# shellcheck disable=SC2016
		mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
			awk '$1 == "Debian" { print $2; exit }')
		[ -n "$mirror" ] || die "this machine's apt knows no mirror of Debian: run apt-get update"
		for suite; do
			echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
				"$mirror $suite main"
		done >"$work/sources.list"
		apt_options+=(-o Dir::Etc::SourceList="$work/sources.list"
			-o Dir::Etc::SourceParts=/dev/null)
	fi
	# A mirror may lack one index of one suite for a while; what matters is what can be had.
	own_apt update || own_apt update || true
}

own_apt() { apt-get "${apt_options[@]}" "$@"; }
