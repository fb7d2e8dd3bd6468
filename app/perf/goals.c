/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The project's goals, and whether this run meets them.
 *
 * The median of a ratio is compared with the limit. If it is on the wrong side, the goal is missed only if
 * the whole range that noise leaves is there too: a repetition might otherwise give the opposite result. With
 * few samples the noise is not known, and nothing is judged. Times of memory accesses are not judged either
 * if the clock counts instructions (QEMU's -icount), because a load from memory then costs as much as one
 * from a register.
 */

#include <stdarg.h>
#include <string.h>

#include "ioas.h"
#include "perf.h"

struct list {
	const struct results *results;
	/* For the goals that are added. */
	const char *suite;
	bool latency;           /* they are about the time of memory accesses */
	struct goal *goals;
	unsigned int n;
};

/* One lookup result: 1 thread, random order. */
static struct result
lookup(const char *name, uint64_t size, const char *placement, bool writer)
{
	struct result what = {
		.suite = "lookup",
		.working_set = size,
		.pattern = "random",
		.threads = 1,
		.writer = writer,
		.unit = "ns",
	};

	snprintf(what.name, sizeof(what.name), "%s", name);
	snprintf(what.placement, sizeof(what.placement), "%s", placement);
	return what;
}

__attribute__((format(printf, 5, 6)))
static struct goal *
goal_add(struct list *list, const char *sign, double limit, const char *needs,
	 const char *format, ...)
{
	struct goal *const goal = &list->goals[list->n++];
	va_list args;

	*goal = (struct goal){
		.suite = list->suite, .machine = "", .sign = sign, .limit = limit,
		.unit = "times", .why = needs,
	};
	va_start(args, format);
	vsnprintf(goal->what, sizeof(goal->what), format, args);
	va_end(args);
	return goal;
}

static bool
reaches(const struct goal *goal, double value)
{
	return goal->sign[0] == '<' ? value <= goal->limit : value >= goal->limit;
}

static void
goal_value(struct goal *goal, const struct stats *stats)
{
	goal->value = stats->median;
	goal->low = stats->low;
	goal->high = stats->high;
	if (reaches(goal, stats->median))
		goal->state = GOAL_MET;
	else if (reaches(goal, stats->low) || reaches(goal, stats->high))
		goal->state = GOAL_NOISE;
	else
		goal->state = GOAL_MISSED;
}

static void
goal_unjudged(struct goal *goal, const char *why)
{
	goal->state = GOAL_NOT_JUDGED;
	goal->why = why;
}

/* a divided by b, if a machine has both. */
static bool
goal_on(const struct results *results, struct goal *goal, const char *machine, struct result a,
	struct result b)
{
	struct stats ratio;
	const struct result *x, *y;

	snprintf(a.machine, sizeof(a.machine), "%s", machine);
	snprintf(b.machine, sizeof(b.machine), "%s", machine);
	x = results_find(results, &a);
	y = results_find(results, &b);
	if (x == NULL || y == NULL)
		return false;
	ratio = stats_ratio(x, y);
	goal_value(goal, &ratio);
	if (x->rounds < ENOUGH_SAMPLES || y->rounds < ENOUGH_SAMPLES)
		goal_unjudged(goal, "too few samples");
	return true;
}

/* a divided by b, on the first machine that has both; preferably one whose clock makes it meaningful. */
static void
goal_ratio(const struct list *list, struct goal *goal, const struct result *a,
	   const struct result *b)
{
	const struct results *const results = list->results;

	for (unsigned int i = 0; i < results->n_environments; i++) {
		const struct environment *const environment = &results->environment[i];

		if (!goal_on(results, goal, environment->machine, *a, *b))
			continue;
		if (!list->latency || !environment_counts(environment))
			return;
		goal_unjudged(goal, "counted clock");
	}
}

static void
lookup_goals(struct list *list)
{
	static const uint64_t sizes[] = { GIB(1), GIB(64) };
	static const char no_suite[] = "suite lookup";
	struct result a, b;
	char size[16], bulk[32];
	struct goal *goal;

	snprintf(bulk, sizeof(bulk), "bulk %s", ioas_lookup_bulk_name());
	for (unsigned int i = 0; i < 2; i++) {
		size_text(sizes[i], size, sizeof(size));
		for (unsigned int k = 0; k < 6; k++) {
			static const struct {
				const char *name, *what;
				double limit;
			} kinds[] = {
				{ "", "independent", 1.5 },
				{ " in bursts", "in bursts of 32", 1.5 },
				{ " dependent", "dependent", 1.1 },
			};
			char name[32], load[32];

			goal = goal_add(list, "<=", kinds[k % 3].limit, no_suite,
					"single lookup%s / array load, %s, %s",
					k < 3 ? " in the flat array" : "", kinds[k % 3].what, size);
			snprintf(name, sizeof(name), "%s%s", k < 3 ? "flat" : "single",
				 kinds[k % 3].name);
			snprintf(load, sizeof(load), "floor%s", kinds[k % 3].name);
			a = lookup(name, sizes[i], "random", false);
			b = lookup(load, sizes[i], "random", false);
			goal_ratio(list, goal, &a, &b);
		}

		goal = goal_add(list, "<=", 0.6, no_suite, "%s of 32, an address / single lookup, %s",
				bulk, size);
		a = lookup(bulk, sizes[i], "random", false);
		b = lookup("single", sizes[i], "random", false);
		goal_ratio(list, goal, &a, &b);

		goal = goal_add(list, "<=", 0.6, no_suite,
				"%s of 32, an address / single lookup in bursts, %s", bulk, size);
		b = lookup("single in bursts", sizes[i], "random", false);
		goal_ratio(list, goal, &a, &b);

		goal = goal_add(list, "<=", 1.1, "suite lookup, 2 CPUs",
				"single lookup with a writer / without, %s", size);
		a = lookup("single", sizes[i], "random", true);
		b = lookup("single", sizes[i], "random", false);
		goal_ratio(list, goal, &a, &b);
	}
	for (unsigned int i = 0; i < 2; i++) {
		goal = goal_add(list, "<=", 1.5, no_suite,
				"single lookup, 1 TiB / 1 GiB, independent, linear %s",
				i == 0 ? "IOVAs" : "in each GiB only");
		a = lookup("single", TIB(1), i == 0 ? "linear" : "by GiB", false);
		b = lookup("single", GIB(1), i == 0 ? "linear" : "by GiB", false);
		goal_ratio(list, goal, &a, &b);
	}
}

static struct result
eal(const char *name, uint64_t size)
{
	struct result what = {
		.suite = "eal",
		.working_set = size,
		.pattern = "random",
		.threads = 1,
		.unit = "ns",
	};

	snprintf(what.name, sizeof(what.name), "%s", name);
	return what;
}

static void
eal_goals(struct list *list)
{
	static const struct {
		double limit;
		const char *a, *what;
	} kinds[] = {
		{ 4, "rte_mem_virt2memseg, 1st list", "one list" },
		{ 10, "rte_mem_virt2memseg, last list", "EAL's last list" },
	};
	struct result a, b;

	for (unsigned int i = 0; i < 2; i++) {
		a = eal(kinds[i].a, GIB(1));
		b = eal("single", GIB(1));
		goal_ratio(list, goal_add(list, ">=", kinds[i].limit, "suite eal",
					  "virt2memseg plus offset, %s / single lookup, 1 GiB",
					  kinds[i].what), &a, &b);
	}
	a = eal("rte_mem_virt2phy, stock", MIB(64));
	b = eal("rte_mem_virt2iova, plugin", MIB(64));
	goal_ratio(list, goal_add(list, ">=", 1000, "suite eal with the plugin and a device",
				  "rte_mem_virt2iova, mode PA without the plugin / with it"), &a, &b);
}

static struct result
maps(const char *where, unsigned int n)
{
	struct result what = {
		.suite = "maps",
		.name = "map, chosen",
		.working_set = n * KIB(4),
		.threads = 1,
		.maps = n,
		.unit = "us",
	};

	snprintf(what.pattern, sizeof(what.pattern), "%s", where);
	return what;
}

static void
maps_goals(struct list *list)
{
	static const struct {
		const char *where, *missing;
	} kinds[] = {
		{ "model", "suite maps, at least 40000 maps" },
		{ "device", "suite maps with --allow, at least 40000 maps" },
	};

	for (unsigned int i = 0; i < 2; i++) {
		const struct result a = maps(kinds[i].where, 40000);
		const struct result b = maps(kinds[i].where, 1000);

		goal_ratio(list, goal_add(list, "<=", 2, kinds[i].missing,
					  "chosen map, 40,000 in place / the first 1,000, on the %s",
					  i == 0 ? "model" : "kernel"), &a, &b);
	}
}

static void
munmap_goals(struct list *list)
{
	static const uint64_t sizes[] = { KIB(4), MIB(2), GIB(64) };
	struct result followed, plain;
	char size[16];

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		plain = maps("model", 1000);
		plain.working_set = sizes[i];
		plain.maps = 0;
		followed = plain;
		snprintf(plain.name, sizeof(plain.name), "munmap");
		snprintf(followed.name, sizeof(followed.name), "munmap, followed");
		size_text(sizes[i], size, sizeof(size));
		goal_ratio(list, goal_add(list, "<=", 1.1, "suite maps",
					  "munmap of %s of other memory, followed / not", size), &followed,
			   &plain);
	}
}

