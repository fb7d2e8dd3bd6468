#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The guest's shell: says what is there, and three lines to type.
# shellcheck source=devtools/guest/guest.sh
. /lib/guest.sh
# shellcheck disable=SC2046
set -- $(nics)
export PATH="$PATH:/share" PS1='guest# ' plugin
# busybox would prefer its own command.
export ENV=/tmp/.shell
echo 'modprobe() { /usr/bin/modprobe "$@"; }' >$ENV
echo "guest: a shell as root, with NICs $*; exit powers off"
if [ -e "$plugin" ]; then
	echo "The plugin is $plugin (\$plugin), the project's tools are in the path. For example:"
else
	echo "The plugin is not built: devtools/build.sh. For example:"
fi
echo "  dpdk-devbind.py -b vfio-pci $*"
echo "  dpdk-ioas-info"
echo "  dpdk-testpmd -l 0-1 -d \$plugin -- -i"
exec sh -i
