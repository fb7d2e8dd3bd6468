#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The first process of a guest with Debian's kernel: loads the modules, then becomes the guest's own init.
export PATH=/usr/bin
mount -t proc proc /proc
words=$(cat /proc/cmdline)
umount /proc
while read -r module; do
	# What modprobe would read from the kernel's command line: MODULE.PARAMETER=VALUE.
	name=$(echo "${module%.ko}" | tr - _)
	parameters=''
	for word in $words; do
		case $(echo "${word%%=*}" | tr - _) in "$name".*) parameters="$parameters ${word#*.}" ;; esac
	done
	# shellcheck disable=SC2086
	insmod "/modules/$module" $parameters || echo "guest: $module could not be loaded"
done </modules/order
exec /init
