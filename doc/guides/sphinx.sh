#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs Sphinx, warnings as errors, and writes down what it has read as ninja wants to know it.
# usage: sphinx.sh SPHINX-BUILD html|man SOURCE OUTPUT DEPFILE
set -eu

sphinx=$1 builder=$2 source=$3 output=$4 depfile=$5
"$sphinx" -q -W --keep-going -j auto -b "$builder" -d "$depfile.trees" "$source" "$output"
made=$output
if [ "$builder" = man ]; then
	set -- "$output"/*.1
	made=$1
fi
# A folder is as old as its last new file.
touch "$output"
printf '%s: %s\n' "$made" "$(find "$source" -type f | tr '\n' ' ')" >"$depfile"