/* The largest excess of any size, for each replica. */
static void
memory_goal(struct list *list)
{
	struct goal *const goal = goal_add(list, "<=", 64, "suite memory",
					   "table memory beyond 4 KiB a GiB, a replica");
	bool found = false;
	double most = 0;

	goal->unit = "KiB";
	for (unsigned int i = 0; i < list->results->n; i++) {
		const struct result *const result = &list->results->result[i];
		const double excess = result->median - 4 * (double)(result->working_set / GIB(1));

		if (strcmp(result->suite, "memory") != 0 ||
		    (strcmp(result->name, "one replica") != 0 &&
		     strcmp(result->name, "two replicas, each") != 0))
			continue;
		most = !found || excess > most ? excess : most;
		found = true;
	}
	if (found)
		goal_value(goal, &(struct stats){ most, most, most });
}

/* The plugin compared with stock EAL with type1, which uses the IOVA mode that works there. */
static void
stock_goals(struct list *list)
{
	static const struct {
		const char *machine, *mode;
	} kinds[] = {
		{ "intel-48", "VA" }, { "intel-39", "PA" }, { "amd", "VA" }, { "smmuv3", "VA" },
	};
	static const struct {
		const char *suite, *what, *sign, *unit;
		double limit;
	} suites[] = {
		{ "forward", "testpmd's packets a second", ">=", "pps", 0.98 },
		{ "startup", "testpmd's start-up time", "<=", "ms", 1 },
	};

	for (unsigned int i = 0; i < 8; i++) {
		const unsigned int s = i / 4, k = i % 4;
		struct result a = { .machine = "" }, b;
		struct goal *goal;

		list->suite = suites[s].suite;
		goal = goal_add(list, suites[s].sign, suites[s].limit, "devtools/perf.sh",
				"%s, plugin / stock type1, %s (%s)", suites[s].what,
				kinds[k].machine, kinds[k].mode);
		goal->machine = kinds[k].machine;
		snprintf(a.suite, sizeof(a.suite), "%s", suites[s].suite);
		snprintf(a.name, sizeof(a.name), "plugin");
		snprintf(a.pattern, sizeof(a.pattern), "%s", kinds[k].mode);
		snprintf(a.unit, sizeof(a.unit), "%s", suites[s].unit);
		b = a;
		snprintf(b.name, sizeof(b.name), "stock");
		goal_on(list->results, goal, kinds[k].machine, a, b);
	}
}

