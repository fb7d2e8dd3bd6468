# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154
# Sourced by devtools/run.sh: work in steps. The jobs of a step run beside each other; a line says which
# step it is, how far its jobs are, and about how long all will take.

# What each step is called, what it takes on two idle cores in seconds, its jobs.
step_names=() step_seconds=() step_jobs=()

# A job is a function job_NAME; progress_NAME, where there is one, prints in a word how far it is.
# usage: add_step NAME SECONDS JOB...
add_step() {
	step_names+=("$1") step_seconds+=("$2")
	shift 2
	step_jobs+=("$*")
}

# The progress of three kinds of work, from a log. Not yet there: nothing.
ninja_progress() { grep -o '^\[[0-9]*/[0-9]*\]' "$1" 2>/dev/null | tail -n 1; }
count_progress() { echo "[$(grep -c -e "$2" "$1" 2>/dev/null || true)/$3]"; }
apt_progress() {
	local packages
	packages=$(sed -n 's/.* \([0-9]*\) newly installed.*/\1/p' "$1" 2>/dev/null)
	if [ -n "$packages" ]; then count_progress "$1" '^\(Unpacking\|Setting up\) ' $((packages * 2)); fi
}

duration() {
	if [ "$1" -ge 60 ]; then echo "$(($1 / 60)) min $(($1 % 60)) s"; else echo "$1 s"; fi
}

# About how long this step and those after it will take: as slow as what is done already.
# usage: seconds_left STEP ELAPSED
seconds_left() {
	local i usual=$planned_so_far took=$((SECONDS - steps_start)) left rest=0
	left=$((step_seconds[$1] > $2 ? step_seconds[$1] - $2 : 0))
	for ((i = $1 + 1; i < ${#step_names[@]}; i++)); do rest=$((rest + step_seconds[i])); done
	usual=$((usual + ($2 < step_seconds[$1] ? $2 : step_seconds[$1])))
	if [ $usual -lt 10 ] || [ $took -lt $usual ]; then took=1 usual=1; fi
	left=$(((left + rest) * took / usual))
	echo $((left > 5 ? left : 5))
}

# usage: step_line STEP ELAPSED JOB...
step_line() {
	local line job how
	line="step $(($1 + 1)) of ${#step_names[@]}: ${step_names[$1]}, $2 s, about $(duration "$(seconds_left "$1" "$2")") left:"
	shift 2
	for job; do
		how=''
		if [ -e "$logs/$job.done" ]; then
			how="done"
		elif declare -F "progress_$job" >/dev/null; then
			how=$("progress_$job")
		fi
		line+=" $job ${how:-...},"
	done
	echo "${line%,}"
}

# A subshell, in which a job ends at its first error.
run_job() {
	set -e
	"job_$1"
	: >"$logs/$1.done"
}

# usage: run_step STEP
run_step() {
	local start=$SECONDS interval=10 jobs job pids=() failed='' columns i
	if [ -t 2 ]; then interval=1; fi
	read -ra jobs <<<"${step_jobs[$1]}"
	for job in "${jobs[@]}"; do
		rm -f "$logs/$job.done"
		run_job "$job" </dev/null >"$logs/$job.log" 2>&1 &
		pids+=($!)
	done
	while kill -0 "${pids[@]}" 2>/dev/null; do
		sleep 1
		if [ $(((SECONDS - start) % interval)) -ne 0 ]; then continue; fi
		if [ -t 2 ]; then
			columns=$(stty size <&2 2>/dev/null | cut -d' ' -f2)
			printf '\r\033[K%.*s' $((${columns:-80} - 1)) "$(step_line "$1" $((SECONDS - start)) "${jobs[@]}")" >&2
		else
			say "$(step_line "$1" $((SECONDS - start)) "${jobs[@]}")"
		fi
	done
	if [ -t 2 ]; then printf '\r\033[K' >&2; fi
	for i in "${!pids[@]}"; do
		if wait "${pids[i]}"; then continue; fi
		failed=${jobs[i]}
		tail -n 30 "$logs/$failed.log" >&2
	done
	if [ -n "$failed" ]; then die "step $(($1 + 1)) of ${#step_names[@]}, ${step_names[$1]}: $failed failed: see above and $logs/$failed.log"; fi
	say "step $(($1 + 1)) of ${#step_names[@]}: ${step_names[$1]}: done in $((SECONDS - start)) s"
}

# Runs the steps that were added. The logs are in the folder $logs.
run_steps() {
	local i total=0
	mkdir -p "$logs"
	for i in "${!step_names[@]}"; do total=$((total + step_seconds[i])); done
	say "${#step_names[@]} step(s), about $(duration $total) on two idle cores; logs: $logs"
	steps_start=$SECONDS planned_so_far=0
	for i in "${!step_names[@]}"; do
		run_step "$i"
		planned_so_far=$((planned_so_far + step_seconds[i]))
	done
}
