#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The guest's sudo: its shell is root's already. busybox would prefer its own commands to those beside this one.
if [ -e "/usr/bin/$1" ]; then
	program=/usr/bin/$1
	shift
	exec "$program" "$@"
fi
exec "$@"
