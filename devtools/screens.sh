#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes the pictures of doc/guides/img that show what programs print, in an emulated machine, and the report.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/screens.sh [-h] [RESULTS]

Runs devtools/guest/screens.sh in the emulated machine and turns each terminal screen, and what programs
draw there, into a picture in doc/guides/img; then the page of what devtools/perf.sh has measured last
(build/perf/results.json). With RESULTS, a file that it has made, only the page of that. Look at them before
you commit them.
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; -*) usage >&2; die "unknown option $1" ;; esac
[ $# -le 1 ] || die "more than one file: $*"

img=$top/doc/guides/img
dir=$top/build/screens
share=$dir/share
results=${1:-$top/build/perf/results.json}

# A recording of one moment, as termtosvg reads it. usage: recording FILE
recording() {
	python3 - "$1" <<-'END'
		import json, sys
		lines = open(sys.argv[1]).read().rstrip("\n").split("\n")
		width = 110
		rows = sum(max(1, -(-len(line) // width)) for line in lines)
		print(json.dumps({"version": 2, "width": width, "height": rows}))
		print(json.dumps([0.1, "o", "\x1b[?25l" + "\r\n".join(lines)]))
	END
}

# The beginning of the page, as wide as its table of goals.
report() {
	"$top/build/gcc/app/dpdk-ioas-perf" --suite none --add "$results" --html "$dir/report.html" >"$dir/report.txt"
	rm -f "$dir/report.png"
	chromium --headless --no-sandbox --hide-scrollbars --user-data-dir="$dir/browser" \
		--window-size=1100,1660 --screenshot="$dir/report.png" "file://$dir/report.html" \
		>"$dir/report.log" 2>&1 || true
	[ -s "$dir/report.png" ] || die "chromium made no picture of $dir/report.html: $dir/report.log"
	cp "$dir/report.png" "$img/"
	say "$img/report.png"
}

[ -s "$results" ] || die "no $results: run devtools/perf.sh"
command -v chromium >/dev/null || die "no chromium: run \`apt-get install chromium\`"
if [ $# -eq 1 ]; then
	"$top/devtools/build.sh" gcc
	mkdir -p "$dir"
	report
	exit
fi
command -v termtosvg >/dev/null || die "no termtosvg: run \`apt-get install termtosvg\`"
"$top/devtools/build.sh" gcc
rm -rf "$dir"
mkdir -p "$share"
from=$top/build/gcc
"$top/devtools/guest.sh" --share "$share" --add "$from/drivers/bus/ioas/librte_bus_ioas.so" \
	--add "$from/lib/ioas/libioas.so.1" --add "$from/app/dpdk-ioas-info" \
	"$top/devtools/guest/screens.sh" >"$dir/output"
tr -d '\r' <"$dir/output" |
	awk -v dir="$dir" '/^screen / { file = $2 == "end" ? "" : dir "/" $2 ".screen"; next }
		file { print >file }'
for screen in "$dir"/*.screen; do
	name=$(basename "$screen" .screen)
	recording "$screen" >"$dir/$name.cast"
	mkdir "$dir/$name"
	termtosvg render -s -t window_frame "$dir/$name.cast" "$dir/$name" >/dev/null
	frames=("$dir/$name"/*.svg)
	# Blanks, the base line and the width of letters, for what renders SVG without all of CSS.
	sed -e 's/<text x=/<text xml:space="preserve" y="13" x=/g' -e 's/font-size: 14px/font-size: 13.28px/' \
		-e '/dominant-baseline/d' -e '/white-space/d' "${frames[-1]}" >"$img/$name.svg"
	say "$img/$name.svg"
done
cp "$share"/*.svg "$img/"
report
