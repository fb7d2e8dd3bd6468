/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The text of DPDK_IOAS, and the plugin's parser. */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "fuzz.h"
#include "ioas_bus.h"

static unsigned int lines;

/* Functions of EAL and of the plugin's other files that plugin.c calls. */

int
rte_log(uint32_t level, uint32_t logtype, const char *format, ...)
{
	char line[4096];
	va_list ap;

	(void)level;
	(void)logtype;
	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	lines++;
	return 0;
}

int
rte_log_register_type_and_pick_level(const char *name, uint32_t level)
{
	(void)name;
	(void)level;
	return 0;
}

static void
check_descriptors(const struct bus_ioas_options *options)
{
	FUZZ_CHECK(options->n_fds <= BUS_IOAS_MAX_FDS);
	for (unsigned int i = 0; i < options->n_fds; i++) {
		FUZZ_CHECK(options->fds[i].name == options->names[i]);
		FUZZ_CHECK(options->names[i][0] != '\0');
		FUZZ_CHECK(options->fds[i].fd >= 0);
	}
}

/* Asserts that a text ends in a colon and digits. */
static void
check_descriptor(const char *text, size_t n)
{
	FUZZ_CHECK(isdigit((unsigned char)text[n - 1]));
	while (isdigit((unsigned char)text[n - 1]))
		n--;
	FUZZ_CHECK(text[n - 1] == ':');
}

/* Asserts that numbers have no signs and spaces. */
static void
check_numbers(const char *text)
{
	while (*text != '\0') {
		const size_t n = strcspn(text, ",");

		if (strncmp(text, "window=", 7) == 0)
			FUZZ_CHECK(strspn(text, "window=0123456789abcdefABCDEFxX-") >= n &&
				   isdigit((unsigned char)text[7]));
		if (strncmp(text, "fd=", 3) == 0)
			check_descriptor(text, n);
		if (strncmp(text, "quarantine=", 11) == 0)
			FUZZ_CHECK(isdigit((unsigned char)text[11]) || strncmp(text + 11, "all", 3) == 0);
		text += n + (text[n] == ',');
	}
}

static void
check(const struct bus_ioas_options *options, const char *text)
{
	const struct ioas_range window = options->window;

	FUZZ_CHECK(strcmp(options->backend, "auto") == 0 || strcmp(options->backend, "iommufd") == 0 ||
		   strcmp(options->backend, "spapr") == 0 || strcmp(options->backend, "type1") == 0);
	FUZZ_CHECK(options->iova == RTE_IOVA_DC || options->iova == RTE_IOVA_PA || options->iova == RTE_IOVA_VA);
	FUZZ_CHECK(options->quarantine == 0 || options->quarantine >= 4096);
	check_descriptors(options);
	check_numbers(text);
	if (window.first == 0 && window.last == 0)
		return;
	FUZZ_CHECK(window.first < window.last && (window.first & 4095) == 0 &&
		   (window.last & 4095) == 4095);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bus_ioas_options options;
	char *const text = malloc(size + 1), *const before = malloc(size + 1);
	int ret;

	FUZZ_CHECK(text != NULL && before != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	memcpy(before, text, size + 1);
	lines = 0;
	ret = bus_ioas_parse_options(text, &options);
	FUZZ_CHECK(ret == 0 || ret == -EINVAL);
	FUZZ_CHECK(lines == (ret < 0));
	FUZZ_CHECK(memcmp(text, before, size + 1) == 0);
	if (ret == 0)
		check(&options, text);
	free(text);
	free(before);
	return 0;
}
