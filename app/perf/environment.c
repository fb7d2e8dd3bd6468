/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The environment of the results: processor, kernel, compiler, date and options. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "bench.h"
#include "ioas.h"
#include "perf.h"

/* x86 calls it "model name", POWER "cpu". Arm only has numbers. */
static void
read_cpu(char *cpu, size_t size)
{
	static const char *const keys[] = { "model name", "cpu\t", "CPU part" };
	FILE *const file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(cpu, size, "unknown");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *const colon = strchr(line, ':');

		for (unsigned int i = 0; colon != NULL && i < sizeof(keys) / sizeof(keys[0]); i++) {
			if (strncmp(line, keys[i], strlen(keys[i])) != 0)
				continue;
			line[strcspn(line, "\n")] = '\0';
			snprintf(cpu, size, "%s%s", i == 2 ? "Arm part " : "",
				 colon + 1 + strspn(colon + 1, " "));
			utf8_mend(cpu, size);
			fclose(file);
			return;
		}
	}
	if (file != NULL)
		fclose(file);
}

static const char counted[] = "instructions";

bool
environment_counts(const struct environment *environment)
{
	return strcmp(environment->clock, counted) == 0;
}

void
environment_read(struct environment *environment, bool icount, int argc, char **argv)
{
	const time_t now = time(NULL);
	int cpus[MAX_CPUS];
	struct utsname name;
	struct tm tm;
	size_t used = 0;

	*environment = (struct environment){
		.cores = cpus_allowed(cpus, MAX_CPUS),
	};
	snprintf(environment->bulk, sizeof(environment->bulk), "%s", ioas_lookup_bulk_name());
	snprintf(environment->version, sizeof(environment->version), "%s", PERF_VERSION);
	snprintf(environment->clock, sizeof(environment->clock), "%s", icount ? counted : "time");
	read_cpu(environment->cpu, sizeof(environment->cpu));
	if (uname(&name) == 0)
		snprintf(environment->kernel, sizeof(environment->kernel), "%.40s %.40s",
			 name.sysname, name.release);
	utf8_mend(environment->kernel, sizeof(environment->kernel));
	snprintf(environment->dpdk, sizeof(environment->dpdk), "%s", eal_version());
#ifdef __clang__
	snprintf(environment->compiler, sizeof(environment->compiler), "%s", __VERSION__);
#else
	snprintf(environment->compiler, sizeof(environment->compiler), "gcc %s", __VERSION__);
#endif
	if (gmtime_r(&now, &tm) != NULL)
		strftime(environment->date, sizeof(environment->date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	for (int i = 1; i < argc && used < sizeof(environment->options); i++)
		used += snprintf(environment->options + used, sizeof(environment->options) - used,
				 "%s%s", i > 1 ? " " : "", argv[i]);
	utf8_mend(environment->options, sizeof(environment->options));
}