unsigned int
goals_check(const struct results *results, struct goal *goals)
{
	struct list list = { .results = results, .goals = goals };

	stock_goals(&list);
	list.latency = true;
	list.suite = "lookup";
	lookup_goals(&list);
	list.suite = "eal";
	eal_goals(&list);
	list.latency = false;
	list.suite = "maps";
	maps_goals(&list);
	munmap_goals(&list);
	list.suite = "memory";
	memory_goal(&list);
	return list.n;
}

const char *
goal_text(const struct goal *goal, char *text, size_t room)
{
	switch (goal->state) {
	case GOAL_NOT_MEASURED:
		snprintf(text, room, "not measured: needs %s", goal->why);
		break;
	case GOAL_NOT_JUDGED:
		snprintf(text, room, "not judged: %s", goal->why);
		break;
	case GOAL_MISSED:
		snprintf(text, room, "not met");
		break;
	case GOAL_NOISE:
		snprintf(text, room, "within the noise");
		break;
	case GOAL_MET:
		snprintf(text, room, "met");
		break;
	}
	return text;
}

/* Whether an entry of --goals, "SUITE" or "SUITE:MACHINE", means a goal. */
static bool
entry_means(const char *entry, size_t length, const struct goal *goal)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%s%s", goal->suite, goal->machine[0] != '\0' ? ":" : "",
		 goal->machine);
	return length > 0 && length < sizeof(name) && strncmp(entry, name, length) == 0 &&
	       (name[length] == ':' || name[length] == '\0');
}

