#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes what the guest's shell has beyond its userland, and keeps it in the cache.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/debs.sh"

usage() {
	cat <<EOF
usage: devtools/guest-tools.sh [-h]

Makes an initramfs that devtools/guest.sh adds for a shell on an x86 machine: DPDK's dpdk-devbind.py and
dpdk-hugepages.py with as much of Python as they need, lspci, and commands sudo and modprobe, so that
lines of the guides and of the tools can be typed there. Prints its path. The packages dpdk and pciutils
are downloaded and unpacked beside the system. The result is kept under \$DPDK_IOAS_CACHE (default
~/.cache/dpdk-ioas): the second call only prints the path.
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
# Debian's Python, whatever else is in the path.
python=$(/usr/bin/python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
versions=$(installed_versions dpdk-dev "$python-minimal")
digest=$({ echo "$versions"; cat "$0" "$top"/devtools/shell/*; } | sha256sum | cut -c1-12)
tools=$cache/guest-tools/dpdk-$(dpdk_version "$versions")-$digest/tools

# Copies a program, or a module of Python, and the libraries that it needs, to where it is in the folder FROM.
# usage: copy FROM FILE
copy() {
	local library from=$1
	mkdir -p "$root/$(dirname "$2")"
	cp -pL "$from/$2" "$root/$2"
	# ldd fails for scripts.
	{ LD_LIBRARY_PATH=$unpacked/usr/lib/x86_64-linux-gnu ldd "$from/$2" 2>/dev/null || true; } |
		sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | while read -r library; do
		# /lib is a link into /usr, and so it is in the guest.
		library=$(realpath "$(dirname "$library")")/$(basename "$library")
		mkdir -p "$root/$(dirname "${library#"$unpacked"}")"
		cp -pL "$library" "$root${library#"$unpacked"}"
	done
}

# The files of Python that a script imports.
imported_files() {
	PATH=$unpacked/usr/bin:$PATH /usr/bin/python3 -S -c '
import encodings.ascii, encodings.latin_1, encodings.utf_8, runpy, sys
sys.argv = [sys.argv[1], "--help"]
sys.stdout = open("/dev/null", "w")
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit:
    pass
for module in list(sys.modules.values()):
    for file in getattr(module, "__file__", None), getattr(module, "__cached__", None):
        if file and file.startswith("/usr/lib/"):
            print(file, file=sys.__stdout__)
' "$1"
}

fill() {
	local script file
	unpacked=$work/unpacked root=$work/root
	mkdir -p "$work/debs" "$unpacked" "$root/usr/bin"
	with_lists download_debs "$work/debs" dpdk pciutils libpci3
	for file in "$work"/debs/*.deb; do dpkg-deb -x "$file" "$unpacked"; done
	copy '' "usr/bin/$python"
	ln -s "$python" "$root/usr/bin/python3"
	copy "$unpacked" usr/bin/lspci
	mkdir "$root/usr/libexec"
	mv "$root/usr/bin/lspci" "$root/usr/libexec/"
	for script in dpdk-devbind.py dpdk-hugepages.py; do
		cp "$unpacked/usr/bin/$script" "$root/usr/bin/"
		imported_files "$unpacked/usr/bin/$script"
	done | sort -u | while read -r file; do if [ -e "$file" ]; then copy '' "${file#/}"; fi; done
	for script in "$top"/devtools/shell/*.sh; do
		# In place of the userland's links to busybox.
		cp "$script" "$root/usr/bin/$(basename "$script" .sh)"
		chmod 755 "$root/usr/bin/$(basename "$script" .sh)"
	done
	(cd "$root" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0) >"$work/tools"
}

build() {
	mkdir -p "$(dirname "$tools")"
	with_progress "collect tools for the guest's shell" "$(dirname "$tools")/log" fill
	mv "$work/tools" "$tools"
}

make_once "$tools" build
echo "$tools"
