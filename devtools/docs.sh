#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the guides, the API reference and the manual pages, warnings as errors, compares them with what
# the code says, and makes the list of dependencies. Prints PASS and FAIL lines. usage: devtools/docs.sh
# The backquotes are those of the guides.
# shellcheck disable=SC2016
set -euo pipefail
. "$(dirname "$0")/common.sh"

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

# Says whether a guide has just what the code has: two files of sorted lines. usage: same NAME CODE GUIDE
same() {
	local lacks more
	lacks=$(comm -23 "$2" "$3" | tr '\n' ' ') more=$(comm -13 "$2" "$3" | tr '\n' ' ')
	if [ -s "$2" ] && [ -z "$lacks$more" ]; then
		case_ok "$1"
	else
		case_fail "$1" "it lacks ${lacks:-nothing }and has ${more:-nothing }more"
	fi
}

# What a program or a library reads of its environment. usage: environment TARGET
environment() {
	ninja -C "$build" -t inputs "$1" | grep -E '^\.\./.*\.c$' |
		(cd "$build" && xargs grep -ohE 'getenv\("\w+"\)') | cut -d '"' -f 2 | sort -u
}

builds guides doc/guides/html
builds "API reference" doc/api/html
builds "manual pages" doc/guides/dpdk-ioas-fault.1
"$top/devtools/messages.py" || true
"$top/devtools/manifests.py" || true
"$top/devtools/tables.py" || true

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
	awk '/^    / && last ~ /^\*\*-/ { print last } { last = $0 }' "$page" | options >"$work/guide"
	same "$name.1 describes its options" "$work/options" "$work/guide"
	missing=$(offers "$name" -- | options | comm -23 "$work/options" -) || true
	if [ -s "$work/options" ] && [ -z "$missing" ]; then
		case_ok "bash completes $name"
	else
		case_fail "bash completes $name" "not offered: ${missing//$'\n'/ }"
	fi
	environment "app/$name" >"$work/code"
	sed -n '/^Environment$/,$p' "$page" | grep -E '^\*\w+\*(, \*\w+\*)*$' | grep -oE '\w+' |
		sort >"$work/guide" || true
	same "$name.1 has the environment" "$work/code" "$work/guide"
done

# The functions that the plugin replaces, the tests that notice, and what it exports for interposition.
internals=$top/doc/guides/internals.rst
sed -nE 's/^\tSEAM\([a-z].*, ([a-z0-9_]+), \(.*/\1/p' "$top/drivers/bus/ioas/seams.h" | sort >"$work/code"
sed -n 's/^   \* - ``/``/p' "$internals" | grep -oE '[a-z0-9_]+' | sort >"$work/guide"
same "internals.rst has all seams" "$work/code" "$work/guide"
grep ^rte_ "$work/code" >"$work/eal"
nm -D --defined-only "$build/drivers/bus/ioas/librte_bus_ioas.so" | cut -d ' ' -f 3 | grep -v ^rte_bus_ioas_ |
	sort >"$work/exported"
same "the plugin exports all seams of EAL" "$work/eal" "$work/exported"

# The files that guides name; a test of the table of seams by its name alone.
missing=$({
	grep -rhoE '``(app|data|devtools|drivers|examples|lib|test)/[A-Za-z0-9_./*-]+``' "$top/doc/guides"
	sed -n 's|^     - ``\([a-z0-9-]*\)``$|test/guest/\1.sh|p' "$internals"
} | tr -d '`' | sort -u | while read -r path; do compgen -G "$top/$path" >/dev/null || echo "$path"; done)
if [ -z "$missing" ]; then
	case_ok "files that guides name are there"
else
	case_fail "files that guides name are there" "not so ${missing//$'\n'/ }"
fi

# Commands that guides tell, as lines or in the text: options that the program does not know.
wrong=$(grep -rhoE '(^ +([$#] )?(sudo )?|``)(\./)?(devtools/[a-z-]+\.sh|dpdk-ioas-[a-z]+) [^`]*' "$top"/{README.md,doc/guides} |
	sed -E 's/^( +([$#] )?(sudo )?|``)(\.\/)?//; s/ #.*//; s/ -- .*//' | grep -e ' --' | sort -u |
	while read -r program arguments; do
		case $program in
		devtools/*) help=$("$top/$program" --help) ;;
		*) help=$("$build/app/$program" --help) ;;
		esac
		options <<<" $arguments" | comm -23 - <(options <<<"$help") | sed "s|^|$program |"
	done)
if [ -z "$wrong" ]; then
	case_ok "commands that guides tell have options that there are"
else
	case_fail "commands that guides tell have options that there are" "${wrong//$'\n'/, }"
fi

# The plugin's options: those that it parses, and all with their values as it lists them for who names
# none of them.
plugin=$top/drivers/bus/ioas/plugin.c
sed -nE 's/^``([a-z]+=[^`]+)``$/\1/p' "$top/doc/guides/plugin.rst" | sort >"$work/guide"
sed -n '/there is no option/,/);/p' "$plugin" | grep -oE '[a-z]+=[A-Za-z0-9|:-]+' | sort >"$work/code"
same "plugin.rst has the values of all options" "$work/code" "$work/guide"
sed -nE 's/^\t\t\{ "([a-z]+)", parse_.*/\1/p' "$plugin" | sort >"$work/code"
{ grep -rhoE 'DPDK_IOAS=[a-z]+' "$top"/{README.md,doc,examples} | cut -d = -f 2; cut -d = -f 1 "$work/guide"; } |
	sort -u >"$work/names"
same "guides have all options of the plugin" "$work/code" "$work/names"

environment drivers/bus/ioas/librte_bus_ioas.so >"$work/code"
grep -oE 'environment variable ``\w+``' "$top/doc/guides/plugin.rst" | cut -d '`' -f 3 | sort -u >"$work/guide"
same "plugin.rst has the environment" "$work/code" "$work/guide"

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
