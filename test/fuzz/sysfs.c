/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * sysfs entries of a device, its group and its nodes. The lines of the input become, one after the other, the
 * targets of links and the contents of files; '|' in a line is a line feed. A line "-" leaves the entry out.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "ioas.h"
#include "kernel_model.h"

#define NIC "0000:00:02.0"
#define MIB(n) ((uint64_t)(n) << 20)

static const uint8_t *next, *end;
static char cdev[320];          /* the folder vfio-dev/NAME, "" if it does not exist */

static const char *
path_of(const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", ioas_sys->sysfs, name);
	return path;
}

/* The next line of the input; false if it leaves the entry out. */
static bool
next_line(char *line, size_t size)
{
	size_t n = 0;

	for (; next < end && *next != '\n'; next++)
		if (n + 1 < size && *next != '\0')
			line[n++] = *next == '|' ? '\n' : (char)*next;
	if (next < end)
		next++;
	line[n] = '\0';
	return strcmp(line, "-") != 0;
}

static void
put_link(const char *name)
{
	char target[1024];

	unlink(path_of(name));
	if (next_line(target, sizeof(target)) && target[0] != '\0' &&
	    symlink(target, path_of(name)) != 0)
		FUZZ_CHECK(errno == ENAMETOOLONG);
}

static void
put_file(const char *name)
{
	char content[1024];
	FILE *file;

	unlink(path_of(name));
	if (!next_line(content, sizeof(content)))
		return;
	file = fopen(path_of(name), "w");
	FUZZ_CHECK(file != NULL);
	fputs(content, file);
	fclose(file);
}

/* vfio-dev/NAME/dev: the first line is the name, the second the content. */
static void
put_cdev(void)
{
	char name[256], file[600];

	if (cdev[0] != '\0') {
		snprintf(file, sizeof(file), "%s/dev", cdev);
		unlink(path_of(file));
		FUZZ_CHECK(rmdir(path_of(cdev)) == 0);
		cdev[0] = '\0';
	}
	if (!next_line(name, sizeof(name)) || name[0] == '\0' || name[0] == '.' ||
	    strlen(name) > 100 || strchr(name, '/') != NULL)
		return;
	snprintf(cdev, sizeof(cdev), "bus/pci/devices/" NIC "/vfio-dev/%s", name);
	FUZZ_CHECK(mkdir(path_of(cdev), 0755) == 0);
	snprintf(file, sizeof(file), "%s/dev", cdev);
	put_file(file);
}

static void
start(void)
{
	model_start();
	model_device_add(NIC, &model_intel39);
	snprintf(cdev, sizeof(cdev), "bus/pci/devices/" NIC "/vfio-dev/vfio0");
}

/* For any contents of sysfs, ranges are ascending and do not touch, and memory is mapped inside them. */
static void
check_space(struct ioas *space)
{
	struct ioas_range ranges[64];
	const unsigned int n = ioas_ranges(space, ranges, 64);
	uint64_t iova;

	for (unsigned int i = 0; i < n && i < 64; i++) {
		FUZZ_CHECK(ranges[i].first <= ranges[i].last);
		FUZZ_CHECK(i == 0 || ranges[i].first > ranges[i - 1].last);
	}
	if (ioas_map(space, (void *)(uintptr_t)MIB(4096), MIB(2), &iova) == 0)
		FUZZ_CHECK(ioas_check_fixed(space, iova, MIB(2), NULL) == 0);
}

static void
use(const char *backend, const struct ioas_descriptor *given)
{
	static const int node = 0;
	const struct ioas_options options = {
		.size = sizeof(options), .backend = backend, .nodes = &node, .n_nodes = 1,
		.descriptors = given, .n_descriptors = given != NULL,
	};
	struct ioas_device *device;
	struct ioas *space;
	int ret;

	ret = ioas_create(&options, &space);
	FUZZ_CHECK(ret == 0 || given != NULL);
	if (ret < 0)
		return;
	ret = ioas_attach(space, NIC, NULL, &device);
	FUZZ_CHECK(ret <= 0);
	FUZZ_CHECK(ret < 0 || ioas_device_is_usable(NIC));
	if (ret == 0)
		check_space(space);
	ioas_destroy(space);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ioas_descriptor given = { "/dev/iommu", -1 };

	if (cdev[0] == '\0' && ioas_sys == &ioas_sys_linux)
		start();
	next = data;
	end = data + size;
	put_link("bus/pci/devices/" NIC "/driver");
	put_link("bus/pci/devices/" NIC "/iommu_group");
	put_cdev();
	put_file("kernel/iommu_groups/0/name");
	put_file("kernel/iommu_groups/0/reserved_regions");
	put_file("class/misc/iommu/dev");
	use("iommufd", NULL);
	/* Then the library reads the reserved regions from sysfs. */
	model.no_info_caps = true;
	use("type1", NULL);
	model.no_info_caps = false;
	given.fd = ioas_sys->open(given.name, 0);
	use("iommufd", &given);
	ioas_sys->close(given.fd);
	FUZZ_CHECK(model_open_files() == 0 && model_pinned() == 0 && model_reserved() == 0);
	return 0;
}
