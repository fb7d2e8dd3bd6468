/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <CUnit/Basic.h>
#include <dirent.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct ioas *space;
struct ioas_device *nic;
struct model_device *nic_model;

#define MAX_LINES 64

/* UNIT_BACKEND: "iommufd" (default), "groups" (iommufd, devices without a cdev), "type1", "spapr" (on POWER). */
static const char *backend = "iommufd";

static char errors[MAX_LINES][700], last_lines[IOAS_LOG_DEBUG + 1][700];
static unsigned int lines[IOAS_LOG_DEBUG + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
take_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	if (level == IOAS_LOG_ERR)
		snprintf(errors[lines[level] % MAX_LINES], sizeof(errors[0]), "%s", line);
	snprintf(last_lines[level], sizeof(last_lines[0]), "%s", line);
	lines[level]++;
	pthread_mutex_unlock(&lock);
}

static bool
has_words(const char *line, const char *words)
{
	char word[128];

	while (*words != '\0') {
		const size_t n = strcspn(words, "|");

		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		if (strstr(line, word) == NULL)
			return false;
		words += n + (words[n] == '|');
	}
	return true;
}

bool
unit_logged(const char *words)
{
	bool found = false;

	for (unsigned int i = 0; i < lines[IOAS_LOG_ERR] && i < MAX_LINES; i++)
		found = found || has_words(errors[i], words);
	for (unsigned int i = 0; !found && i < lines[IOAS_LOG_ERR] && i < MAX_LINES; i++)
		fprintf(stderr, "\nlogged: %s\n", errors[i]);
	memset(errors, 0, sizeof(errors));
	memset(lines, 0, sizeof(lines));
	return found;
}

unsigned int
unit_lines(enum ioas_log_level level)
{
	return lines[level];
}

bool
unit_last_line(enum ioas_log_level level, const char *words)
{
	const bool has = has_words(last_lines[level], words);

	if (!has)
		fprintf(stderr, "\nlogged: %s\n", last_lines[level]);
	return has;
}

bool
unit_backend_is(const char *name)
{
	return strcmp(backend, name) == 0;
}

struct model_device *
unit_add_device(const char *name, const struct model_iommu *iommu)
{
	struct model_device *const device =
		model_device_add(name, unit_backend_is("spapr") ? &model_pseries : iommu);

	if (unit_backend_is("groups"))
		model_device_no_cdev(device);
	return device;
}

struct ioas_options
unit_options(void)
{
	static const int nodes[UNIT_NODES] = { 0, 3 };

	return (struct ioas_options){
		.size = sizeof(struct ioas_options),
		.backend = unit_backend_is("groups") ? "iommufd" : backend,
		.log = take_line,
		.nodes = nodes,
		.n_nodes = UNIT_NODES,
	};
}

static uint64_t
lookup(struct ioas *in, const void *va)
{
	const struct ioas_table *tables[UNIT_NODES];
	uint64_t answers[UNIT_NODES];

	CU_ASSERT_EQUAL_FATAL(ioas_tables(in, tables, UNIT_NODES), UNIT_NODES);
	for (unsigned int i = 0; i < UNIT_NODES; i++) {
		answers[i] = ioas_lookup(tables[i], va);
		if (ioas_table_is_flat(tables[i], va))
			CU_ASSERT_EQUAL(ioas_lookup_flat(tables[i], va), answers[i]);
	}
	CU_ASSERT_EQUAL(answers[0], answers[1]);
	return answers[0];
}

uint64_t
unit_lookup(const void *va)
{
	return lookup(space, va);
}

void
unit_create_with(const struct ioas_options *options, bool attach)
{
	CU_ASSERT_EQUAL_FATAL(ioas_create(options, &space), 0);
	if (attach)
		CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, NULL, &nic), 0);
}

void
unit_create(bool attach)
{
	const struct ioas_options options = unit_options();

	unit_create_with(&options, attach);
}

void
unit_create_window(uint64_t first, uint64_t last)
{
	struct ioas_options options = unit_options();

	options.window = (struct ioas_range){ first, last };
	unit_create_with(&options, true);
}

uint64_t
unit_kernel_areas(uint64_t areas)
{
	if (unit_backend_is("spapr"))
		return areas * model_attached();
	return unit_backend_is("type1") && model_attached() == 0 ? 0 : areas;
}

unsigned int
unit_open_descriptors(void)
{
	DIR *const dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

const char *
unit_node(void)
{
	return unit_backend_is("iommufd") ? "/dev/vfio/devices/vfio0" : "/dev/vfio/0";
}

uint64_t
unit_map(uint64_t offset, uint64_t length)
{
	uint64_t iova = 0;

	CU_ASSERT_EQUAL(ioas_map(space, VA(offset), length, &iova), 0);
	return iova;
}

static void
mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * 1099511628211u;
	*hash ^= *hash >> 29;
}

