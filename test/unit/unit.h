/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef UNIT_H
#define UNIT_H

#include <CUnit/CUnit.h>
#include <errno.h>
#include <inttypes.h>

#include "ioas.h"
#include "kernel_model.h"
#include "sys.h"

/*
 * Shared by the unit tests. Before each test the model is started with one device, NIC, behind an Intel IOMMU
 * of 39 bits, and no space exists. Afterwards the space is destroyed, and the kernel must hold nothing any
 * more. The environment variable UNIT_BACKEND names the backend: iommufd (default), groups (iommufd, and
 * devices have no character device), type1, spapr.
 *
 * The memory of the tests does not exist: the model does not access it.
 */

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)
#define PAGE UINT64_C(4096)

#define NIC "0000:00:02.0"

/* Memory: aligned to more than any rule demands. */
#define BASE UINT64_C(0x100000000000)
#define AT(address) ((void *)(uintptr_t)(address))
#define VA(offset) AT(BASE + (offset))

extern struct ioas *space;
extern struct ioas_device *nic;
extern struct model_device *nic_model;

struct unit_test {
	const char *name;
	void (*run)(void);
};

/* Runs the tests whose names match the environment variable UNIT_CASE (as file names match), or all. */
int unit_run(const char *subject, const struct unit_test *tests, unsigned int n);

#define UNIT_MAIN(subject, ...)                                                          \
	int                                                                              \
	main(void)                                                                       \
	{                                                                                \
		static const struct unit_test tests[] = { __VA_ARGS__ };                 \
                                                                                         \
		return unit_run(subject, tests, sizeof(tests) / sizeof(tests[0]));       \
	}

/* Whether UNIT_QUICK is set: under valgrind a program takes forty times as long. */
bool unit_quick(void);

/* unit_run() calls these around each test, and takes the backend from the environment. */
void unit_use_backend(const char *name);
void unit_set_up(void);
void unit_tear_down(void);

/* The calls of the kernel until the end of the test: a copy of the model's (unit_model), which a test changes
 * before it creates a space. */
struct ioas_sys *unit_change_sys(void);
extern const struct ioas_sys *unit_model;

/* The space of the tests has this many replicas of its table. */
#define UNIT_NODES 2

/* Creates the space, with the NIC attached on request. */
void unit_create(bool attach);
void unit_create_window(uint64_t first, uint64_t last);
void unit_create_with(const struct ioas_options *options, bool attach);

bool unit_backend_is(const char *name);

/* model_device_add() for a device that the backend can attach; on POWER it ignores the IOMMU. */
struct model_device *unit_add_device(const char *name, const struct model_iommu *iommu);

/* The options of unit_create(): unit_logged() finds the log lines. */
struct ioas_options unit_options(void);

/* Whether one error line has all the words (separated by '|'). Forgets all lines. */
bool unit_logged(const char *words);

/* The number of lines of a level. */
unsigned int unit_lines(enum ioas_log_level level);

/* Whether the last line of a level has all the words. */
bool unit_last_line(enum ioas_log_level level, const char *words);

/* Descriptors of the process, without those of the model. */
unsigned int unit_open_descriptors(void);

/* The number of areas that the kernel has if the space has this many. A container forgets them when its last
 * device goes. On POWER each device has a container. */
uint64_t unit_kernel_areas(uint64_t areas);

/* The device node that opens the NIC. */
const char *unit_node(void);

/* Maps and returns the IOVA; 0 (never an IOVA) with a failed assertion otherwise. */
uint64_t unit_map(uint64_t offset, uint64_t length);

/* ioas_lookup() in every replica: they must agree. */
uint64_t unit_lookup(const void *va);

/* Asserts that a call fails, logs cause and remedy in one line, and changes nothing. */
#define REFUSED(call, error, words)                                                      \
	do {                                                                             \
		const uint64_t before_ = unit_state();                                   \
		const unsigned int lines_ = unit_lines(IOAS_LOG_ERR);                    \
		const int ret_ = (call);                                                 \
                                                                                         \
		if (ret_ != (error))                                                     \
			fprintf(stderr, "\n%s:%d: answer %d\n", __FILE__, __LINE__, ret_);\
		CU_ASSERT_EQUAL(ret_, (error));                                          \
		CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_ERR), lines_ + 1);                   \
		CU_ASSERT_TRUE(unit_logged(words));                                      \
		CU_ASSERT_EQUAL(unit_state(), before_);                                  \
	} while (0)

/* A hash of the visible state of the space and of the kernel behind it. */
uint64_t unit_state(void);

/* The same for any single space; NULL: for none. */
uint64_t unit_state_of(struct ioas *in);

/* Whether every page of the memory leads to its IOVA, in both directions, and by DMA. */
bool unit_translates(uint64_t offset, uint64_t length, uint64_t iova);

/* Whether no byte of the memory has an IOVA. */
bool unit_unmapped(uint64_t offset, uint64_t length);

#endif /* UNIT_H */
