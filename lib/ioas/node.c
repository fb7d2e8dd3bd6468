/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "node.h"

int
nodes_create(struct nodes *nodes, const struct ioas_sys *sys,
	     const struct ioas_descriptor *descriptors, unsigned int n, const struct ioas_log *log)
{
	*nodes = (struct nodes){ .sys = sys, .n = n };
	nodes->given = n > 0 ? calloc(n, sizeof(*nodes->given)) : NULL;
	if (n > 0 && nodes->given == NULL)
		return ioas_no_memory(log, "keep descriptors");
	for (unsigned int i = 0; i < n; i++) {
		const char *const name = descriptors[i].name;

		if (name == NULL || name[0] == '\0' || strlen(name) >= sizeof(nodes->given->name) ||
		    descriptors[i].fd < 0) {
			ioas_log(log, IOAS_LOG_ERR,
				 "descriptor %d handed in for '%s': give an open descriptor, and the "
				 "node that it is of: /dev/iommu, /dev/vfio/vfio, /dev/vfio/N, "
				 "/dev/vfio/devices/vfioN or a PCI address", descriptors[i].fd,
				 name == NULL ? "" : name);
			nodes_destroy(nodes);
			return -EINVAL;
		}
		snprintf(nodes->given[i].name, sizeof(nodes->given[i].name), "%s", name);
		nodes->given[i].fd = descriptors[i].fd;
	}
	return 0;
}

void
nodes_destroy(struct nodes *nodes)
{
	free(nodes->given);
	nodes->given = NULL;
	nodes->n = 0;
}

struct node *
node_given(const struct nodes *nodes, const char *path, const char *device)
{
	for (unsigned int i = 0; i < nodes->n; i++)
		if (strcmp(nodes->given[i].name, path) == 0 ||
		    (device != NULL && strcmp(nodes->given[i].name, device) == 0))
			return &nodes->given[i];
	return NULL;
}

/* The number of a node in sysfs; false if sysfs has none. */
static bool
node_number(const struct nodes *nodes, const char *path, uint64_t *number)
{
	const char *const name = strrchr(path, '/') + 1;
	const char *class = "vfio";
	char file[PATH_MAX];
	unsigned int major, minor;
	FILE *dev;
	bool found;

	if (strcmp(path, "/dev/iommu") == 0 || strcmp(path, "/dev/vfio/vfio") == 0)
		class = "misc";
	else if (strncmp(path, "/dev/vfio/devices/", 18) == 0)
		class = "vfio-dev";
	snprintf(file, sizeof(file), "%s/class/%s/%s/dev", nodes->sys->sysfs, class, name);
	dev = fopen(file, "re");
	if (dev == NULL)
		return false;
	found = fscanf(dev, "%u:%u", &major, &minor) == 2;
	fclose(dev);
	if (found)
		*number = makedev(major, minor);
	return found;
}

int
node_duplicate(const struct ioas_sys *sys, int fd, const char *path, const struct ioas_log *log)
{
	const int ret = sys->duplicate(fd);

	if (ret < 0)
		ioas_log(log, IOAS_LOG_ERR, "cannot duplicate the descriptor of %s: %s: raise the limit of "
			 "open files (`ulimit -n`)", path, strerror(-ret));
	return ret;
}

/* Duplicates a descriptor that was handed in, if it belongs to that node. */
static int
duplicate_given(const struct nodes *nodes, const struct node *given, const char *path,
		const struct ioas_log *log)
{
	uint64_t expected, number;
	int ret;

	ret = nodes->sys->number(given->fd, &number);
	if (ret == 0 && node_number(nodes, path, &expected) && number != expected)
		ret = -EINVAL;
	if (ret == 0)
		return node_duplicate(nodes->sys, given->fd, path, log);
	if (ret < 0)
		ioas_log(log, IOAS_LOG_ERR, "descriptor %d handed in for %s is %s: hand in one of %s",
			 given->fd, given->name, ret == -EBADF ? "not open"
			 : ret == -EINVAL ? "of something else" : strerror(-ret), path);
	return ret;
}

int
node_open(const struct nodes *nodes, const char *path, const char *device, const char *missing,
	  const struct ioas_log *log)
{
	const struct node *const given = node_given(nodes, path, device);
	const char *const colon = device == NULL ? "" : ": ";
	int fd;

	if (device == NULL)
		device = "";
	if (given != NULL)
		return duplicate_given(nodes, given, path, log);
	fd = nodes->sys->open(path, O_RDWR | O_CLOEXEC);
	if (fd == -EACCES || fd == -EPERM)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s%sno permission to open %s: give this user read and write access to it "
			 "(a udev rule, or chown), or hand in a descriptor", device, colon, path);
	else if (fd == -EBUSY)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s%s%s is in use, by another process or elsewhere in this one: stop that (see "
			 "`fuser -v %s`)", device, colon, path, path);
	else if (fd == -ENOENT || (missing != NULL && (fd == -ENODEV || fd == -ENXIO)))
		ioas_log(log, IOAS_LOG_ERR, "%s%s%s does not exist: %s", device, colon, path,
			 missing != NULL ? missing : "give the node to the container");
	else if (fd == -EMFILE)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s%scannot open %s: %s: raise the limit of open files (`ulimit -n`)", device,
			 colon, path, strerror(-fd));
	else if (fd < 0)
		ioas_log(log, IOAS_LOG_ERR, "%s%scannot open %s: %s", device, colon, path,
			 strerror(-fd));
	return fd;
}
