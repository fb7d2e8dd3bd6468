/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The IOMMUs of this machine: model, address width and number of devices. All data comes from sysfs. */
#include <stdio.h>
#include <string.h>

#include "info.h"
#include "machine.h"

/* A kernel with CONFIG_IOMMUFD_TEST has it for its own tests. */
#define MOCK "iommufd_selftest_iommu"

#define BIT_FIELD(word, high, low) ((word) >> (low) & ((UINT64_C(2) << ((high) - (low))) - 1))

/* The capability register has the width that the chip handles, and the depths of its tables (bit 1: 3 levels,
 * 39 bits; each further one 9 bits more). */
static unsigned int
vtd_bits(const char *name)
{
	unsigned int bits, table = 0;
	uint64_t cap;

	if (!sys_number(&cap, 16, "/sys/class/iommu/%s/intel-iommu/cap", name))
		return 0;
	bits = BIT_FIELD(cap, 21, 16) + 1;
	for (unsigned int depth = 0; depth < 4; depth++)
		if ((BIT_FIELD(cap, 12, 8) & 1u << depth) != 0)
			table = 30 + 9 * depth;
	return table != 0 && table < bits ? table : bits;
}

/* The extended features have the maximum number of table levels, counted from 4. */
static unsigned int
amd_bits(const char *name)
{
	uint64_t features, bits;

	if (!sys_number(&features, 16, "/sys/class/iommu/%s/amd-iommu/features", name))
		return 0;
	bits = 12 + 9 * (4 + BIT_FIELD(features, 11, 10));
	return bits > 64 ? 64 : bits;
}

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool
is_virtio(const char *name)
{
	char driver[64];

	return sys_link(driver, sizeof(driver), "/sys/class/iommu/%s/device/driver", name) &&
	       starts_with(driver, "virtio");
}

static void
tell_model(struct info_iommu *iommu)
{
	if (starts_with(iommu->name, "dmar")) {
		iommu->model = "Intel VT-d";
		iommu->bits = vtd_bits(iommu->name);
	} else if (starts_with(iommu->name, "ivhd")) {
		iommu->model = "AMD-Vi";
		iommu->bits = amd_bits(iommu->name);
	} else if (starts_with(iommu->name, "smmu3")) {
		iommu->model = "Arm SMMUv3";
	} else if (starts_with(iommu->name, "smmu")) {
		iommu->model = "Arm SMMU";
	} else if (starts_with(iommu->name, "iommu-phb")) {
		iommu->model = "POWER TCE";
	} else if (is_virtio(iommu->name)) {
		iommu->model = "virtio-iommu";
	} else {
		iommu->model = "of a model that is not known here";
	}
}

static unsigned int
count(char **names)
{
	unsigned int n = 0;

	while (names[n] != NULL)
		n++;
	sys_free(names);
	return n;
}

/* Groups that VFIO makes up without an IOMMU do not count. */
static unsigned int
count_groups(void)
{
	char **const names = sys_list("/sys/kernel/iommu_groups");
	unsigned int n = 0;
	char text[32];

	for (char **name = names; *name != NULL; name++)
		n += !sys_text(text, sizeof(text), "/sys/kernel/iommu_groups/%s/name", *name) ||
		     strcmp(text, "vfio-noiommu") != 0;
	sys_free(names);
	return n;
}

void
look_at_iommus(struct info *info)
{
	char **const names = sys_list("/sys/class/iommu");

	for (char **name = names; *name != NULL; name++) {
		struct info_iommu *iommu;

		if (starts_with(*name, MOCK))
			continue;
		iommu = GROW(info->iommus, info->n_iommus);
		snprintf(iommu->name, sizeof(iommu->name), "%s", *name);
		tell_model(iommu);
		iommu->devices = count(sys_list("/sys/class/iommu/%s/devices", *name));
	}
	sys_free(names);
	info->groups = count_groups();
}