/* Takes the first entry off a list; false: it is empty. */
static bool
take_entry(const char **list, const char **entry, size_t *length)
{
	if (*list == NULL)
		return false;
	*entry = *list;
	*length = strcspn(*entry, ",");
	*list = (*entry)[*length] == ',' ? *entry + *length + 1 : NULL;
	return true;
}

/* Whether any entry of the list means the goal. */
static bool
list_means(const char *list, const struct goal *goal)
{
	const char *entry;
	size_t length;

	while (take_entry(&list, &entry, &length))
		if (entry_means(entry, length, goal))
			return true;
	return false;
}

int
goals_known(const char *list, const struct goal *goals, unsigned int n)
{
	const char *entry;
	size_t length;

	while (take_entry(&list, &entry, &length)) {
		unsigned int i = 0;

		while (i < n && !entry_means(entry, length, &goals[i]))
			i++;
		if (i == n) {
			complain("--goals: there is no goal '%.*s': see --help", (int)length, entry);
			return EXIT_USAGE;
		}
	}
	return 0;
}

static void
complain_missed(const struct goal *goal)
{
	const double part = goal->value / goal->limit - 1;
	char text[96];

	if (goal->state == GOAL_MISSED)
		complain("goal not met: %s: %.4g (99 of 100 times %.4g to %.4g), wanted %s %g: "
			 "missed by %.2g %%", goal->what, goal->value, goal->low, goal->high,
			 goal->sign, goal->limit, (part < 0 ? -part : part) * 100);
	else
		complain("goal not met: %s: %s", goal->what, goal_text(goal, text, sizeof(text)));
}

int
goals_judge(const char *list, const struct goal *goals, unsigned int n)
{
	int ret = 0;

	for (unsigned int i = 0; i < n; i++) {
		const enum goal_state state = goals[i].state;

		if (state == GOAL_MET || state == GOAL_NOISE || !list_means(list, &goals[i]))
			continue;
		complain_missed(&goals[i]);
		ret = EXIT_MISSED;
	}
	return ret;
}
