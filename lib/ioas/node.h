/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_NODE_H
#define IOAS_NODE_H

#include "log.h"
#include "sys.h"

/*
 * The nodes of the kernel in /dev: opened by us, or by the caller, who hands in the descriptors.
 */
struct node {
	char name[96]; /* its path, or a device's name: the node that it is opened by */
	int fd;
	bool bound;    /* a cdev that we have bound to an iommufd, which lasts as long as it is open */
	uint32_t id;   /* its object there */
};

struct nodes {
	const struct ioas_sys *sys;
	struct node *given;
	unsigned int n;
};

/* Takes a copy of the list, not of the descriptors. 0, -EINVAL or -ENOMEM, logged. */
int nodes_create(struct nodes *nodes, const struct ioas_sys *sys,
		 const struct ioas_descriptor *descriptors, unsigned int n,
		 const struct ioas_log *log);
void nodes_destroy(struct nodes *nodes);

/* The descriptor that was handed in for the path or for the device (NULL: none), or NULL. */
struct node *node_given(const struct nodes *nodes, const char *path, const char *device);

/* A duplicate of a descriptor of that node. Logs the reason of a failure. */
int node_duplicate(const struct ioas_sys *sys, int fd, const char *path, const struct ioas_log *log);

/*
 * Opens the node, or duplicates the descriptor that was handed in for it, if it is one of that node.
 * On failure logs the reason, with the device's name (NULL: none) and with what helps if there is no
 * such node (NULL: sysfs names it, so it is only missing in /dev).
 */
int node_open(const struct nodes *nodes, const char *path, const char *device, const char *missing,
	      const struct ioas_log *log);

#endif /* IOAS_NODE_H */
