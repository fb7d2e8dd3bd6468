/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_NODE_H
#define IOAS_NODE_H

#include "log.h"
#include "sys.h"

/*
 * Device nodes. Either the library opens them, or the caller hands in descriptors.
 */
struct node {
	char name[96]; /* path of the node, or name of the device that it opens */
	int fd;
	bool bound;    /* this library has bound the cdev to an iommufd; it stays bound while it is open */
	uint32_t id;   /* ID of its object in the iommufd */
};

struct nodes {
	const struct ioas_sys *sys;
	struct node *given;
	unsigned int n;
};

/* Copies the list, but not the descriptors. 0, -EINVAL or -ENOMEM, logged. */
int nodes_create(struct nodes *nodes, const struct ioas_sys *sys,
		 const struct ioas_descriptor *descriptors, unsigned int n,
		 const struct ioas_log *log);
void nodes_destroy(struct nodes *nodes);

/* The node that was handed in for the path or for the device (NULL: none), or NULL. */
struct node *node_given(const struct nodes *nodes, const char *path, const char *device);

/* Duplicates a descriptor of that node. Logs the reason of a failure. */
int node_duplicate(const struct ioas_sys *sys, int fd, const char *path, const struct ioas_log *log);

/*
 * Opens the node, or duplicates the descriptor that was handed in for it, if it belongs to that node. Logs
 * the reason of a failure, with the device's name (NULL: none). missing is the remedy if the node does not
 * exist; NULL: sysfs names the node, so it is missing only in /dev.
 */
int node_open(const struct nodes *nodes, const char *path, const char *device, const char *missing,
	      const struct ioas_log *log);

#endif /* IOAS_NODE_H */
