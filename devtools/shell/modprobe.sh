#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The guest's modprobe: its kernel has all modules loaded, or built in.
for module; do
	case $module in -*) continue ;; esac
	if ! grep -q "^$(echo "$module" | tr - _) " /proc/modules && [ -e /modules/order ] &&
		grep -qx "$(echo "$module" | tr _ -).ko" /modules/order; then
		echo "modprobe: $module was not loaded at boot, see dmesg" >&2
		exit 1
	fi
done
