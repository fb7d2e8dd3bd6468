#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs Sphinx and writes down what it has read as ninja wants to know it.
# usage: sphinx.sh html|man SOURCE OUTPUT DEPFILE SPHINX-BUILD [OPTION]...
set -eu

builder=$1 source=$2 output=$3 depfile=$4
shift 4
"$@" -q -j auto -b "$builder" -d "$depfile.trees" "$source" "$output"
made=$output
if [ "$builder" = man ]; then
	set -- "$output"/*.1
	made=$1
fi
# A folder is as old as its last new file.
touch "$output"
printf '%s: %s\n' "$made" "$(find "$source" -type f | tr '\n' ' ')" >"$depfile"
