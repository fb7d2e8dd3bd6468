/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef INFO_H
#define INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ioas.h"

#define INFO_NAME "dpdk-ioas-info"

/*
 * Collects facts about the machine (look_...), derives problems of the machine and of a configuration
 * (advise_...), and shows both (show_...). All data is in one struct info: zero it first, and free it with
 * info_free().
 */

struct info_iommu {
	char name[32];           /* in /sys/class/iommu */
	const char *model;
	unsigned int bits;       /* width of IOVAs; 0: known only with a device attached */
	unsigned int devices;    /* that it translates for */
};

/* A backend of lib/ioas, in the order in which it tries them. */
struct info_backend {
	const char *name;
	bool works;
	char reason[640];        /* reason of a failure */
	char remedy[640];
};

/* A feature of the kernel that the plugin does not need. */
struct info_feature {
	const char *name, *text; /* in JSON, and for users */
	bool known, there;
};
#define INFO_FEATURES 5

struct info_reserved {
	struct ioas_range range;
	char type[24];           /* the kernel's name for it */
};

struct info_device {
	char address[32];
	uint32_t vendor, device; /* PCI IDs */
	uint32_t class;
	char driver[64];         /* "": none */
	char *interfaces;        /* the kernel's network interfaces; NULL: none */
	int node;                /* NUMA node; -1: not known */
	int group;               /* IOMMU group; -1: none */
	char iommu[32];          /* IOMMU that translates for it; "": not known */
	char cdev[96];           /* "": none */
	/* Devices of its group that are bound to other drivers, with the drivers' names and without; NULL:
	 * none. */
	char *neighbours, *unbind;
	struct info_reserved *reserved;
	unsigned int n_reserved;
	bool wanted;             /* named on the command line */
	bool exists;
};

struct info_pages {
	int node;
	uint64_t total, free;
	uint64_t added;          /* by remedies */
};

struct info_hugepages {
	uint64_t size;
	char mount[256];         /* mount that this user may use; "": none */
	char barred[256];        /* another mount; "": none */
	struct info_pages *nodes;
	unsigned int n_nodes;
};

/* A problem of the machine or the configuration. */
struct info_problem {
	bool missing;            /* false: it works, but not as well as it could */
	char *what;
	char *remedy;            /* NULL: none */
};

/* The requested configuration of an application. */
struct info_config {
	bool given;
	uint64_t bytes;          /* preallocated: -m, --socket-mem */
	uint64_t *node_bytes;    /* by node */
	unsigned int n_nodes;
	uint64_t grow;           /* allocated later */
	uint64_t page_size;      /* 0: any */
	bool try;                /* attach and map */
};

/* The results of an attempt. */
struct info_attempt {
	bool attached, mapped;
	struct ioas_range *ranges; /* that the devices can use */
	unsigned int n_ranges;
	uint64_t bytes, maps;
};

struct info {
	char kernel[64], machine[64];
	char user[64];
	const char *sudo;        /* prefix of a command that needs root */
	bool may_lock;           /* has an effective CAP_IPC_LOCK */
	uint64_t memlock;        /* UINT64_MAX: no limit */
	uint64_t memlock_hard;
	uint64_t dma_entry_limit; /* of type1 */
	struct info_iommu *iommus;
	unsigned int n_iommus;
	unsigned int groups;     /* groups of devices for which an IOMMU translates */
	struct info_backend backends[3];
	const struct info_backend *backend; /* the selected one, or NULL */
	struct info_feature features[INFO_FEATURES];
	struct info_device *devices;
	unsigned int n_devices;
	struct info_hugepages *hugepages;
	unsigned int n_hugepages;
	struct info_config config;
	struct info_attempt attempt;
	struct info_problem *problems;
	unsigned int n_problems;
};

/* Adds a zeroed element to an array. The program ends if memory is lacking. */
void *info_grow(void *array, unsigned int *n, size_t size);
#define GROW(array, n) \
	(&((array) = info_grow(array, &(n), sizeof(*(array))))[(n) - 1])

/* Appends to a text, or starts it if it is NULL. The program ends if memory is lacking. */
void info_append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void info_free(struct info *info);

void look_at_system(struct info *info);
void look_at_iommus(struct info *info);
/* Also looks at features. */
void look_at_backends(struct info *info);
/* With a space of iommufd; NULL: none. Dirty tracking is known only for attached devices. */
void look_at_features(struct info *info, struct ioas *space, bool attached);
/* Lists devices of a kind ("net", "crypto", "dma", "storage", "all"), all that are bound to VFIO drivers, and
 * those that are already wanted. Returns false if the kind does not exist. */
bool look_at_devices(struct info *info, const char *kind);
void look_at_hugepages(struct info *info);

bool device_is_vfio(const struct info_device *device);
/* Whether an IOMMU translates for it. */
bool device_is_translated(const struct info_device *device);
bool device_is_viable(const struct info_device *device);
/* The IOVAs that it can use according to sysfs, ascending; the caller frees them. NULL, and none, if the
 * width of its IOMMU is not known. */
struct ioas_range *device_ranges(const struct info *info, const struct info_device *device,
				 unsigned int *n);
/* The node by which the selected backend opens it; "" if none. */
void device_node(const struct info *info, const struct info_device *device, char node[128]);
/* Whether the plugin will attach it: it is named, or none is named and it is bound to a VFIO driver. */
bool device_is_chosen(const struct info *info, const struct info_device *device);

void advise(struct info *info);
void advise_config(struct info *info);
/* Attaches the chosen devices, and maps as much memory as the configuration preallocates. */
void attempt(struct info *info);

struct info_problem *problem(struct info *info, bool missing, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void remedy(struct info_problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define ANY_NODE (-1)
/* Replaces the remedy: this many more bytes in pages of that size. */
void remedy_pages(const struct info *info, struct info_problem *problem, struct info_hugepages *pages,
		  int node, uint64_t bytes);
/* Formats a size for dpdk-hugepages.py, mount and this program, and for hugeadm. */
#define SIZE_TEXT 24
void name_size(uint64_t size, char dpdk[SIZE_TEXT], char hugeadm[SIZE_TEXT]);
static inline uint64_t
round_up(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}
/* The number of missing things. */
unsigned int info_missing(const struct info *info);

void show_text(const struct info *info, FILE *out);
void show_json(const struct info *info, FILE *out);

/* The program; out and err replace the standard streams. */
int info_main(int argc, char **argv, FILE *out, FILE *err);

#endif /* INFO_H */
