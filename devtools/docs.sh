#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the guides, the API reference and the manual pages, warnings as errors, compares them with what
# the code says, and makes the list of dependencies. Prints PASS and FAIL lines. usage: devtools/docs.sh
set -euo pipefail
. "$(dirname "$0")/../test/guest/_init.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# usage: builds NAME TARGET
builds() {
	# As devtools/build.sh does: one ninja at a time.
	if flock "$build/lock" ninja -C "$build" "$2" >"$work/log" 2>&1; then
		case_ok "$1"
	else
		sed 's/^/  | /' "$work/log"
		case_fail "$1" "$(grep -m 1 -E 'WARNING|ERROR|error|warning' "$work/log")"
	fi
}

# The options that a text names.
options() { grep -oE -e '(^|[^a-z-])--[a-z][a-z-]+' | grep -oE -e '--[a-z-]+' | sort -u; }

# What bash offers behind a tool's name and a word. usage: offers TOOL WORD
offers() {
	PATH=$build/app:$PATH bash -c '
		. /usr/share/bash-completion/bash_completion
		. "$1"
		COMP_WORDS=("$2" "$3") COMP_CWORD=1 COMP_LINE="$2 $3" COMP_POINT=$((${#2} + 1 + ${#3}))
		"_${2//-/_}" "$2" "$3" "$2"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$top/data/completion/$1" "$1" "$2" 2>>"$work/bash"
}

builds guides doc/guides/html
builds "API reference" doc/api/html
builds "manual pages" doc/guides/dpdk-ioas-fault.1
"$top/devtools/messages.py" || true

for tool in "$build"/app/dpdk-ioas-*; do
	if ! [ -x "$tool" ] || [ -d "$tool" ]; then continue; fi
	name=$(basename "$tool")
	"$tool" --help | options >"$work/options"
	page=$top/doc/guides/tools/$name.rst
	missing=$([ -e "$page" ] && options <"$page" | comm -23 "$work/options" - || echo "the page") || true
	if [ -z "$missing" ]; then
		case_ok "$name.1 has all options"
	else
		case_fail "$name.1 has all options" "it lacks ${missing//$'\n'/ }"
	fi
	# Those of its own, which start a line of --help.
	"$tool" --help | sed -nE 's/^ +(-[a-z], )?(--[a-z-]+).*/\2/p' | sort -u >"$work/options"
	missing=$(offers "$name" -- | options | comm -23 "$work/options" -) || true
	if [ -s "$work/options" ] && [ -z "$missing" ]; then
		case_ok "bash completes $name"
	else
		case_fail "bash completes $name" "not offered: ${missing//$'\n'/ }"
	fi
done

# Each package once, with its version; relationships between packages that are there.
if ! "$top/devtools/sbom.sh" >"$work/sbom" 2>"$work/log"; then
	case_fail "list of dependencies" "$(tail -n 1 "$work/log")"
elif ! wrong=$(awk '
	$1 == "SPDXID:" { if (known[$2]++) print $2, "is there twice" }
	$1 == "PackageVersion:" && NF == 2 { versions++ }
	$1 == "Relationship:" { relation[$2]; relation[$4]; kinds[$3]++ }
	END {
		for (id in relation) if (!(id in known)) print id, "is not described"
		if (versions + 1 != length(known)) print versions, "versions of", length(known) - 1, "packages"
		if (!kinds["RUNTIME_DEPENDENCY_OF"] || !kinds["BUILD_DEPENDENCY_OF"] || !kinds["CONTAINS"])
			print "a kind of dependency is missing"
	}' "$work/sbom") || [ -n "$wrong" ]; then
	case_fail "list of dependencies" "$wrong"
else
	case_ok "list of dependencies: $(grep -c ^PackageName "$work/sbom") packages"
fi