struct mixer {
	struct ioas *in;
	uint64_t *hash;
};

static int
mix_area(const struct ioas_area *area, void *arg)
{
	const struct mixer *const mixer = arg;

	mix(mixer->hash, (uintptr_t)area->va);
	mix(mixer->hash, area->iova);
	mix(mixer->hash, area->length);
	mix(mixer->hash, area->fixed);
	for (uint64_t i = 0; i < 3; i++)
		mix(mixer->hash,
		    lookup(mixer->in, (char *)area->va + i * (area->length - 1) / 2));
	return 0;
}

uint64_t
unit_state_of(struct ioas *in)
{
	uint64_t hash = 14695981039346656037u;
	struct ioas_range ranges[16] = { 0 };
	struct mixer mixer = { in, &hash };
	struct ioas_info info;
	unsigned int n;

	if (in == NULL)
		return hash;
	n = ioas_ranges(in, ranges, 16);
	for (unsigned int i = 0; i < n; i++) {
		mix(&hash, ranges[i].first);
		mix(&hash, ranges[i].last);
	}
	ioas_get_info(in, &info);
	mix(&hash, info.devices);
	mix(&hash, info.maps);
	mix(&hash, info.bytes);
	mix(&hash, info.alignment);
	mix(&hash, info.window.first);
	mix(&hash, info.window.last);
	ioas_walk(in, mix_area, &mixer);
	return hash;
}

uint64_t
unit_state(void)
{
	uint64_t hash = unit_state_of(space);

	mix(&hash, model_open_files());
	mix(&hash, model_areas());
	mix(&hash, model_pinned());
	mix(&hash, model_attached());
	mix(&hash, model_hwpts());
	return hash;
}

bool
unit_translates(uint64_t offset, uint64_t length, uint64_t iova)
{
	const bool dma = nic_model->ioas != NULL;

	for (uint64_t i = 0; i < length; i += i % PAGE == 0 ? PAGE - 1 : 1) {
		if (unit_lookup(VA(offset + i)) != iova + i ||
		    ioas_lookup_iova(space, iova + i, NULL) != VA(offset + i) ||
		    (dma && model_translate(nic_model, iova + i) != BASE + offset + i))
			return false;
	}
	return true;
}

bool
unit_unmapped(uint64_t offset, uint64_t length)
{
	for (uint64_t i = 0; i < length; i += i % PAGE == 0 ? PAGE - 1 : 1)
		if (unit_lookup(VA(offset + i)) != IOAS_BAD_IOVA)
			return false;
	return true;
}

bool
unit_quick(void)
{
	return getenv("UNIT_QUICK") != NULL;
}

void
unit_use_backend(const char *name)
{
	backend = name;
}

const struct ioas_sys *unit_model;

struct ioas_sys *
unit_change_sys(void)
{
	static struct ioas_sys changed;

	unit_model = ioas_sys;
	changed = *unit_model;
	ioas_sys = &changed;
	return &changed;
}

void
unit_set_up(void)
{
	model_start();
	nic_model = unit_add_device(NIC, &model_intel39);
	memset(errors, 0, sizeof(errors));
	memset(lines, 0, sizeof(lines));
}

void
unit_tear_down(void)
{
	ioas_destroy(space);
	space = NULL;
	nic = NULL;
	CU_ASSERT_EQUAL(model_open_files(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(model_attached(), 0);
	CU_ASSERT_EQUAL(model_hwpts(), 0);
	CU_ASSERT_EQUAL(model_reserved(), 0);
	model_stop();
}

int
unit_run(const char *subject, const struct unit_test *tests, unsigned int n)
{
	const char *const pattern = getenv("UNIT_CASE");
	unsigned int wanted = 0;
	CU_pSuite suite;
	bool failed;

	if (getenv("UNIT_BACKEND") != NULL)
		unit_use_backend(getenv("UNIT_BACKEND"));
	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	suite = CU_add_suite_with_setup_and_teardown(subject, NULL, NULL, unit_set_up,
						    unit_tear_down);
	for (unsigned int i = 0; suite != NULL && i < n; i++) {
		if (pattern != NULL && fnmatch(pattern, tests[i].name, 0) != 0)
			continue;
		wanted++;
		if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
			suite = NULL;
	}
	if (wanted == 0)
		fprintf(stderr, "%s: no case matches UNIT_CASE=%s\n", subject, pattern);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	failed = suite == NULL || wanted == 0 || CU_basic_run_tests() != CUE_SUCCESS ||
		 CU_get_number_of_tests_run() != wanted || CU_get_number_of_failures() > 0;
	CU_cleanup_registry();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
